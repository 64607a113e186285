"""Why a row was flagged: its reasons, where it lies among what is usual, and what would have made it usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from trafficdesk.detect.explanation import TOLD
from trafficdesk.detect.words import reason_of
from trafficdesk.features import FEATURES
from trafficdesk.ui.icons import icon
from trafficdesk.ui.labels import ElidedLabel, WrappedLabel
from trafficdesk.ui.panels.incident_card import parts_of
from trafficdesk.ui.panels.reason_choice import ReasonChoice
from trafficdesk.ui.theme import SECONDARY_PX
from trafficdesk.ui.wording import is_family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trafficdesk.detect.finding import Reason
    from trafficdesk.detect.why import Why, WhyReason
    from trafficdesk.ui.charts.distribution import DistributionChart
    from trafficdesk.ui.theme import Tokens


class WhyPanel(QWidget):
    """One flagged row, explained.

    Signals
    -------
    closed : a person has read it.
    """

    closed = Signal()

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self._why: Why | None = None
        self._chart: DistributionChart | None = None
        self._title = ElidedLabel("", "head")
        self._state = WrappedLabel(pixels=SECONDARY_PX, max_lines=3)
        self._choices = [ReasonChoice(tokens) for _ in range(TOLD)]
        self._place = WrappedLabel(pixels=SECONDARY_PX, max_lines=3)
        self._what_if = WrappedLabel(max_lines=5)
        self._together = WrappedLabel(pixels=SECONDARY_PX, max_lines=6)
        self._close = QToolButton()
        self._close.setProperty("class", "flat")
        self._close.setToolTip("Close the explanation")
        self._close.setAccessibleName("Close the explanation")
        self._close.clicked.connect(self.closed)
        for number, choice in enumerate(self._choices):
            choice.toggled.connect(self._on_chosen)
            choice.stepped.connect(self._on_stepped)
            choice.setObjectName(f"reason {number + 1}")
        self._lay_out()
        self.setProperty("class", "side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Why")
        self.apply_theme(tokens)
        self.hide()

    @property
    def why(self) -> Why | None:
        """What is explained."""
        return self._why

    def show_why(self, why: Why, words: Sequence[Reason] = ()) -> None:
        """Explain a row; `words` are its reasons as told, which may name whom they are about."""
        self._why = why
        named = {reason.feature: reason for reason in words}
        self._title.set_whole(f"Why packet {why.packet_id + 1:,}")
        self._state.set_text(why.state)
        for choice, reason in zip(self._choices, why.reasons, strict=False):
            said = named.get(FEATURES[reason.feature].name)
            choice.show_words(*parts_of(said or reason_of(reason.feature, reason.value, reason.usual)))
        for number, choice in enumerate(self._choices):
            choice.setVisible(number < len(why.reasons))
        self.show()
        if why.reasons:
            self._choices[0].setChecked(True)
        self._show_reason()

    def clear(self) -> None:
        """Nothing is explained."""
        self._why = None
        self.hide()

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._tokens = tokens
        self._close.setIcon(icon("close", tokens.muted))
        for label in (self._state, self._place, self._together):
            label.set_color(tokens.muted)
        self._what_if.set_color(tokens.text)
        for choice in self._choices:
            choice.apply_theme(tokens)
        if self._chart is not None:
            self._chart.apply_theme(tokens)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._close)
        content = QWidget()
        content.setProperty("class", "side")
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(16, 0, 16, 12)
        self._column.setSpacing(4)
        self._column.addWidget(self._state)
        for choice in self._choices:
            self._column.addWidget(choice)
        self._column.addWidget(self._what_if)
        self._column.addWidget(self._place)
        self._column.addWidget(self._together)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 4, 0, 0)
        outer.setSpacing(0)
        head.setContentsMargins(16, 0, 8, 0)
        outer.addLayout(head)
        outer.addWidget(scroll, 1)

    @Slot(bool)
    def _on_chosen(self, chosen: bool) -> None:
        if chosen:
            self._show_reason()

    @Slot(int)
    def _on_stepped(self, step: int) -> None:
        shown = [choice for choice in self._choices if choice.isVisible()]
        at = next((number for number, choice in enumerate(shown) if choice.isChecked()), 0)
        choice = shown[min(max(at + step, 0), len(shown) - 1)]
        choice.setChecked(True)
        choice.setFocus(Qt.FocusReason.TabFocusReason)

    def _show_reason(self) -> None:
        why = self._why
        if why is None:
            return
        chosen = next((number for number, choice in enumerate(self._choices) if choice.isChecked()), 0)
        reason = why.reasons[chosen] if chosen < len(why.reasons) else None
        self._show_chart(reason, why)
        self._place.set_text(reason.place if reason is not None else "")
        self._what_if.set_text(reason.what_if if reason is not None else "")
        self._together.set_text(why.what_if)
        self._together.setVisible(bool(why.what_if))

    def _show_chart(self, reason: WhyReason | None, why: Why) -> None:
        shown = reason is not None and len(reason.sample) > 0
        if shown and self._chart is None:
            # pyqtgraph comes with the first explanation.
            from trafficdesk.ui.charts import DistributionChart

            self._chart = DistributionChart(self._tokens)
            self._column.insertWidget(self._column.indexOf(self._place), self._chart)
        if self._chart is not None:
            self._chart.setVisible(shown)
            if reason is not None and shown:
                self._chart.show_reason(reason, named=is_family(why.family))
