"""The bar on top: where packets come from, Start or Stop, the display filter, export, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from trafficdesk.ui import theme
from trafficdesk.ui.icons import icon
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trafficdesk.capture.interfaces import InterfaceInfo
    from trafficdesk.ui.actions import Actions
    from trafficdesk.ui.panels.filter_bar import FilterBar
    from trafficdesk.ui.theme import Tokens

_CHOOSER_WIDTH: Final = 176
_MARGIN: Final = 12


class CaptureBar(QFrame):
    """A row of controls; the filter takes what room is left."""

    interface_chosen = Signal(str)
    """Name of the interface that Start is to listen on."""
    start_stop_clicked = Signal()

    def __init__(
        self, actions: Actions, filter_bar: FilterBar, tokens: Tokens, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self._actions = actions
        self._capturing = False
        self._interfaces: Sequence[InterfaceInfo] = ()
        self._interface = ""
        self.chooser = self._make_chooser()
        self.start = QPushButton("Start")
        self.start.setProperty("class", "primary")
        self.start.setMinimumWidth(84)
        self.start.setIconSize(QSize(14, 14))
        self.start.clicked.connect(self.start_stop_clicked)
        self.export = _menu_button("Export")
        self.export.menu().addActions(
            [actions[name] for name in ("save", "export_selected", "export_shown", "export_all")]
        )
        self.settings = QToolButton()
        self.settings.setToolTip("Settings (Ctrl+Shift+P)")
        self.settings.setAccessibleName("Settings")
        self.settings.clicked.connect(actions["settings"].trigger)
        self.setProperty("class", "bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(_MARGIN, 2 * theme.SPACING, _MARGIN, 2 * theme.SPACING)
        row.setSpacing(_MARGIN)
        for widget in (self.chooser, self.start):
            row.addWidget(widget)
        row.addWidget(filter_bar, 1)
        for widget in (self.export, self.settings):
            row.addWidget(widget)
        self.apply_theme(tokens)

    @property
    def interface(self) -> str:
        """The chosen interface; empty while none is."""
        return self._interface

    def apply_theme(self, tokens: Tokens) -> None:
        """Draw the icons in the text's colour."""
        self._tokens = tokens
        self.start.setIcon(icon("stop" if self._capturing else "start", tokens.on_accent))
        self.settings.setIcon(icon("settings", tokens.text))
        self.export.setIcon(icon("chevron-down", tokens.muted))
        self.chooser.setIcon(icon("chevron-down", tokens.muted))

    def show_capturing(self, capturing: bool) -> None:
        """Start becomes Stop, and back."""
        self._capturing = capturing
        self.start.setText("Stop" if capturing else "Start")
        self.start.setToolTip(f"{self.start.text()} capturing (Ctrl+E)")
        self.start.setIcon(icon("stop" if capturing else "start", self._tokens.on_accent))

    def set_interfaces(self, interfaces: Sequence[InterfaceInfo]) -> None:
        """Offer these."""
        self._interfaces = interfaces
        menu = self.chooser.menu()
        menu.clear()
        group = QActionGroup(menu)
        for info in interfaces:
            menu.addAction(self._choice(info, group))
        if not interfaces:
            menu.addAction("No interface found").setEnabled(False)
        menu.addSeparator()
        menu.addAction(self._actions["interfaces"])
        self.choose(self._interface)

    def interface_choices(self) -> list[tuple[str, str]]:
        """(name, words) of each interface offered."""
        return [(info.name, visible(_words(info))) for info in self._interfaces]

    def choose(self, name: str) -> None:
        """Make `name` the interface that Start is to listen on."""
        self._interface = name
        words = next((_words(info) for info in self._interfaces if info.name == name), name)
        room = _CHOOSER_WIDTH - 48
        shown = self.chooser.fontMetrics().elidedText(
            visible(words) or "Choose interface", Qt.TextElideMode.ElideMiddle, room
        )
        self.chooser.setText(shown)
        self.chooser.setAccessibleName(f"Interface: {visible(words) or 'none chosen'}")
        for action in self.chooser.menu().actions():
            action.setChecked(action.data() == name)

    def _make_chooser(self) -> QToolButton:
        chooser = _menu_button("Choose interface")
        chooser.setFixedWidth(_CHOOSER_WIDTH)
        chooser.setToolTip("Where packets are captured")
        return chooser

    def _choice(self, info: InterfaceInfo, group: QActionGroup) -> QAction:
        addresses = ", ".join(info.addresses[:2])
        notes = [note for note in (addresses, "" if info.is_up else "down") if note]
        text = _words(info) + (f"   {' · '.join(notes)}" if notes else "")
        action = QAction(visible(text).replace("&", "&&"), group)
        action.setCheckable(True)
        action.setData(info.name)
        action.triggered.connect(self._on_chosen)
        return action

    @Slot()
    def _on_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.choose(str(action.data()))
            self.interface_chosen.emit(self._interface)


def _words(info: InterfaceInfo) -> str:
    if info.friendly_name and info.friendly_name != info.name:
        return f"{info.friendly_name} · {info.name}"
    return info.name


def _menu_button(text: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the chevron behind the words
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QMenu(button)
    menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    button.setMenu(menu)
    return button
