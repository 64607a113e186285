"""The incidents as cards: searched, ordered and grouped as a person likes, at most `MAX_CARDS` of them.

Cards are reused by incident id and touched at most four times a second, whatever floods in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from trafficdesk.ui.focus_order import let_follow
from trafficdesk.ui.incident_view import Group, IncidentView, Kind, Order
from trafficdesk.ui.labels import WrappedLabel, plain_label
from trafficdesk.ui.panels.incident_card import IncidentCard
from trafficdesk.ui.panels.incident_order import IncidentOrder
from trafficdesk.ui.wording import thousands, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from trafficdesk.detect.finding import Incident
    from trafficdesk.ui.incident_view import Section
    from trafficdesk.ui.theme import Tokens

MAX_CARDS: Final = 30
_REFRESH_MS: Final = 250
"""People don't read faster."""
_TOUCHED_PER_TURN: Final = 2
"""Cards made or changed in one turn of the event loop: fifty at once stalled it by 60 to 120 ms while another process
kept the second core busy (measured 2026-11-20)."""
_NEXT_TURN_MS: Final = 20
_SEARCHED: Final = 6
"""Incidents from which on searching them is offered."""


class IncidentList(QWidget):
    """Head line, search, and the cards below each other.

    Signals
    -------
    activated : id of the incident whose rows are to be shown.
    filter_wanted : id of the incident whose rows alone are to be shown.
    first_wanted : id of the incident whose first row is to be shown.
    """

    activated = Signal(int)
    filter_wanted = Signal(int)
    first_wanted = Signal(int)
    correction_wanted = Signal(int, str)

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self._incidents: Sequence[Incident] = ()
        self._view = IncidentView()
        self._cards: dict[int, IncidentCard] = {}
        self._heads: dict[str, QLabel] = {}
        self._focus_order: list[IncidentCard] = []
        """Cards as Tab goes through them."""
        self._selected = 0
        self._reason_for_none = ""
        self._make_parts()
        self._lay_out()
        self._timer = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._timer.timeout.connect(self._show)
        self._show()

    def set_incidents(self, incidents: Sequence[Incident]) -> None:
        """Take all incidents, newest value of each; they are shown within a quarter of a second."""
        self._incidents = incidents
        if not self._timer.isActive():
            self._timer.start(_REFRESH_MS)

    def say_why_none(self, words: str) -> None:
        """What is said where there is no incident."""
        self._reason_for_none = words
        if not self._incidents:
            self._empty.set_text(words)

    def select(self, incident_id: int) -> None:
        """Mark a card as the one whose rows are shown; 0 = none."""
        self._selected = incident_id
        for identifier, card in self._cards.items():
            card.set_selected(identifier == incident_id)
        self._focus_order = []
        self._order_focus()
        # Its buttons come first.
        QTimer.singleShot(_NEXT_TURN_MS, self, self._show_selected)

    def cards(self) -> list[IncidentCard]:
        """The cards, from the top."""
        return sorted(self._cards.values(), key=self._column.indexOf)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """An explanation takes room below: the chosen card stays in sight."""
        super().resizeEvent(event)
        QTimer.singleShot(_NEXT_TURN_MS, self, self._show_selected)

    @property
    def view(self) -> IncidentView:
        """What a person chose to see."""
        return self._view

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._tokens = tokens
        self._empty.set_color(tokens.muted)
        for card in self._cards.values():
            card.apply_theme(tokens)

    def _make_parts(self) -> None:
        self._count = plain_label("", "head")
        self._order = IncidentOrder()
        self._order.chosen.connect(self._on_choice)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search incidents")
        self._search.setAccessibleName("Search incidents")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._on_text)
        self._empty = WrappedLabel(max_lines=8)
        self._empty.set_color(self._tokens.muted)
        self._more = plain_label("", "muted")
        self._more.setWordWrap(True)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._count, 1)
        head.addWidget(self._order)
        top = QVBoxLayout()
        top.setContentsMargins(16, 0, 16, 0)
        top.setSpacing(4)
        top.addLayout(head)
        top.addWidget(self._search)
        content = QWidget()
        content.setProperty("class", "side")
        inner = QVBoxLayout(content)
        inner.setContentsMargins(16, 4, 16, 12)
        inner.setSpacing(8)
        self._column = QVBoxLayout()
        self._column.setSpacing(8)
        inner.addLayout(self._column)
        inner.addWidget(self._more)
        inner.addWidget(self._empty)
        inner.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(4)
        outer.addLayout(top)
        outer.addWidget(self._scroll, 1)

    @Slot()
    def _show(self) -> None:
        listed = self._view.chosen(self._incidents)
        sections = self._view.arranged(listed, MAX_CARDS)
        shown = [incident for section in sections for incident in section.incidents]
        wanted = {incident.id for incident in shown}
        spare = [self._cards.pop(identifier) for identifier in list(self._cards) if identifier not in wanted]
        self._drop_heads({section.title for section in sections})
        place = touched = 0
        for section in sections:
            place += self._place_head(section, place)
            for incident in section.incidents:
                card = self._cards.get(incident.id)
                if card is None or card.incident != incident:
                    touched += 1
                    if touched > _TOUCHED_PER_TURN:
                        self._timer.start(_NEXT_TURN_MS)
                        place += card is not None
                        continue
                    card = card or (spare.pop() if spare else self._make_card())
                self._place_card(card, incident, place)
                place += 1
        self._order_focus()
        for card in spare:
            card.hide()
            self._column.removeWidget(card)
            card.deleteLater()
        self._say_how_many(len(listed), len(shown))

    def _place_card(self, card: IncidentCard, incident: Incident, place: int) -> None:
        self._cards[incident.id] = card
        card.set_selected(incident.id == self._selected)
        card.show_incident(incident)
        if self._column.indexOf(card) != place:
            self._column.insertWidget(place, card)
        card.show()

    def _order_focus(self) -> None:
        """Tab goes through the cards from the top, as they stand; cards are made and moved in any order."""
        cards = self.cards()
        if cards != self._focus_order:
            self._focus_order = cards
            let_follow(self._search, cards)

    def _place_head(self, section: Section, place: int) -> int:
        """Put a section's heading at `place`; returns how many places it takes."""
        if not section.title:
            return 0
        head = self._heads.get(section.title)
        if head is None:
            head = self._heads[section.title] = plain_label("", "muted")
        head.setText(visible(f"{section.title} · {thousands(section.count)}"))
        if self._column.indexOf(head) != place:
            self._column.insertWidget(place, head)
        head.show()
        return 1

    def _drop_heads(self, wanted: set[str]) -> None:
        for title in [title for title in self._heads if title not in wanted]:
            head = self._heads.pop(title)
            head.hide()
            self._column.removeWidget(head)
            head.deleteLater()

    def _make_card(self) -> IncidentCard:
        card = IncidentCard(self._tokens)
        card.activated.connect(self._on_activated)
        card.stepped.connect(self._walk)
        card.filter_wanted.connect(self.filter_wanted)
        card.first_wanted.connect(self.first_wanted)
        card.correction_wanted.connect(self.correction_wanted)
        return card

    def _say_how_many(self, listed: int, shown: int) -> None:
        count = len(self._incidents)
        words = "1 incident" if count == 1 else f"{thousands(count)} incidents"
        self._count.setText(f"{thousands(listed)} of {words}" if self._view.narrowed and count else words)
        self._count.setVisible(count > 0)
        self._order.setVisible(count > 1)
        self._search.setVisible(count >= _SEARCHED or self._view.narrowed)
        self._more.setText(f"+{thousands(listed - shown)} more, less severe")
        self._more.setVisible(listed > shown)
        self._empty.setVisible(listed == 0)
        self._empty.set_text(self._why_none(count))

    def _why_none(self, count: int) -> str:
        if count:
            return "No incident is like that. Empty the search, or list all incidents."
        return self._reason_for_none

    def choose(self, choice: Order | Group | Kind) -> None:
        """List them like this from now on."""
        match choice:
            case Order():
                self._view = replace(self._view, order=choice)
            case Group():
                self._view = replace(self._view, group=choice)
            case Kind():
                self._view = replace(self._view, kind=choice)
        self._order.show_view(self._view)
        self._show()

    @Slot(object)
    def _on_choice(self, choice: Order | Group | Kind) -> None:
        self.choose(choice)

    @Slot(str)
    def _on_text(self, text: str) -> None:
        self._view = replace(self._view, text=text)
        self._timer.start(_NEXT_TURN_MS)

    @Slot(int)
    def _on_activated(self, incident_id: int) -> None:
        self.select(incident_id)
        self.activated.emit(incident_id)

    @Slot()
    def _show_selected(self) -> None:
        card = self._cards.get(self._selected)
        if card is None:
            return
        bar, room = self._scroll.verticalScrollBar(), self._scroll.viewport().height()
        if not bar.value() <= card.y() <= bar.value() + room - card.height():
            bar.setValue(card.y() - 8)

    @Slot(int)
    def _walk(self, step: int) -> None:
        """Take the focus to the next card."""
        cards = self.cards()
        focused = next((index for index, card in enumerate(cards) if card.hasFocus()), 0)
        card = cards[min(max(focused + step, 0), len(cards) - 1)]
        card.setFocus(Qt.FocusReason.TabFocusReason)
        self._scroll.ensureWidgetVisible(card, 0, 8)
