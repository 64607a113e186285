"""The page of one capture: charts on top, the table, details beneath, what is unusual on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from trafficdesk.ui import theme
from trafficdesk.ui.focus_order import let_follow
from trafficdesk.ui.panels.anomalies import AnomalyPanel
from trafficdesk.ui.panels.details import DetailsPane
from trafficdesk.ui.panels.empty_state import EmptyState
from trafficdesk.ui.panels.find_bar import FindBar
from trafficdesk.ui.panels.packet_table import PacketTable
from trafficdesk.ui.panels.sort_note import SortNote

if TYPE_CHECKING:
    from trafficdesk.ui.charts import ProtocolChart, VolumeChart
    from trafficdesk.ui.models.packet_table_model import PacketTableModel
    from trafficdesk.ui.theme import Tokens

_CHARTS_HEIGHT: Final = 208
_DETAILS_HEIGHT: Final = 168
_PANEL_WIDTH: Final = 320
_MARGIN: Final = 12


class LivePage(QWidget):
    """Places the parts; charts come when `build_charts` is called, after the first window is shown."""

    range_chosen = Signal(object, object)
    """Start and stop, nanoseconds since the epoch."""
    protocol_chosen = Signal(str)

    def __init__(self, model: PacketTableModel, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self.volume: VolumeChart | None = None
        self.protocols: ProtocolChart | None = None
        self.table = PacketTable(model, tokens)
        self.sort_note = SortNote()
        self.find_bar = FindBar()
        self.empty = EmptyState()
        self.details = DetailsPane(tokens)
        self.anomalies = AnomalyPanel(tokens)
        self._charts = QWidget()
        self._charts.setMinimumHeight(140)
        self._charts_row = QHBoxLayout(self._charts)
        self._charts_row.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        self._charts_row.setSpacing(_MARGIN)
        self._middle = QStackedWidget()
        self._middle.addWidget(_stacked(self.table, self.sort_note, self.find_bar))
        self._middle.addWidget(self.empty)
        self.column = _splitter(Qt.Orientation.Vertical, self._charts, self._middle, self.details)
        self.column.setStretchFactor(1, 1)
        self.across = _splitter(Qt.Orientation.Horizontal, self.column, self.anomalies)
        self.across.setStretchFactor(0, 1)
        self.column.setSizes([_CHARTS_HEIGHT, 10_000, _DETAILS_HEIGHT])
        self.across.setSizes([10_000, _PANEL_WIDTH])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.across)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setProperty("class", "page")

    def build_charts(self) -> None:
        """Import pyqtgraph and put the charts into their place."""
        if self.volume is not None:
            return
        from trafficdesk.ui.charts import ProtocolChart, VolumeChart

        self.volume = VolumeChart(self._tokens)
        self.protocols = ProtocolChart(self._tokens)
        self.volume.range_clicked.connect(self.range_chosen)
        self.protocols.protocol_clicked.connect(self.protocol_chosen)
        self._charts_row.addWidget(self.volume, 5)
        self._charts_row.addWidget(self.protocols, 3)
        let_follow(self, (self.volume, self.protocols))

    def show_table(self) -> None:
        """There are rows to show."""
        self._middle.setCurrentIndex(0)
        if self.hasFocus():
            self.table.setFocus()

    def show_empty(self, sentence: str, button: str = "") -> None:
        """There are none, and why."""
        self.empty.say(sentence, button)
        self._middle.setCurrentWidget(self.empty)

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._tokens = tokens
        for part in (self.table, self.details, self.anomalies, self.volume, self.protocols):
            if part is not None:
                part.apply_theme(tokens)


def _stacked(*parts: QWidget) -> QWidget:
    """One above the other, without distance; the first takes the room."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for part in parts:
        column.addWidget(part)
    column.setStretch(0, 1)
    return holder


def _splitter(orientation: Qt.Orientation, *parts: QWidget) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setChildrenCollapsible(False)
    splitter.setHandleWidth(theme.SPACING // 4)
    for part in parts:
        splitter.addWidget(part)
    return splitter
