"""Looks for interfaces in a thread: asking the system can take seconds, and a window must not wait for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from trafficdesk.capture.interfaces import InterfaceInfo
    from trafficdesk.capture.permission import PermissionGuide

Listing = tuple[tuple["InterfaceInfo", ...], "str | None", "PermissionGuide"]
"""Interfaces, the name of the default one, and whether and how one may capture."""


class InterfaceLister(QObject):
    """One look at a time."""

    listed = Signal(object)
    """`Listing`."""
    failed = Signal(object)
    """`TrafficDeskError`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._running: Background | None = None

    @Slot()
    def refresh(self) -> None:
        """Look now; `listed` answers."""
        if self._running is not None:
            return
        self._running = Background("interfaces", lambda _progress: look(), "Looking for interfaces")
        self._running.signals.done.connect(self._on_done)
        self._running.signals.failed.connect(self._on_failed)
        self._running.start(self._pool)

    def shut_down(self) -> None:
        """Wait for a look under way, not for long."""
        self._pool.waitForDone(1_000)

    @Slot(object, object)
    def _on_done(self, _key: str, listing: Listing) -> None:
        self._running = None
        self.listed.emit(listing)

    @Slot(object, object)
    def _on_failed(self, _key: str, error: object) -> None:
        self._running = None
        self.failed.emit(error)


def look() -> Listing:
    """Ask the system."""
    from trafficdesk.capture.interfaces import default_interface, list_interfaces
    from trafficdesk.capture.permission import explain

    return list_interfaces(), default_interface(), explain()
