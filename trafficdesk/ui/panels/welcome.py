"""The first page: what to capture on, a file, or the sample; never a dead end without permission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from trafficdesk.capture.interfaces import ANY
from trafficdesk.ui.icons import put_beside_words
from trafficdesk.ui.interface_watch import InterfaceWatch
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.panels.interface_delegate import ROW_HEIGHT
from trafficdesk.ui.panels.interface_list import InterfaceList
from trafficdesk.ui.panels.permission import PermissionCard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trafficdesk.capture.interfaces import InterfaceInfo
    from trafficdesk.capture.permission import PermissionGuide
    from trafficdesk.ui.theme import Tokens

_COLUMN_WIDTH: Final = 720
_ROWS_ALWAYS_SEEN: Final = 4
"""In a low window the list scrolls before the whole page does."""


class WelcomePage(QWidget):
    """Where everything begins.

    Signals
    -------
    interface_chosen : the interfaces to capture on, as settings have them ("eth0,wlan0").
    choice_changed : the interfaces that Start would capture on.
    options_requested : how to capture is to be chosen first.
    open_requested : a capture file is to be opened.
    sample_requested : the bundled sample is to be opened.
    retry_requested : permission and interfaces are to be looked at again.
    refresh_requested : an interface came, went or changed.
    """

    interface_chosen = Signal(str)
    choice_changed = Signal(str)
    options_requested = Signal()
    open_requested = Signal()
    sample_requested = Signal()
    retry_requested = Signal()
    refresh_requested = Signal()

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("class", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.permission = PermissionCard(tokens)
        self.permission.retry_requested.connect(self.retry_requested)
        # Without a parent: the list still lets go of it when the page is taken apart.
        self.watch = InterfaceWatch()
        self.watch.changed.connect(self.refresh_requested)
        self.interfaces = InterfaceList(tokens, self.watch)
        self.interfaces.activated_choice.connect(self._choose)
        self.interfaces.choice_changed.connect(self._on_choice)
        self._none = plain_label("No interface found: connect to a network, then refresh.", "muted")
        self.start_button = QPushButton("Start capture")
        self.start_button.setProperty("class", "primary")
        self.start_button.clicked.connect(self._start)
        self.options_button = QPushButton("Options…")
        self.options_button.setToolTip("Filter, ring, when to stop (Ctrl+K)")
        self.options_button.clicked.connect(self.options_requested)
        self.refresh_button = QPushButton("Refresh")
        self.refresh_button.clicked.connect(self.retry_requested)
        self.open_button = QPushButton("Open a file…")
        self.open_button.clicked.connect(self.open_requested)
        self.sample_button = QPushButton("Try the sample")
        self.sample_button.clicked.connect(self.sample_requested)
        self._capture, self._files = self._capture_card(), self._file_card()
        self._cards = QVBoxLayout()
        self._cards.setSpacing(16)
        self._cards.addWidget(self._capture)
        self._cards.addWidget(self._files)
        self._lay_out()
        self.apply_theme(tokens)
        self.set_interfaces(())

    def set_interfaces(self, interfaces: Sequence[InterfaceInfo], preferred: str = "") -> None:
        """Show the interfaces; `preferred` is chosen unless a choice was made."""
        self.interfaces.set_interfaces(interfaces, preferred)
        seen = min(self.interfaces.sizeHint().height(), _ROWS_ALWAYS_SEEN * ROW_HEIGHT + 2)
        self.interfaces.setMinimumHeight(seen)
        self.interfaces.setVisible(bool(interfaces))
        self._none.setVisible(not interfaces)
        self._follow_choice()

    def set_permission(self, guide: PermissionGuide) -> None:
        """Show how to get permission, or nothing where it is there."""
        self.permission.set_guide(guide)
        # What works comes first: without permission that is a file.
        first = self._capture if guide.permitted else self._files
        if self._cards.indexOf(first) != 0:
            self._cards.insertWidget(0, first)

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self.permission.apply_theme(tokens)
        self.interfaces.apply_theme(tokens)
        put_beside_words(self.start_button, "start", tokens.on_accent)
        put_beside_words(self.options_button, "settings", tokens.text)
        put_beside_words(self.refresh_button, "refresh", tokens.text)
        put_beside_words(self.open_button, "open", tokens.text)
        put_beside_words(self.sample_button, "sample", tokens.text)

    def choose(self, choice: str) -> None:
        """Make `choice` the one that Start captures on."""
        self.interfaces.choose(choice)
        self._follow_choice()

    def _choose(self, choice: str) -> None:
        if any(not info.permitted for info in self.interfaces.selected()):
            # Not a dead end: lead to what has to be done.
            card = self.permission
            remedies = (card.allow_button, card.copy_button, card.retry_button)
            next((one for one in remedies if one.isVisible()), card.retry_button).setFocus(
                Qt.FocusReason.OtherFocusReason
            )
            self._scroll.ensureWidgetVisible(self.permission)
            return
        self.interface_chosen.emit(choice)

    @Slot()
    def _start(self) -> None:
        if choice := self.interfaces.choice():
            self._choose(choice)

    @Slot(str)
    def _on_choice(self, choice: str) -> None:
        self._follow_choice()
        if choice:
            self.choice_changed.emit(choice)

    def _follow_choice(self) -> None:
        chosen = self.interfaces.selected()
        self.start_button.setEnabled(bool(chosen) and all(info.permitted for info in chosen))
        self.start_button.setText(start_words(chosen))

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(24, 32, 24, 24)
        column.setSpacing(16)
        column.addWidget(plain_label("Watch a network", "title"))
        column.addSpacing(-12)
        column.addWidget(plain_label("Only networks you own or may monitor.", "muted"))
        column.addWidget(self.permission)
        column.addLayout(self._cards)
        column.addStretch(1)
        centred = QWidget()
        centred.setLayout(column)
        centred.setMaximumWidth(_COLUMN_WIDTH)
        centred.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        page = QWidget()
        page.setProperty("class", "page")
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(centred, 100)
        row.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._scroll)

    def _capture_card(self) -> QFrame:
        card, column = _card("Capture live traffic")
        column.addWidget(self.interfaces)
        column.addWidget(self._none)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.start_button)
        buttons.addWidget(self.options_button)
        buttons.addWidget(self.refresh_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        return card

    def _file_card(self) -> QFrame:
        card, column = _card("Look at a capture file")
        column.addWidget(
            plain_label("pcap or pcapng, plain or .gz. Or drop a file anywhere in this window.", "muted")
        )
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.sample_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        return card


def start_words(chosen: Sequence[InterfaceInfo]) -> str:
    """What Start does."""
    if any(info.name == ANY for info in chosen):
        return "Start capture on all interfaces"
    return "Start capture" if len(chosen) < 2 else f"Start capture on {len(chosen)} interfaces"


def _card(title: str) -> tuple[QFrame, QVBoxLayout]:
    card = QFrame()
    card.setProperty("class", "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(16, 12, 16, 16)
    column.setSpacing(8)
    column.addWidget(plain_label(title, "head"))
    return card, column
