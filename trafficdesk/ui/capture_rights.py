"""Gets the right to capture for this window: by the system's authentication dialog, or a command typed in a terminal."""

from __future__ import annotations

import shlex
import threading
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from trafficdesk.errors import TrafficDeskError
from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from trafficdesk.capture.permission import PermissionGuide
    from trafficdesk.ui.interface_lister import InterfaceLister, Listing
    from trafficdesk.ui.panels.permission import PermissionCard

_ASKING, _WAITING = "asking", "waiting"
_LEAVE_MS: Final = 2_000


class CaptureRights(QObject):
    """Waits for the helper while capturing is not permitted, and asks for it when told to.

    Parameters
    ----------
    card : shows what can be done.
    interfaces : tells whether capturing is permitted, and looks again once it is.
    """

    granted = Signal()
    """The helper has handed sockets over."""

    def __init__(
        self, card: PermissionCard, interfaces: InterfaceLister, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._card = card
        self._pool = QThreadPool(self)
        self._stop_waiting = threading.Event()
        self._stop_asking = threading.Event()
        self._waiting: Background | None = None
        self._asking: Background | None = None
        self._guide: PermissionGuide | None = None
        interfaces.listed.connect(self._on_listed)
        card.allow_requested.connect(self.ask)
        self.granted.connect(interfaces.refresh)

    def follow(self, guide: PermissionGuide) -> None:
        """Wait for a typed command where that is a way, until capturing is permitted."""
        self._guide = guide
        if guide.permitted:
            self._stop_waiting.set()
            self._card.show_waiting("")
        elif guide.helper and self._waiting is None:
            self._wait(guide.helper)

    @Slot()
    def ask(self) -> None:
        """Let the system ask for an administrator's password."""
        if self._guide is None or not self._guide.ask or self._asking is not None:
            return
        from trafficdesk.capture.privileged import run_helper

        command, stop = self._guide.ask, self._stop_asking
        self._card.show_asking(asking=True)
        self._asking = self._start(_ASKING, lambda _share: run_helper(command, stop=stop))

    def shut_down(self) -> None:
        """End the waiting; a dialog that is open is the system's."""
        self._stop_waiting.set()
        self._stop_asking.set()
        self._pool.waitForDone(_LEAVE_MS)

    def _wait(self, helper: tuple[str, ...]) -> None:
        from trafficdesk.capture.reception import Reception

        try:
            reception = Reception()
        except TrafficDeskError as error:
            self._card.show_failure(error)
            return
        stop = self._stop_waiting = threading.Event()

        def wait(_share: object) -> bool:
            with reception:
                return reception.wait(stop)

        self._card.show_waiting(shlex.join(("sudo", *helper, reception.path)))
        self._waiting = self._start(_WAITING, wait)

    def _start(self, key: str, work: object) -> Background:
        background = Background(key, work, "Getting the permission to capture")  # type: ignore[arg-type]
        background.signals.done.connect(self._on_done)
        background.signals.failed.connect(self._on_failed)
        background.start(self._pool)
        return background

    @Slot(object)
    def _on_listed(self, listing: Listing) -> None:
        self.follow(listing[2])

    @Slot(object, object)
    def _on_done(self, key: str, came: object) -> None:
        self._forget(key)
        if key == _ASKING or came:
            self._stop_waiting.set()
            self.granted.emit()

    @Slot(object, object)
    def _on_failed(self, key: str, error: TrafficDeskError) -> None:
        self._forget(key)
        self._card.show_failure(error)

    def _forget(self, key: str) -> None:
        if key == _ASKING:
            self._asking = None
            self._card.show_asking(asking=False)
        else:
            self._waiting = None
