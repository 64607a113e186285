"""What is captured on and how: the choice of interfaces, one for the whole window, and the capture options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot

if TYPE_CHECKING:
    from trafficdesk.settings import Settings
    from trafficdesk.ui.desk import Desk
    from trafficdesk.ui.interface_lister import InterfaceLister


class InterfaceCommands(QObject):
    """Joins the welcome page, the capture bar and the options dialog with the desk."""

    def __init__(self, desk: Desk, interfaces: InterfaceLister, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._window = desk.window
        self._interfaces = interfaces
        actions, welcome = self._window.actions_, self._window.welcome
        actions["interfaces"].triggered.connect(interfaces.refresh)
        actions["capture_options"].triggered.connect(self.capture_options)
        self._window.bar.interface_chosen.connect(self._on_choice)
        welcome.interface_chosen.connect(desk.listen)
        welcome.choice_changed.connect(self._on_choice)
        welcome.options_requested.connect(self.capture_options)
        welcome.retry_requested.connect(interfaces.refresh)
        welcome.refresh_requested.connect(interfaces.refresh)

    @Slot()
    def capture_options(self) -> None:
        """Ask on what and how to capture."""
        from trafficdesk.ui.dialogs.capture_options import CaptureOptions

        bar = self._window.bar
        dialog = CaptureOptions(
            self._desk.preferences.settings,
            bar.interfaces,
            bar.interface,
            self._window.tokens,
            self._window,
            watch=self._window.welcome.watch,
            capturing=self._desk.capture.live,
        )
        dialog.accepted_options.connect(self._on_options)
        self._interfaces.listed.connect(dialog.take_listing)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot(str)
    def _on_choice(self, choice: str) -> None:
        self._window.choose_interfaces(choice)
        self._desk.preferences.set_interface(choice)
        if self._desk.capture.live:
            self._desk.listen(choice)

    @Slot(str, object, bool)
    def _on_options(self, choice: str, settings: Settings, start: bool) -> None:
        preferences = self._desk.preferences
        preferences.set(replace(preferences.settings, capture=settings.capture))
        if start:
            self._desk.listen(choice)
        elif choice:
            self._window.choose_interfaces(choice)
            preferences.set_interface(choice)
