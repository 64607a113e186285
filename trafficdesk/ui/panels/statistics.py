"""The page of statistics: tabs, a table each, and what can be done with its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPoint, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from trafficdesk.metrics.conversations import Kind
from trafficdesk.ui import theme
from trafficdesk.ui.labels import ElidedLabel
from trafficdesk.ui.panels.overview import Overview
from trafficdesk.ui.panels.sheet_table import SheetTable
from trafficdesk.ui.statistics_request import SORTED_BY, Request, Tab

if TYPE_CHECKING:
    from trafficdesk.metrics import MetricsSnapshot
    from trafficdesk.ui.address_names import AddressNames
    from trafficdesk.ui.charts.lengths import LengthChart
    from trafficdesk.ui.statistics_request import Answer
    from trafficdesk.ui.theme import Tokens

_MARGIN: Final = 12
_CHART_HEIGHT: Final = 260
_WITH_KINDS: Final = (Tab.CONVERSATIONS, Tab.ENDPOINTS)


class StatisticsPage(QWidget):
    """Places the parts; what they show comes by `show_answer`."""

    request_changed = Signal(object)
    """`Request`."""
    menu_requested = Signal(object, QPoint, QModelIndex)
    """The `SheetTable`, a global position, and the cell under it."""
    export_requested = Signal()

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self.chart: LengthChart | None = None
        self.overview = Overview()
        self.tables: dict[Tab, SheetTable] = {
            tab: SheetTable(tab.value) for tab in Tab if tab is not Tab.OVERVIEW
        }
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        for tab in Tab:
            self.tabs.addTab(tab.value)
        self.limit = QCheckBox("Only what the display filter shows")
        self.limit.setEnabled(False)
        self.copy = QPushButton("Copy")
        self.export = QPushButton("Export…")
        self.summary = ElidedLabel("", "muted")
        self.note = ElidedLabel("", "warning")
        self.kinds = QWidget()
        self._kind_buttons = QButtonGroup(self)
        self._shown: Request | None = None
        self._bodies = QStackedWidget()
        self._chart_place = QVBoxLayout()
        self._place()
        self._join()
        self._show_tab()
        self.setProperty("class", "page")

    @property
    def request(self) -> Request:
        """What the person asks for."""
        kind = list(Kind)[self._kind_buttons.checkedId()]
        return Request(self.tab, kind, limited=self.limit.isChecked() and self.limit.isEnabled())

    @property
    def tab(self) -> Tab:
        """The tab in front."""
        return list(Tab)[self.tabs.currentIndex()]

    @property
    def table(self) -> SheetTable | None:
        """The table in front; None on the overview."""
        return self.tables.get(self.tab)

    def choose(self, tab: Tab, kind: Kind = Kind.IPV4) -> None:
        """Bring a table to the front."""
        self._kind_buttons.button(list(Kind).index(kind)).setChecked(True)
        self.tabs.setCurrentIndex(list(Tab).index(tab))

    def show_answer(self, given: Answer) -> None:
        """Show a table, if it is still the one that is wanted."""
        request = given.request
        if request.tab is not self.tab or request != self.request:
            return
        newer = self._shown == request
        self.tables[request.tab].show_sheet(
            given.sheet, newer=newer, sorted_by=SORTED_BY.get(request.tab, "")
        )
        self._shown = request
        self.summary.set_whole(given.summary)
        self.say(given.sheet.note)
        if self.chart is not None and given.lengths is not None:
            self.chart.set_data(given.lengths)

    def set_names(self, names: AddressNames | None) -> None:
        """Show names instead of addresses, or addresses again."""
        for table in (*self.tables.values(), self.overview.sources, self.overview.destinations):
            table.set_names(names)

    def show_overview(self, snapshot: MetricsSnapshot, rate: tuple[float, float] | None) -> None:
        """Show the capture's numbers."""
        self.overview.set_data(snapshot, rate)

    def say(self, note: str) -> None:
        """What the table leaves out."""
        self.note.set_whole(note)
        self.note.setVisible(bool(note))

    def forget(self) -> None:
        """Another capture begins: its tables are read from their tops."""
        self._shown = None

    def set_filtered(self, *, filtered: bool) -> None:
        """Whether there is a filter that tables could be limited to."""
        if filtered != self.limit.isEnabled():
            self.limit.setEnabled(filtered)
            self.request_changed.emit(self.request)

    def build_charts(self) -> None:
        """Import pyqtgraph and put the chart into its place."""
        if self.chart is None:
            from trafficdesk.ui.charts import LengthChart

            self.chart = LengthChart(self._tokens)
            self.chart.setFixedHeight(_CHART_HEIGHT)
            self._chart_place.addWidget(self.chart)

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._tokens = tokens
        if self.chart is not None:
            self.chart.apply_theme(tokens)

    @Slot()
    def _on_changed(self) -> None:
        self._show_tab()
        self.request_changed.emit(self.request)

    @Slot()
    def _on_copy(self) -> None:
        if self.table is not None:
            self.table.copy_rows()

    @Slot(QPoint, QModelIndex)
    def _on_menu(self, position: QPoint, index: QModelIndex) -> None:
        self.menu_requested.emit(self.sender(), position, index)

    def _show_tab(self) -> None:
        tab = self.tab
        self._bodies.setCurrentIndex(list(Tab).index(tab))
        self.kinds.setVisible(tab in _WITH_KINDS)
        for part in (self.copy, self.export, self._line):
            part.setVisible(tab is not Tab.OVERVIEW)
        if tab is Tab.LENGTHS:
            self.build_charts()
        self.say("")

    def _join(self) -> None:
        self.tabs.currentChanged.connect(self._on_changed)
        self._kind_buttons.idClicked.connect(self._on_changed)
        self.limit.toggled.connect(self._on_changed)
        self.copy.clicked.connect(self._on_copy)
        self.export.clicked.connect(self.export_requested)
        for table in (*self.tables.values(), self.overview.sources, self.overview.destinations):
            table.menu_requested.connect(self._on_menu)

    def _place(self) -> None:
        head = QWidget()
        head.setProperty("class", "bar")
        row = QHBoxLayout(head)
        row.setContentsMargins(_MARGIN, 0, _MARGIN, 0)
        row.setSpacing(_MARGIN)
        row.addWidget(self.tabs)
        row.addStretch(1)
        for control in (self.copy, self.export):
            row.addWidget(control)
        head.setFixedHeight(theme.CONTROL_HEIGHT + 4 * theme.SPACING)
        self._bodies.addWidget(self.overview)
        for tab, table in self.tables.items():
            self._bodies.addWidget(self._with_chart(table) if tab is Tab.LENGTHS else table)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._line = self._line_below()
        for part in (head, self._line):
            column.addWidget(part)
        column.addWidget(self._bodies, 1)

    def _line_below(self) -> QWidget:
        """Kinds, what the table is of, and what it leaves out."""
        kinds = QHBoxLayout(self.kinds)
        kinds.setContentsMargins(0, 0, 0, 0)
        kinds.setSpacing(theme.SPACING)
        for number, kind in enumerate(Kind):
            button = QToolButton()
            button.setText(kind.value)
            button.setProperty("class", "small")
            button.setCheckable(True)
            button.setChecked(kind is Kind.IPV4)
            self._kind_buttons.addButton(button, number)
            kinds.addWidget(button)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(_MARGIN, 2 * theme.SPACING, _MARGIN, 2 * theme.SPACING)
        row.setSpacing(_MARGIN)
        row.addWidget(self.kinds)
        row.addWidget(self.summary, 1)
        row.addWidget(self.note, 2)
        row.addWidget(self.limit)
        line.setFixedHeight(24 + 4 * theme.SPACING)
        return line

    def _with_chart(self, table: SheetTable) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        self._chart_place.setContentsMargins(_MARGIN, 0, _MARGIN, _MARGIN)
        column.addLayout(self._chart_place)
        column.addWidget(table, 1)
        return holder
