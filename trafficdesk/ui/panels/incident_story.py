"""One incident of the past, told: what, by whom, when, why; and where to go from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from trafficdesk.detect.words import seconds
from trafficdesk.ui.labels import WrappedLabel, plain_label
from trafficdesk.ui.panels.incident_card import ReasonRow, title_of
from trafficdesk.ui.theme import SECONDARY_PX
from trafficdesk.ui.wording import clock_date, family_words, is_family, thousands

if TYPE_CHECKING:
    from trafficdesk.detect.finding import Incident

_MARGIN: Final = 12


class IncidentStory(QFrame):
    """Shows an incident beside its table.

    Signals
    -------
    packets_wanted, filter_wanted : the store's row of the incident: its packets, or a filter for what is shown live.
    host_wanted : the culprit's address.
    """

    packets_wanted = Signal(object)
    filter_wanted = Signal(object)
    host_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._told: dict[str, Any] = {}
        self.title = WrappedLabel(bold=True, max_lines=3)
        self.when = WrappedLabel(pixels=SECONDARY_PX, max_lines=3)
        self.sentence = WrappedLabel(max_lines=12)
        self.meaning = WrappedLabel(pixels=SECONDARY_PX, max_lines=8)
        self.peers = WrappedLabel(pixels=SECONDARY_PX, max_lines=6)
        self._why = plain_label("Why", "head")
        self._reasons = QVBoxLayout()
        self._reasons.setSpacing(8)
        self.packets = QPushButton("Open its packets")
        self.live = QPushButton("Filter the live table")
        self.host = QPushButton("This host")
        self._place()
        self.packets.clicked.connect(self._on_packets)
        self.live.clicked.connect(self._on_live)
        self.host.clicked.connect(self._on_host)
        self.setProperty("class", "side")
        self.setAccessibleName("Incident")

    @property
    def told(self) -> dict[str, Any]:
        """The store's row of the incident shown; empty = none."""
        return self._told

    def show_incident(self, incident: Incident, told: dict[str, Any]) -> None:
        """Tell of an incident; `told`: the store's row."""
        self._told = told
        self.title.set_text(title_of(incident))
        lasted = (incident.end_ns - incident.start_ns) / 1e9
        count = "1 packet" if incident.packets == 1 else f"{thousands(incident.packets)} packets"
        self.when.set_text(
            f"{clock_date(incident.start_ns)}, {seconds(lasted)} · {count} · severity {incident.severity} of 100"
            f"{' · expected, as you said' if told['suppressed'] else ''}"
        )
        self.sentence.set_text(incident.sentence)
        words = family_words(incident.family) if is_family(incident.family) else ""
        self.meaning.set_text(words)
        self.meaning.setVisible(bool(words))
        self.peers.set_text(f"With {', '.join(incident.peers)}" if incident.peers else "")
        self.peers.setVisible(bool(incident.peers))
        self._why.setVisible(bool(incident.reasons))
        while item := self._reasons.takeAt(0):
            row = item.widget()
            if row is not None:
                row.setParent(None)
                row.deleteLater()
        for reason in incident.reasons:
            row = ReasonRow()
            row.show_reason(reason)
            self._reasons.addWidget(row)
        self.show()

    @Slot()
    def _on_packets(self) -> None:
        self.packets_wanted.emit(self._told)

    @Slot()
    def _on_live(self) -> None:
        self.filter_wanted.emit(self._told)

    @Slot()
    def _on_host(self) -> None:
        self.host_wanted.emit(str(self._told["culprit"]))

    def _place(self) -> None:
        inside = QWidget()
        inside.setProperty("class", "side")
        column = QVBoxLayout(inside)
        column.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        column.setSpacing(8)
        for part in (self.title, self.when, self.sentence, self.meaning, self.peers, self._why):
            column.addWidget(part)
        column.addLayout(self._reasons)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(_MARGIN, 0, _MARGIN, _MARGIN)
        for button in (self.packets, self.live, self.host):
            button.setProperty("class", "small")
            buttons.addWidget(button)
        buttons.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll, 1)
        outer.addLayout(buttons)
