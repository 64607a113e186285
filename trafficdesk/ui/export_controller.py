"""CSV export of selected, shown or all rows: asks where, writes in a thread, says what became of it."""

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

    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.session import AnalysisSession

_STOP_WAIT_MS = 5_000


class ExportController(QObject):
    """One export at a time."""

    progressed = Signal(float)
    """Share written, 0 to 1."""
    done = Signal(int, str)
    """Rows written, and the file's path."""
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

        self._running = Background(str(path), work, "The export")
        self._running.signals.done.connect(self._on_done)
        self._running.signals.failed.connect(self._on_failed)
        self._running.signals.progressed.connect(self._on_progress)
        self._running.start(self._pool)

    @Slot()
    def stop(self) -> None:
        """End the export under way; nothing is left behind."""
        self._stop.set()

    def shut_down(self) -> None:
        """End the export and wait for its thread."""
        self.stop()
        self._pool.waitForDone(_STOP_WAIT_MS)

    @Slot(object, float)
    def _on_progress(self, _path: str, share: float) -> None:
        self.progressed.emit(share)

    @Slot(object, object)
    def _on_done(self, path: str, rows: int | None) -> None:
        self._running = None
        if rows is not None:
            self.done.emit(rows, path)
        self.ended.emit()

    @Slot(object, object)
    def _on_failed(self, _path: str, error: TrafficDeskError) -> None:
        self._running = None
        self.failed.emit(error)
        self.ended.emit()


def csv_path(chosen: str) -> Path:
    """The path a person chose, ending in .csv where it has no ending."""
    path = Path(chosen)
    return path if path.suffix else path.with_suffix(".csv")
