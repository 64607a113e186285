"""`FileWriting`: one file at a time is made and written in a thread, and the window says what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.ui.main_window import MainWindow

_STOP_WAIT_MS: Final = 30_000


class FileWriting(QObject):
    """One at a time; when the window is closed, what is under way is waited for.

    Parameters
    ----------
    what : in words, "The report".
    """

    written = Signal(object)
    """What the work returned."""
    ended = Signal()
    """Nothing is under way any more, whatever became of it."""

    def __init__(self, window: MainWindow, what: str, parent: QObject) -> None:
        super().__init__(parent)
        self._banner = window.banner
        self._what = what
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._running: Background | None = None
        window.closing.connect(self.shut_down)

    @property
    def running(self) -> bool:
        """Whether something is being written."""
        return self._running is not None

    def start(self, path: Path, work: Callable[[Callable[[float], None]], object]) -> None:
        """Call `work` in the thread; it writes `path`."""
        self._running = Background(str(path), work, self._what)
        self._running.signals.done.connect(self._on_done)
        self._running.signals.failed.connect(self._on_failed)
        self._running.start(self._pool)

    @Slot()
    def shut_down(self) -> None:
        """Wait for what is under way."""
        self._pool.waitForDone(_STOP_WAIT_MS)

    @Slot(object, object)
    def _on_done(self, _path: str, result: object) -> None:
        self._end()
        self.written.emit(result)

    @Slot(object, object)
    def _on_failed(self, _path: str, error: TrafficDeskError) -> None:
        self._end()
        self._banner.show_error(error)

    def _end(self) -> None:
        self._running = None
        self.ended.emit()
