"""What is not usual: the model's state, how keen it is, and one card per incident.

At most `MAX_CARDS` cards exist, whatever floods in; they are reused by incident id and touched at most four times a
second.
"""

from __future__ import annotations

import heapq
import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QScrollArea, QToolButton, QVBoxLayout, QWidget

from trafficdesk.detect.finding import ModelState
from trafficdesk.ui.labels import ElidedLabel, WrappedLabel, plain_label
from trafficdesk.ui.panels.incident_card import IncidentCard
from trafficdesk.ui.panels.model_controls import ModelControls
from trafficdesk.ui.wording import clock_time, duration, thousands

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trafficdesk.detect.finding import Incident
    from trafficdesk.settings import DetectionSettings
    from trafficdesk.ui.theme import Tokens

MAX_CARDS: Final = 30
_REFRESH_MS: Final = 250
"""People don't read faster."""
_TOUCHED_PER_TURN: Final = 2
"""Cards made or changed in one turn of the event loop: fifty at once stalled it by 60 to 120 ms while another process
kept the second core busy (measured 2026-11-20)."""
_NEXT_TURN_MS: Final = 20
_BEHIND_ROWS: Final = 20_000
"""Rows waiting before the panel says so: live, some 10,000 wait at full speed without anyone noticing a lag."""
_OLD_S: Final = 3_600
"""Beyond, a model's age says nothing (a file's time is in the past); its time of day is shown."""


