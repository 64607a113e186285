"""`NewestWriter`: writes a value in a thread, and of those that come meanwhile only the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable

_STOP_WAIT_MS: Final = 5_000


class NewestWriter(QObject):
    """Keeps a file in step with what a person changes.

    Parameters
    ----------
    save : writes a value; may raise a `TrafficDeskError`.
    what : words for "… failed" should it fail by our own fault.
    """

    failed = Signal(object)
    """`TrafficDeskError`."""

    def __init__(self, save: Callable[[Any], object], what: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._save = save
        self._what = what
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._running: Background | None = None
        self._unsaved: list[Any] = []

    def write(self, value: object) -> None:
        """Write it as soon as what is under way is done; it takes the place of what waits."""
        self._unsaved = [value]
        self._start()

    def shut_down(self) -> None:
        """Wait until the newest is written."""
        self._pool.waitForDone(_STOP_WAIT_MS)
        if self._unsaved:
            self._running = None
            self._start()
            self._pool.waitForDone(_STOP_WAIT_MS)

    def _start(self) -> None:
        if self._running is not None or not self._unsaved:
            return
        value, save = self._unsaved.pop(), self._save
        self._running = Background("", lambda _progress: save(value), self._what)
        self._running.signals.done.connect(self._on_saved)
        self._running.signals.failed.connect(self._on_failed)
        self._running.start(self._pool)

    @Slot(object, object)
    def _on_saved(self, _key: object, _result: object) -> None:
        self._running = None
        self._start()

    @Slot(object, object)
    def _on_failed(self, key: object, error: object) -> None:
        self.failed.emit(error)
        self._on_saved(key, None)
