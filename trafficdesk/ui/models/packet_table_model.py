"""The packet table's model: a window onto the columnar log, addressed by packet_id.

Cells are text only while they are looked at: pages of rows are formatted at once and the last few kept. What the
log appends or evicts is announced once per batch; what analysis adds later invalidates marks, never texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from trafficdesk.ui.models.packet_cells import PacketCells, alignment
from trafficdesk.ui.models.packet_order import SortSource
from trafficdesk.ui.models.packet_page import IDENTITY_COLUMNS, TITLES, Column, Mark
from trafficdesk.ui.models.packet_pages import PacketPages
from trafficdesk.ui.models.sorted_rows import SortedRows
from trafficdesk.ui.models.visible_rows import VisibleRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Detection
    from trafficdesk.session import AnalysisSession
    from trafficdesk.settings import TimeFormat
    from trafficdesk.ui.address_names import AddressNames
    from trafficdesk.ui.colour_rule import Colouring
    from trafficdesk.ui.theme import Tokens

_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()


class PacketTableModel(QAbstractTableModel):
    """Rows of the session's log that are to be seen.

    Parameters
    ----------
    session : whose log is shown.
    tokens : colours of flagged rows.
    words : a word per family index; index 0 names what only the model found unusual.
    """

    rows_leaving = Signal(int)
    """So many of the first rows will be removed; before Qt's own announcement, which makes views move."""
    rearranging = Signal()
    """The same packets will stand in another order: a view notes what is selected, as Qt forgets it with a reset."""
    rearranged = Signal()
    """They do."""
    replaced = Signal()
    """Other packets are shown, in the order of the capture."""
    held_changed = Signal()
    """Packets wait to be shown, because those shown are sorted, or wait no more."""

    def __init__(
        self, session: AnalysisSession, tokens: Tokens, words: tuple[str, ...], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._words = words
        self._all = VisibleRows()
        """What is to be seen, in the order of the capture."""
        self._rows: VisibleRows | SortedRows = self._all
        """What is seen now: the same or, sorted, those of a moment."""
        self._sort: tuple[Column, bool] | None = None
        self._pages = PacketPages(session, words, self._all)
        self._cells = PacketCells(session, self._pages, tokens)
        self.show_all()

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._cells.apply_theme(tokens)

    @property
    def filtered(self) -> bool:
        """Whether a filter chose the rows."""
        return self._all.filtered

    @property
    def sorted_by(self) -> tuple[Column, bool] | None:
        """Column that sorts the rows, and whether the greatest is first; None = the order of the capture."""
        return self._sort

    @property
    def held(self) -> int:
        """Packets that came after the rows were sorted."""
        return len(self._all) - len(self._rows)

    def sort_source(self) -> SortSource:
        """The session's rows of this moment, to be sorted in a thread."""
        return SortSource.of(self._session, self._words, self._pages.family_of)

    def arrange(self, by: tuple[Column, bool], rows: SortedRows) -> None:
        """Show the packets in this order; those that have left since it was made are left out."""
        self._rearrange(by, rows.without(self._session.log.first_id))

    def unsort(self) -> None:
        """Show the packets in the order of the capture again, with those that waited."""
        if self._sort is not None:
            self._rearrange(None, self._all)

    def show_all(self) -> None:
        """Every packet of the log; also at the start of a capture."""
        self.beginResetModel()
        self._all.show_all(self._session.log.first_id, self._session.log.end_id)
        self._replace()

    def show(self, ids: NDArray[np.int64]) -> None:
        """Only these packets, ascending; rows that merely continue what is shown are added."""
        kept = len(self._all)
        if self._all.filtered and len(ids) >= kept and (ids[:kept] == self._all.ids()).all():
            self.append(ids[kept:])
            return
        self.beginResetModel()
        self._all.show(ids)
        self._replace()

    def append(self, ids: NDArray[np.int64]) -> None:
        """Show further packets, which the log already holds."""
        if not len(ids):
            return
        if self._sort is not None:
            self._all.append(ids)
            self.held_changed.emit()
            return
        first = len(self._all)
        self.beginInsertRows(_NO_PARENT, first, first + len(ids) - 1)
        self._all.append(ids)
        self._pages.grown_or_shrunk()
        self.endInsertRows()

    def evict_before(self, packet_id: int) -> int:
        """Let go of the packets older than `packet_id`, before the log does; returns how many rows left."""
        rows = self._all.rows_before(packet_id)
        if not rows:
            return 0
        if isinstance(self._rows, SortedRows):
            self._all.drop_oldest(rows)
            # They stand anywhere.
            self._rearrange(self._sort, self._rows.without(packet_id))
            return rows
        self.rows_leaving.emit(rows)
        self.beginRemoveRows(_NO_PARENT, 0, rows - 1)
        self._all.drop_oldest(rows)
        self._pages.grown_or_shrunk()
        self.endRemoveRows()
        return rows

    def refresh_marks(self, detection: Detection) -> None:
        """Read again what analysis said of the rows of `detection`."""
        ranges = [(detection.first_id, detection.first_id + len(detection))]
        if len(detection.joined_ids):
            ranges.append((int(detection.joined_ids.min()), int(detection.joined_ids.max()) + 1))
        for first_id, stop_id in ranges:
            first, stop = self._rows_between(first_id, stop_id)
            if first < stop:
                self._pages.forget_marks(first, stop)
                self.dataChanged.emit(self.index(first, 0), self.index(stop - 1, len(Column) - 1))

    def refresh_every_mark(self) -> None:
        """Read again what analysis said of all rows."""
        if len(self._rows):
            self._pages.forget_marks(0, len(self._rows))
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, Column.SCORE))

    def refresh_identity(self, first_id: int | None = None, stop_id: int | None = None) -> None:
        """Read again the programs and names of packets from `first_id` to before `stop_id`, or of all."""
        first, stop = self._rows_between(first_id, stop_id)
        if first < stop:
            self._pages.forget_identity(first, stop)
            self.dataChanged.emit(
                self.index(first, IDENTITY_COLUMNS[0]), self.index(stop - 1, IDENTITY_COLUMNS[-1])
            )
            if self._pages.names is not None:
                self._tell_ends()

    def set_time_format(self, form: TimeFormat) -> None:
        """Show times in another way."""
        self._pages.set_time_format(form)
        if len(self._rows):
            self.dataChanged.emit(self.index(0, Column.TIME), self.index(len(self._rows) - 1, Column.TIME))

    def set_names(self, names: AddressNames | None) -> None:
        """Show names instead of addresses, or addresses again."""
        self._pages.set_names(names)
        self._tell_ends()

    def set_colouring(self, colouring: Colouring | None) -> None:
        """Colour rows by other rules, or by none."""
        self._pages.set_colouring(colouring)
        if len(self._rows):
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(Column) - 1))

    def hue(self, row: int) -> int:
        """`Hue` that a colouring rule gives the row, 0 = none."""
        return self._pages.hue(row)

    def refresh_notes(self) -> None:
        """Read again what a person noted."""
        self._pages.forget_notes()
        if len(self._rows):
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, Column.COMMENT))

    def packet_id(self, row: int) -> int:
        """packet_id of a row."""
        return self._rows.id_at(row)

    def row_of(self, packet_id: int) -> int | None:
        """Row of a packet, None where it is not shown."""
        return self._rows.row_of(packet_id)

    def rows_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """(shown,) ascending rows of those of `ids` (ascending) that are shown."""
        return self._rows.rows_of(ids)

    def nearest_row(self, packet_id: int) -> int:
        """Row of the packet or of the first later one; the last row where there is none; -1 in an empty table."""
        return self._rows.nearest_row(packet_id)

    def ids(self, start: int = 0, stop: int | None = None) -> NDArray[np.int64]:
        """packet_ids of consecutive rows, as they are sorted."""
        return self._rows.ids(start, stop)

    def chosen_ids(self) -> NDArray[np.int64]:
        """packet_ids of everything that is to be seen, ascending, with those that wait until rows are sorted again."""
        return self._all.ids()

    def text(self, row: int, column: int) -> str:
        """What the cell shows."""
        return self._pages.text(row, column)

    def mark(self, row: int) -> Mark:
        """What analysis said of the row."""
        return self._pages.mark(row)

    def note(self, row: int) -> int:
        """`NoteFlag` of what a person noted of the row."""
        return self._pages.note(row)

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        """Rows shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        """Columns of `Column`."""
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> object:
        """Titles, aligned as their columns are."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(TITLES):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section] + self._arrow(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(section)
        return None

    def data(self, index: _Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """Text, colours, tooltip, packet_id or `Mark` of a cell."""
        row, column = index.row(), index.column()
        if not index.isValid() or row >= len(self._rows):
            return None
        return self._cells.answer(role, self._rows.id_at(row), row, column)

    def _arrow(self, column: int) -> str:
        if self._sort is None or column != self._sort[0]:
            return ""
        return " ↓" if self._sort[1] else " ↑"

    def _replace(self) -> None:
        """End a reset that shows other packets."""
        self._sort, self._rows = None, self._all
        self._pages.show(self._rows)
        self.endResetModel()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)
        self.replaced.emit()

    def _rearrange(self, by: tuple[Column, bool] | None, rows: VisibleRows | SortedRows) -> None:
        self.rearranging.emit()
        self.beginResetModel()
        self._sort, self._rows = by, rows
        self._pages.show(self._rows)
        self.endResetModel()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)
        self.rearranged.emit()
        self.held_changed.emit()

    def _rows_between(self, first_id: int | None, stop_id: int | None) -> tuple[int, int]:
        """First row and one past the last that may show packets from `first_id` to before `stop_id`."""
        if isinstance(self._rows, SortedRows):
            return 0, len(self._rows)
        first = 0 if first_id is None else self._rows.rows_before(first_id)
        return first, len(self._rows) if stop_id is None else self._rows.rows_before(stop_id)

    def _tell_ends(self) -> None:
        if len(self._rows):
            last = self.index(len(self._rows) - 1, Column.DESTINATION)
            self.dataChanged.emit(self.index(0, Column.SOURCE), last)
