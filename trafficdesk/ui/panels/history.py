"""The page of history: a span of the past in charts and tables, of all hosts or of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from trafficdesk.ui import theme
from trafficdesk.ui.history_request import HistoryRequest, HistoryTab, Last
from trafficdesk.ui.labels import ElidedLabel
from trafficdesk.ui.panels.empty_state import EmptyState
from trafficdesk.ui.panels.incident_story import IncidentStory
from trafficdesk.ui.panels.sheet_table import SheetTable
from trafficdesk.ui.panels.span_choice import SpanChoice

if TYPE_CHECKING:
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.ui.charts import ProtocolChart, VolumeChart
    from trafficdesk.ui.history_request import HistoryAnswer
    from trafficdesk.ui.theme import Tokens

_MARGIN: Final = 12
_CHART_HEIGHT: Final = 200
_STORY_WIDTH: Final = 380
_SORTED_BY: Final = {
    HistoryTab.HOSTS: "bytes",
    HistoryTab.CONVERSATIONS: "bytes",
    HistoryTab.INCIDENTS: "start",
    HistoryTab.CAPTURES: "began",
}
_NS: Final = 1_000_000_000


class HistoryPage(QWidget):
    """Places the parts; what they show comes by `show_answer`.

    Signals
    -------
    request_changed : another `HistoryRequest` is to be answered.
    refresh_requested : the same is, again.
    menu_requested : the `SheetTable`, a global position, and the cell under it.
    """

    request_changed = Signal(object)
    refresh_requested = Signal()
    menu_requested = Signal(object, QPoint, QModelIndex)
    export_requested = Signal()

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self._host = ""
        self._before: tuple[Last, int, int] | None = None
        """The span that was shown before a host was looked at."""
        self._given: HistoryAnswer | None = None
        self._charts: tuple[VolumeChart, ProtocolChart] | None = None
        self.span = SpanChoice()
        self.tables = {tab: SheetTable(f"History: {tab.value}") for tab in HistoryTab}
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        for tab in HistoryTab:
            self.tabs.addTab(tab.value)
        self.all_hosts = QPushButton("All hosts")
        self.live = QPushButton("Filter the live table")
        self.report, self.export = QPushButton("Report…"), QPushButton("Export…")
        self.summary = ElidedLabel("", "muted")
        self.note = ElidedLabel("", "muted")
        self.story = IncidentStory()
        self.empty = EmptyState()
        self._bodies = QStackedWidget()
        self._whole = QStackedWidget()
        self._charts_row = QHBoxLayout()
        self._place()
        self._join()
        self.empty.say("Asking the history…")
        self._whole.setCurrentWidget(self.empty)
        self._show_parts()
        self.setProperty("class", "page")

    @property
    def request(self) -> HistoryRequest:
        """What the person asks for."""
        last, start_s, end_s = self.span.chosen
        return HistoryRequest(self.tab, last, start_s, end_s, self.span.sensor, self._host)

    @property
    def tab(self) -> HistoryTab:
        """The tab in front."""
        return list(HistoryTab)[self.tabs.currentIndex()]

    @property
    def table(self) -> SheetTable:
        """The table in front."""
        return self.tables[self.tab]

    def choose(self, tab: HistoryTab) -> None:
        """Bring a table to the front."""
        self.tabs.setCurrentIndex(list(HistoryTab).index(tab))

    @Slot(str)
    def show_host(self, address: str) -> None:
        """Show one host's month: over time, whom it talked to, what was found."""
        if not self._host:
            self._before = self.span.chosen
        self._host = address
        if self.span.chosen[0] in {Last.HOUR, Last.DAY, Last.WEEK}:
            self.span.set_chosen((Last.MONTH, 0, 0))
        if self.tab in {HistoryTab.HOSTS, HistoryTab.CAPTURES}:
            self.choose(HistoryTab.CONVERSATIONS)
        self._ask()

    @Slot()
    def show_all(self) -> None:
        """All hosts again, in the span that was shown before."""
        self._host = ""
        if self._before is not None:
            self.span.set_chosen(self._before)
            self._before = None
        self._ask()

    def show_waiting(self) -> None:
        """An answer is under way."""
        if self._given is None or self._given.request != self.request:
            self.summary.set_whole("Asking the history…")

    def show_answer(self, given: HistoryAnswer) -> None:
        """Show what the history told."""
        newer = self._given is not None and self._given.request == given.request
        self._given = given
        self.span.set_sensors(given.sensors)
        if not given.snapshot.packets and not given.incidents and not len(given.sheet):
            self._say_nothing_there(given)
            return
        self._whole.setCurrentIndex(0)
        volume, protocols = self._build_charts()
        volume.set_gaps(given.gaps)
        volume.set_marks(given.alerts)
        volume.set_data(given.snapshot)
        protocols.set_data(given.snapshot)
        tab = given.request.tab
        self.tables[tab].show_sheet(given.sheet, newer=newer, sorted_by=_SORTED_BY[tab])
        if tab is HistoryTab.INCIDENTS and not newer:
            self.story.hide()
        self.summary.set_whole(given.summary)
        self.note.set_whole(given.note)

    def show_error(self, error: TrafficDeskError) -> None:
        """Say why there is no answer; what was shown is of another question."""
        self._given = None
        self.empty.say(f"{error.title}\n{error.hint}", "Try again")
        self._whole.setCurrentWidget(self.empty)

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._tokens = tokens
        for chart in self._charts or ():
            chart.apply_theme(tokens)

    def _say_nothing_there(self, given: HistoryAnswer) -> None:
        button = "Last month" if given.request.last is not Last.MONTH else ""
        if given.request.host:
            self.empty.say(f"Nothing is known of {given.request.host} in this span.", "All hosts")
        elif given.sensors:
            self.empty.say("Nothing was recorded in this span.", button)
        else:
            self.empty.say("Nothing has been recorded yet: live captures are, files are not.")
        self._whole.setCurrentWidget(self.empty)

    @Slot()
    def _on_empty_clicked(self) -> None:
        if self._given is None:
            self.refresh_requested.emit()
        elif self._given.request.host:
            self.show_all()
        else:
            self.span.set_chosen((Last.MONTH, 0, 0))
            self._ask()

    @Slot()
    def _ask(self) -> None:
        self._show_parts()
        self.request_changed.emit(self.request)

    @Slot(object, object)
    def _on_range(self, start_ns: int, stop_ns: int) -> None:
        """A moment or a range of the chart is looked at alone."""
        start_s, end_s = start_ns // _NS, -(-stop_ns // _NS)
        self.span.set_chosen((Last.CUSTOM, start_s, max(end_s, start_s + 60)))
        self._ask()

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        given, row = self._given, self.table.sheets.sheet_row(index.row())
        if given is None or given.request != self.request:
            return
        if self.tab is HistoryTab.INCIDENTS:
            self.story.show_incident(given.incidents[row], given.told[row])
        elif address := given.address(row, index.column()):
            self.show_host(address)

    @Slot(QPoint, QModelIndex)
    def _on_menu(self, position: QPoint, index: QModelIndex) -> None:
        self.menu_requested.emit(self.sender(), position, index)

    def _show_parts(self) -> None:
        self._bodies.setCurrentIndex(list(HistoryTab).index(self.tab))
        for part in (self.all_hosts, self.live):
            part.setVisible(bool(self._host))
        if self.tab is not HistoryTab.INCIDENTS:
            self.story.hide()
        self.tabs.setTabText(0, "Peers" if self._host else HistoryTab.HOSTS.value)

    def _build_charts(self) -> tuple[VolumeChart, ProtocolChart]:
        if self._charts is None:
            from trafficdesk.ui.charts import ProtocolChart, VolumeChart

            self._charts = VolumeChart(self._tokens), ProtocolChart(self._tokens)
            for chart, share in zip(self._charts, (5, 3), strict=True):
                chart.setFixedHeight(_CHART_HEIGHT)
                self._charts_row.addWidget(chart, share)
            self._charts[0].range_clicked.connect(self._on_range)
        return self._charts

    def _join(self) -> None:
        self.tabs.currentChanged.connect(self._ask)
        self.span.changed.connect(self._ask)
        self.all_hosts.clicked.connect(self.show_all)
        self.export.clicked.connect(self.export_requested)
        self.empty.clicked.connect(self._on_empty_clicked)
        self.story.host_wanted.connect(self.show_host)
        for tab, table in self.tables.items():
            table.menu_requested.connect(self._on_menu)
            table.activated.connect(self._on_activated)
            if tab is HistoryTab.INCIDENTS:
                table.clicked.connect(self._on_activated)

    def _place(self) -> None:
        body = QSplitter(Qt.Orientation.Horizontal)
        for tab in HistoryTab:
            self._bodies.addWidget(self.tables[tab])
        body.addWidget(self._bodies)
        body.addWidget(self.story)
        body.setStretchFactor(0, 1)
        body.setChildrenCollapsible(False)
        self.story.setMinimumWidth(_STORY_WIDTH)
        shown = QWidget()
        inner = QVBoxLayout(shown)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        self._charts_row.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, 0)
        self._charts_row.setSpacing(_MARGIN)
        inner.addLayout(self._charts_row)
        inner.addWidget(self._line_below())
        inner.addWidget(body, 1)
        self._whole.addWidget(shown)
        self._whole.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(self._whole, 1)

    def _head(self) -> QWidget:
        head = QWidget()
        head.setProperty("class", "bar")
        row = QHBoxLayout(head)
        row.setContentsMargins(_MARGIN, 0, _MARGIN, 0)
        row.setSpacing(_MARGIN)
        row.addWidget(self.tabs)
        row.addStretch(1)
        for part in (self.span, self.report, self.export):
            row.addWidget(part)
        head.setFixedHeight(theme.CONTROL_HEIGHT + 4 * theme.SPACING)
        return head

    def _line_below(self) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(_MARGIN, 2 * theme.SPACING, _MARGIN, 2 * theme.SPACING)
        row.setSpacing(_MARGIN)
        for button in (self.all_hosts, self.live):
            button.setProperty("class", "small")
            row.addWidget(button)
        row.addWidget(self.summary, 2)
        row.addWidget(self.note, 1)
        line.setFixedHeight(24 + 4 * theme.SPACING)
        return line
