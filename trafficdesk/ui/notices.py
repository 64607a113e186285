"""How this desktop shows notices: by its own service, else by an icon in its tray."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QSystemTrayIcon

if TYPE_CHECKING:
    from trafficdesk.ui.main_window import MainWindow


class Notices(QObject):
    """A way to show notices."""

    clicked = Signal(object)
    """The key that the clicked notice was shown with."""

    def show_notice(self, title: str, body: str, key: object) -> None:
        """Show one; both texts are plain."""
        raise NotImplementedError

    def close(self) -> None:
        """Show no more."""
        raise NotImplementedError


class TrayNotices(Notices):
    """Notices by the icon in the tray, which is there from the first of them on: Windows, macOS, older desktops."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._icon = QSystemTrayIcon(window.windowIcon(), self)
        self._icon.setToolTip("TrafficDesk")
        self._icon.messageClicked.connect(self._on_clicked)
        self._icon.activated.connect(self._on_clicked)
        self._key: object = None

    def show_notice(self, title: str, body: str, key: object) -> None:
        """See `Notices`; only the newest can be clicked."""
        self._key = key
        self._icon.show()
        self._icon.showMessage(title, body, QSystemTrayIcon.MessageIcon.Warning)

    def close(self) -> None:
        """Take the icon away."""
        self._icon.hide()

    @Slot()
    def _on_clicked(self) -> None:
        self.clicked.emit(self._key)


def no_notices() -> str:
    """Why this desktop can't show notices, in a sentence; empty = it can."""
    from trafficdesk.ui.workers.bus_notices import has_bus_notices

    if has_bus_notices() or _has_tray():
        return ""
    return "This desktop has neither a notification service nor a tray: nothing can be shown while the window is not in front."


def notices_for(window: MainWindow) -> Notices | None:
    """The way that this desktop has; None = it has none."""
    from trafficdesk.ui.workers.bus_notices import BusNotices, has_bus_notices

    if has_bus_notices():
        return BusNotices(window)
    return TrayNotices(window) if _has_tray() else None


def _has_tray() -> bool:
    return QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()
