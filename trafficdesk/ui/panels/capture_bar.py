"""The bar on top: where packets come from, Start or Stop, the display filter, export, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from trafficdesk.capture.interfaces import interface_names, joined
from trafficdesk.ui import theme
from trafficdesk.ui.icons import icon, put_beside_words
from trafficdesk.ui.labels import tooltip
from trafficdesk.ui.panels.interface_delegate import name_of
from trafficdesk.ui.panels.interface_menu import InterfaceMenu
from trafficdesk.ui.panels.page_switch import PageSwitch
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
    """The interfaces that Start is to listen on, as settings have them ("eth0,wlan0")."""
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
            [actions[name] for name in ("save", "export_selected", "export_shown", "export_all", "report")]
        )
        self.settings = QToolButton()
        self.settings.setToolTip("Settings (Ctrl+Shift+P)")
        self.settings.setAccessibleName("Settings")
        self.settings.clicked.connect(actions["settings"].trigger)
        self.setProperty("class", "bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(_MARGIN, 2 * theme.SPACING, _MARGIN, 2 * theme.SPACING)
        row.setSpacing(_MARGIN)
        self.pages = PageSwitch(actions)
        for widget in (self.chooser, self.start, self.pages):
            row.addWidget(widget)
        row.addWidget(filter_bar, 1)
        for widget in (self.export, self.settings):
            row.addWidget(widget)
        self.apply_theme(tokens)

    @property
    def interface(self) -> str:
        """The chosen interfaces as settings have them; empty while none is."""
        return self._interface

    def apply_theme(self, tokens: Tokens) -> None:
        """Draw the icons in the text's colour."""
        self._tokens = tokens
        put_beside_words(self.start, "stop" if self._capturing else "start", tokens.on_accent)
        self.settings.setIcon(icon("settings", tokens.text))
        self.export.setIcon(icon("chevron-down", tokens.muted))
        self.chooser.setIcon(icon("chevron-down", tokens.muted))

    def show_capturing(self, capturing: bool) -> None:
        """Start becomes Stop, and back."""
        self._capturing = capturing
        self.start.setText("Stop" if capturing else "Start")
        self.start.setToolTip(f"{self.start.text()} capturing (Ctrl+E)")
        put_beside_words(self.start, "stop" if capturing else "start", self._tokens.on_accent)

    def set_interfaces(self, interfaces: Sequence[InterfaceInfo]) -> None:
        """Offer these."""
        self._interfaces = interfaces
        self._menu.set_interfaces(interfaces)
        self.choose(self._interface)

    @property
    def interfaces(self) -> Sequence[InterfaceInfo]:
        """Those offered."""
        return self._interfaces

    def interface_choices(self) -> list[tuple[str, str]]:
        """(name, words) of each interface offered."""
        return [(info.name, name_of(info)) for info in self._interfaces]

    def choose(self, choice: str) -> None:
        """Make `choice` what Start is to listen on."""
        self._interface = choice = joined(interface_names(choice))
        known = dict(self.interface_choices())
        words = [known.get(name, visible(name)) for name in interface_names(choice)]
        more = f" + {len(words) - 1}" if len(words) > 1 else ""
        metrics = self.chooser.fontMetrics()
        room = _CHOOSER_WIDTH - 48 - metrics.horizontalAdvance(more)
        first = words[0] if words else "Choose interface"
        self.chooser.setText(metrics.elidedText(first, Qt.TextElideMode.ElideMiddle, room) + more)
        spoken = ", ".join(words) or "none chosen"
        self.chooser.setAccessibleName(f"Interface: {spoken}")
        self.chooser.setToolTip(tooltip(f"Where packets are captured: {spoken}"))
        self._menu.choose(choice)

    def _make_chooser(self) -> QToolButton:
        self._menu = InterfaceMenu([self._actions["capture_options"], self._actions["interfaces"]])
        chooser = _menu_button("Choose interface", self._menu)
        chooser.setFixedWidth(_CHOOSER_WIDTH)
        self._menu.chosen.connect(self._on_chosen)
        return chooser

    @Slot(str)
    def _on_chosen(self, choice: str) -> None:
        self.choose(choice)
        self.interface_chosen.emit(choice)


def _menu_button(text: str, menu: QMenu | None = None) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the chevron behind the words
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = menu or QMenu()
    menu.setParent(button, menu.windowFlags())
    menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    button.setMenu(menu)
    return button
