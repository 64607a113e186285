"""One slow call in a thread of its own: a mail server, the keyring, a compiler of filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QThread, Signal, Slot

from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable


class Job(QThread):
    """Calls `work` once. It belongs to the application, so that a dialog may be closed while it runs.

    Signals
    -------
    succeeded : what `work` returned.
    failed : the `TrafficDeskError` it raised, or one that stands for our own fault.

    Parameters
    ----------
    work : called in the thread.
    what : words before "failed", should it fail by our own fault.
    """

    succeeded = Signal(object)
    failed = Signal(object)

    def __init__(self, work: Callable[[], object], what: str) -> None:
        app = QCoreApplication.instance()
        super().__init__(app)
        self._background = Background(self, lambda _progress: work(), what)
        self._background.signals.done.connect(self._report_done)
        self._background.signals.failed.connect(self._report_failed)
        self.finished.connect(self.deleteLater)
        if app is not None:
            # A running thread must not be destroyed; every piece of work here ends by its own time limit.
            app.aboutToQuit.connect(self._await_end)

    def run(self) -> None:
        """The thread."""
        self._background.run()

    @Slot(object, object)
    def _report_done(self, _key: object, result: object) -> None:
        self.succeeded.emit(result)

    @Slot(object, object)
    def _report_failed(self, _key: object, error: object) -> None:
        self.failed.emit(error)

    @Slot()
    def _await_end(self) -> None:
        self.wait()