class AnomalyPanel(QWidget):
    """The side panel of incidents.

    Signals
    -------
    incident_activated : id of the incident whose rows are to be shown.
    refit_requested : a person asked for a fit at once.
    settings_changed : the new `DetectionSettings`.

    Parameters
    ----------
    tokens : the theme's colours.
    clock_ns : nanoseconds since the Unix epoch, for the model's age.
    """

    incident_activated = Signal(int)
    refit_requested = Signal()
    settings_changed = Signal(object)

    def __init__(
        self, tokens: Tokens, parent: QWidget | None = None, *, clock_ns: Callable[[], int] = time.time_ns
    ) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self._clock_ns = clock_ns
        self._model = ModelState()
        self._scored = self._pending = 0
        self._incidents: Sequence[Incident] = ()
        self._cards: dict[int, IncidentCard] = {}
        self._selected = 0
        self._severe_first = False
        self._controls = ModelControls(tokens)
        self._controls.settings_changed.connect(self.settings_changed)
        self._controls.refit_requested.connect(self.refit_requested)
        self._make_parts()
        self._lay_out()
        self._refresh_timer = self._make_timer(_REFRESH_MS, single=True)
        self._refresh_timer.timeout.connect(self._show_incidents)
        self._age_timer = self._make_timer(1_000, single=False)
        self._age_timer.timeout.connect(self._show_model)
        self._age_timer.start()
        self.setProperty("class", "side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Anomalies")
        self.setMinimumWidth(280)
        self._show_model()
        self._show_incidents()

    def set_model_state(self, model: ModelState) -> None:
        """Show where the model stands."""
        self._model = model
        self._show_model()

    def set_progress(self, scored: int, pending: int) -> None:
        """Show how many rows were scored and how many wait."""
        self._scored, self._pending = scored, pending
        self._show_model()
        if not self._incidents:
            self._show_empty_state()

    def set_incidents(self, incidents: Sequence[Incident]) -> None:
        """Take all incidents, newest value of each; they are shown within a quarter of a second."""
        self._incidents = incidents
        if not self._refresh_timer.isActive():
            self._refresh_timer.start(_REFRESH_MS)

    def set_settings(self, settings: DetectionSettings) -> None:
        """Show the detection settings; emits nothing."""
        self._controls.set_settings(settings)

    def select(self, incident_id: int) -> None:
        """Mark a card as the one whose rows are shown; 0 = none."""
        self._selected = incident_id
        for identifier, card in self._cards.items():
            card.set_selected(identifier == incident_id)

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._tokens = tokens
        self._controls.apply_theme(tokens)
        for card in self._cards.values():
            card.apply_theme(tokens)
        self._empty.set_color(tokens.muted)

    def _make_parts(self) -> None:
        self._state = ElidedLabel("", "muted")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setRange(0, 1_000)
        self._count = plain_label("", "head")
        self._order = QToolButton()
        self._order.setProperty("class", "small")
        self._order.setToolTip("Order of the incidents: click to change")
        self._order.clicked.connect(self._change_order)
        self._say_order()
        self._empty = WrappedLabel(max_lines=8)
        self._empty.set_color(self._tokens.muted)
        self._more = plain_label("", "muted")

    def _make_timer(self, interval_ms: int, *, single: bool) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(interval_ms)
        timer.setSingleShot(single)
        return timer

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(8)
        head = QVBoxLayout()
        head.setContentsMargins(16, 12, 16, 0)
        head.setSpacing(4)
        head.addWidget(plain_label("Anomalies", "head"))
        head.addWidget(self._state)
        head.addWidget(self._progress)
        head.addSpacing(4)
        head.addWidget(self._controls)
        order = QHBoxLayout()
        order.addWidget(self._count, 1)
        order.addWidget(self._order)
        head.addLayout(order)
        outer.addLayout(head)
        outer.addWidget(self._make_scroll(), 1)

    def _make_scroll(self) -> QScrollArea:
        content = QWidget()
        content.setProperty("class", "side")
        column = QVBoxLayout(content)
        column.setContentsMargins(16, 4, 16, 12)
        column.setSpacing(8)
        self._column = QVBoxLayout()
        self._column.setSpacing(8)
        column.addLayout(self._column)
        column.addWidget(self._more)
        column.addWidget(self._empty)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(content)
        return self._scroll

    def _show_model(self) -> None:
        model = self._model
        waiting = self._pending >= _BEHIND_ROWS
        if model.model_id == 0:
            words = f"learning: {model.learning_words}"
            done = model.learning_share
        else:
            words = f"model {model.model_id} · {self._age()} · {thousands(model.rows)} packets"
            done = self._scored / max(self._scored + self._pending, 1)
        if waiting and model.model_id:
            words = f"checked {thousands(self._scored)} of {thousands(self._scored + self._pending)} packets"
        self._state.set_whole(words)
        self._progress.setVisible(model.model_id == 0 or waiting)
        self._progress.setValue(round(1_000 * min(done, 1.0)))
        self._progress.setAccessibleName(words)

    def _age(self) -> str:
        age_s = (self._clock_ns() - self._model.fitted_at_ns) / 1e9
        if 0 <= age_s < _OLD_S:
            return f"{duration(age_s)} old"
        return f"fitted {clock_time(self._model.fitted_at_ns)}"

    def _show_incidents(self) -> None:
        shown = self._chosen()
        wanted = {incident.id for incident in shown}
        spare = [self._cards.pop(identifier) for identifier in list(self._cards) if identifier not in wanted]
        place = touched = 0
        for incident in shown:
            card = self._cards.get(incident.id)
            if card is None or card.incident != incident:
                touched += 1
                if touched > _TOUCHED_PER_TURN:
                    self._refresh_timer.start(_NEXT_TURN_MS)
                    place += card is not None
                    continue
                card = card or (spare.pop() if spare else self._make_card())
            self._cards[incident.id] = card
            card.set_selected(incident.id == self._selected)
            card.show_incident(incident)
            if self._column.indexOf(card) != place:
                self._column.insertWidget(place, card)
            card.show()
            place += 1
        for card in spare:
            card.hide()
            self._column.removeWidget(card)
            card.deleteLater()
        self._say_how_many(len(shown))

    def _chosen(self) -> list[Incident]:
        """What is shown, in its order; of too many the most severe."""
        shown = heapq.nlargest(MAX_CARDS, self._incidents, key=_by_severity)
        return shown if self._severe_first else sorted(shown, key=_by_age)

    def _change_order(self) -> None:
        self._severe_first = not self._severe_first
        self._say_order()
        self._show_incidents()

    def _say_order(self) -> None:
        self._order.setText("Most severe first" if self._severe_first else "Newest first")

    def _make_card(self) -> IncidentCard:
        card = IncidentCard(self._tokens)
        card.activated.connect(self._activate)
        card.stepped.connect(self._walk)
        return card

    def _activate(self, incident_id: int) -> None:
        self.select(incident_id)
        self.incident_activated.emit(incident_id)

    @Slot(int)
    def _walk(self, step: int) -> None:
        """Take the focus to the next card."""
        cards = self._cards_in_order()
        focused = next((index for index, card in enumerate(cards) if card.hasFocus()), 0)
        card = cards[min(max(focused + step, 0), len(cards) - 1)]
        card.setFocus(Qt.FocusReason.TabFocusReason)
        self._scroll.ensureWidgetVisible(card, 0, 8)

    def _say_how_many(self, shown: int) -> None:
        count = len(self._incidents)
        self._count.setText("1 incident" if count == 1 else f"{thousands(count)} incidents")
        self._count.setVisible(count > 0)
        self._order.setVisible(count > 1)
        self._more.setText(f"+{thousands(count - shown)} more, less severe")
        self._more.setVisible(count > shown)
        self._empty.setVisible(count == 0)
        if count == 0:
            self._show_empty_state()

    def _show_empty_state(self) -> None:
        if self._scored:
            words = f"No anomalies: {thousands(self._scored)} packets checked, that is good."
        elif self._model.learned:
            words = "Learning what is usual here. Rules for known attacks watch already."
        else:
            words = "Nothing checked yet: start a capture or open a file."
        self._empty.set_text(words)

    def _cards_in_order(self) -> list[IncidentCard]:
        return sorted(self._cards.values(), key=self._column.indexOf)


def _by_severity(incident: Incident) -> tuple[int, int]:
    return incident.severity, incident.id


def _by_age(incident: Incident) -> int:
    return -incident.id
