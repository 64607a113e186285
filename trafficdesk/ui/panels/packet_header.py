"""The packet table's header: first widths and order, and a menu to show and hide columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHeaderView, QMenu, QWidget

from trafficdesk.ui import theme
from trafficdesk.ui.models.packet_page import TITLES, Column
from trafficdesk.ui.models.packet_time import SPANS
from trafficdesk.ui.panels.column_widths import ENDS, GIVEN, ColumnWidths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trafficdesk.settings import TimeFormat
    from trafficdesk.ui.panels.packet_delegate import PacketDelegate

_ORDER: Final = (
    Column.NUMBER, Column.TIME, Column.INTERFACE, Column.SOURCE, Column.DESTINATION, Column.HOST, Column.COUNTRY, Column.SYSTEM,
    Column.PROGRAM, Column.PROTOCOL, Column.LENGTH, Column.INFO, Column.COMMENT, Column.THREAT, Column.LIKENESS, Column.FINDING, Column.SCORE,
)  # fmt: skip
"""From left to right, until a person moves them."""
_IF_ROOM: Final = (Column.THREAT, Column.HOST, Column.PROGRAM, Column.COUNTRY, Column.SYSTEM)
"""Shown by themselves where they leave Info `_INFO_ROOM`, the most telling first."""
_IF_ROOM_BESIDE_NAMES: Final = (Column.SCORE, Column.PROGRAM, Column.COUNTRY, Column.SYSTEM, Column.HOST)
_ALWAYS: Final = frozenset({Column.NUMBER, Column.INFO})
"""The edge of flagged rows stands in the first; the other takes the room that is left."""
_ON_DEMAND: Final = frozenset(
    {
        Column.HOST,
        Column.COUNTRY,
        Column.SYSTEM,
        Column.PROGRAM,
        Column.INTERFACE,
        Column.THREAT,
        Column.LIKENESS,
        Column.COMMENT,
    }
)
"""Not shown before they have something to say; comments not before somebody asks for them."""
_ARROW: Final = " ↓"
"""Stands behind the title of the column that sorts."""
_INFO_WIDTH: Final = 112
"""At least; a narrower window scrolls."""
_INFO_ROOM: Final = 200
"""What columns that show themselves leave it: it is what people read, a name says less than the packet does."""
_HOST_WIDTH: Final = 200
"""At most, by itself."""
_NARROWEST: Final = 40


class PacketHeader(QHeaderView):
    """Columns of a packet table.

    Which are shown is what a person chose; a column nobody chose for is shown where it has something to say, and the
    window is wide enough.
    """

    chosen = Signal()
    """A person showed or hid a column, or asked for the first state again."""

    def __init__(self, delegate: PacketDelegate, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._delegate = delegate
        self._widths = ColumnWidths(delegate)
        self._chosen: dict[Column, bool] = {}
        self.time_choices: list[QAction] = []
        """Stand in the menu, too."""
        self._host_width = 0
        """That nobody but us gave it."""
        self._useful: frozenset[Column] = frozenset(Column) - _ON_DEMAND
        self.setSectionsClickable(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu)
        self.sectionResized.connect(self._on_section_resized)

    def begin(self) -> None:
        """First widths, order and columns; the model must be set."""
        self._fix()
        for place, column in enumerate(_ORDER):
            self.moveSection(self.visualIndex(column), place)
        for column in GIVEN:
            self.resizeSection(column, self._widths.first(column))
        self._host_width = self._widths.first(Column.HOST)
        self._show_columns()

    def restore(self, state: QByteArray, chosen: Iterable[str]) -> None:
        """Order and widths as they were saved, and the columns a person chose, as `choices` told them."""
        self.restoreState(state)
        for choice in chosen:
            name, _, shown = choice.partition("=")
            if name in Column.__members__ and Column[name] not in _ALWAYS:
                self._chosen[Column[name]] = shown == "shown"
        if self.sectionSize(Column.NUMBER) in self._widths.numbers():
            self.resizeSection(Column.NUMBER, self._widths.first(Column.NUMBER))
        self._fix()
        self._show_columns()

    def layout_state(self) -> QByteArray:
        """Order and widths for `restore`; a width that only the window gave Host is none to remember."""
        if self.sectionSize(Column.HOST) == self._host_width:
            self._host_width = self._widths.first(Column.HOST)
            self.resizeSection(Column.HOST, self._host_width)
        return self.saveState()

    def choices(self) -> list[str]:
        """What a person chose: "HOST=hidden"."""
        return [f"{column.name}={'shown' if shown else 'hidden'}" for column, shown in self._chosen.items()]

    def set_useful(self, column: Column, *, useful: bool) -> None:
        """Whether a column has something to say now."""
        if useful != (column in self._useful):
            self._useful = self._useful | {column} if useful else self._useful - {column}
            self._show_columns()

    def set_time_format(self, form: TimeFormat) -> None:
        """Make the times' column as wide as such times are."""
        if form is not self._widths.time_format:
            self._widths.time_format = form
            self._delegate.set_time_right(right=form in SPANS)
            self.resizeSection(Column.TIME, self._widths.first(Column.TIME))

    def set_named(self, *, named: bool) -> None:
        """Whether names stand where addresses do: they are longer, and Score and Host make room for them.

        A width that a person gave a column stays.
        """
        if named == self._widths.named:
            return
        untouched = [column for column in ENDS if self.sectionSize(column) == self._widths.first(column)]
        self._widths.named = named
        for column in untouched:
            self.resizeSection(column, self._widths.first(column))
        self._show_columns()

    def make_room_for_number(self, number: int) -> None:
        """Widen the numbers' column with the packets' numbers; 0 = there are none, they begin anew.

        A width that a person gave it stays.
        """
        ours = self.sectionSize(Column.NUMBER) == self._widths.first(Column.NUMBER)
        if self._widths.note_number(number) and ours:
            self.resizeSection(Column.NUMBER, self._widths.first(Column.NUMBER))
            self._show_columns()

    def make_room_for_arrow(self, column: Column) -> None:
        """Widen a column that sorts, where its title and the arrow behind it would be cut."""
        self.resizeSection(column, max(self.sectionSize(column), self._widths.title(column, _ARROW)))

    def shown_columns(self) -> list[Column]:
        """Columns that are shown, from left to right."""
        shown = (column for column in Column if not self.isSectionHidden(column))
        return sorted(shown, key=self.visualIndex)

    def menu(self) -> QMenu:
        """A line per column, and back to the first state."""
        menu = QMenu(self)
        for column in _ORDER:
            action = menu.addAction(TITLES[column])
            action.setCheckable(True)
            action.setChecked(not self.isSectionHidden(column))
            action.setEnabled(column not in _ALWAYS)
            action.setData(int(column))
            action.triggered.connect(self._on_chosen)
        menu.addSeparator()
        if self.time_choices:
            menu.addActions(self.time_choices)
            menu.addSeparator()
        menu.addAction("Reset columns").triggered.connect(self.reset_columns)
        return menu

    @Slot()
    def reset_columns(self) -> None:
        """Order, widths and columns as at first."""
        self._chosen.clear()
        self.begin()
        self.chosen.emit()

    @Slot()
    def fit(self) -> None:
        """Fit the columns to the view's width."""
        self._show_columns()

    @Slot()
    def fit_info(self) -> None:
        """Info takes what the others leave: the surface beyond the last column would stay blank.

        Qt's own stretching lets it shrink to nothing in a narrow window.
        """
        others = self.length() - self.sectionSize(Column.INFO)
        width = max(self.viewport().width() - others, _INFO_WIDTH)
        if width != self.sectionSize(Column.INFO):
            self.resizeSection(Column.INFO, width)

    def _show_columns(self) -> None:
        if_room = _IF_ROOM_BESIDE_NAMES if self._widths.named else _IF_ROOM
        usual: list[Column] = [column for column in Column if column not in if_room]
        for column in usual:
            self._show(column, shown=column in _ALWAYS or self._chosen.get(column, column in self._useful))
        taken = sum(self.sectionSize(column) for column in usual) - self.sectionSize(Column.INFO)
        room = self.viewport().width() - _INFO_ROOM - taken
        for column in if_room:
            width = self.sectionSize(column) or self._widths.first(column)
            self._show(column, shown=self._chosen.get(column, column in self._useful and width <= room))
            room -= self.sectionSize(column)
        self._fit_host(room)
        self.fit_info()

    def _fit_host(self, room: int) -> None:
        """Names are long: Host takes a third of what is left to Info, unless a person gave it a width."""
        if self.isSectionHidden(Column.HOST) or self.sectionSize(Column.HOST) != self._host_width:
            return
        first = self._widths.first(Column.HOST)
        left = max(room + self._host_width - first, 0)
        self._host_width = min(first + left // 3, _HOST_WIDTH)
        self.resizeSection(Column.HOST, self._host_width)

    def _show(self, column: Column, *, shown: bool) -> None:
        if self.isSectionHidden(column) == shown:
            self.setSectionHidden(column, not shown)
        if shown and self.sectionSize(column) < _NARROWEST and column != Column.INFO:
            # A layout saved before there was this column leaves it without a width.
            self.resizeSection(column, self._widths.first(column))

    def _fix(self) -> None:
        """What must hold of the columns, whatever was saved."""
        self.setFixedHeight(theme.ROW_HEIGHT + theme.SPACING)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(_NARROWEST)
        self.setSectionsMovable(True)
        self.setFirstSectionMovable(False)  # the edge of flagged rows stands there
        self.setStretchLastSection(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.fit_info()

    @Slot(QPoint)
    def _on_menu(self, position: QPoint) -> None:
        self.menu().exec(self.viewport().mapToGlobal(position))

    @Slot()
    def _on_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._chosen[Column(action.data())] = action.isChecked()
            self._show_columns()
            self.chosen.emit()

    @Slot(int, int, int)
    def _on_section_resized(self, column: int, _before: int, _now: int) -> None:
        if column != Column.INFO:
            self.fit_info()
