"""CSV export of rows and saving of raw frames: written in a thread, told what became of it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.capture.source import FrameStore
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.export.capture_file import SavedCapture
    from trafficdesk.session import AnalysisSession

_STOP_WAIT_MS = 5_000
_VISIBLE_SHARE = 0.005


class ExportController(QObject):
    """One export at a time."""

    progressed = Signal(float)
    """Share written, 0 to 1."""
    done = Signal(int, str)
    """Rows written, and the file's path."""
    saved = Signal(object)
    """`SavedCapture`."""
    failed = Signal(object)
    """`TrafficDeskError`; nothing half-written was left behind."""
    ended = Signal()
    """Done, failed or stopped."""

    def __init__(self, session: AnalysisSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._running: Background | None = None
        self._stop = threading.Event()

    @property
    def running(self) -> bool:
        """Whether a file is being written."""
        return self._running is not None

    def export(self, path: Path, ids: NDArray[np.int64]) -> None:
        """Write the rows with these packet_ids."""
        if self._running is not None:
            return
        self._stop.clear()
        log, findings, stop = self._session.log.snapshot(), self._session.findings, self._stop

        def work(progress: Callable[[float], None]) -> int | None:
            from trafficdesk.export.rows_csv import Stopped, export_rows

            try:
                return export_rows(path, log, findings, ids, progress=progress, stop=stop.is_set)
            except Stopped:
                return None

        self._start(Background(str(path), work, "The export"))

    def save(
        self, path: Path, store: FrameStore, ids: NDArray[np.int64] | range, *, comments: bool = True
    ) -> None:
        """Write the raw frames with these packet_ids."""
        if self._running is not None:
            return
        self._stop.clear()
        findings, stop = self._session.findings if comments else None, self._stop
        notes = self._session.notes.copy()

        def work(progress: Callable[[float], None]) -> SavedCapture | None:
            from trafficdesk.export.capture_file import save_capture
            from trafficdesk.export.rows_csv import Stopped

            told = _Seldom(progress)
            try:
                return save_capture(
                    path, store, ids, findings=findings, notes=notes, progress=told, stop=stop.is_set
                )
            except Stopped:
                return None

        self._start(Background(str(path), work, "Saving the capture"))

    @Slot()
    def stop(self) -> None:
        """End the export under way; nothing is left behind."""
        self._stop.set()

    def shut_down(self) -> None:
        """End the export and wait for its thread."""
        self.stop()
        self._pool.waitForDone(_STOP_WAIT_MS)

    def _start(self, work: Background) -> None:
        self._running = work
        work.signals.done.connect(self._on_done)
        work.signals.failed.connect(self._on_failed)
        work.signals.progressed.connect(self._on_progress)
        work.start(self._pool)

    @Slot(object, float)
    def _on_progress(self, _path: str, share: float) -> None:
        self.progressed.emit(share)

    @Slot(object, object)
    def _on_done(self, path: str, result: int | SavedCapture | None) -> None:
        self._running = None
        if isinstance(result, int):
            self.done.emit(result, path)
        elif result is not None:
            self.saved.emit(result)
        self.ended.emit()

    @Slot(object, object)
    def _on_failed(self, _path: str, error: TrafficDeskError) -> None:
        self._running = None
        self.failed.emit(error)
        self.ended.emit()


class _Seldom:
    """Passes progress on when it can be seen: small blocks would flood the window with signals."""

    def __init__(self, progress: Callable[[float], None]) -> None:
        self._progress = progress
        self._told = 0.0

    def __call__(self, share: float) -> None:
        if share - self._told >= _VISIBLE_SHARE:
            self._told = share
            self._progress(share)


def with_suffix(chosen: str, suffix: str) -> Path:
    """The path a person chose, ending in `suffix` where it has no ending."""
    path = Path(chosen)
    return path if path.suffix else path.with_suffix(suffix)
