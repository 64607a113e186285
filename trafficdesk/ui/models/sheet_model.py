"""The model of a table of statistics: a sheet in the order a person chose, exchanged about once a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from trafficdesk.metrics.sheets import Form
from trafficdesk.packets.display_filter import filter_for_value
from trafficdesk.ui.labels import tooltip
from trafficdesk.ui.models.sheet_cells import NUMBERS, address_name, address_words, cell_text
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.metrics.sheets import Sheet
    from trafficdesk.ui.address_names import AddressNames

_Index = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
_NATURAL: Final = -1


class SheetModel(QAbstractTableModel):
    """Rows keep their identity from one sheet to the next, so that a selection stays on what was selected."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sheet: Sheet | None = None
        self._order: NDArray[np.int64] = np.empty(0, np.int64)
        self._sorted_by = _NATURAL
        self._sort_order = Qt.SortOrder.AscendingOrder
        self._names: AddressNames | None = None

    @property
    def sheet(self) -> Sheet | None:
        """What is shown; None before there is anything."""
        return self._sheet

    @property
    def order(self) -> NDArray[np.int64]:
        """(rows,) the sheet's row of each row shown."""
        return self._order

    def set_sheet(self, sheet: Sheet | None, *, newer: bool = False) -> None:
        """Show another sheet; `newer`: of the same rows and more, so that order and selection are taken over."""
        alike = self._sheet is not None and sheet is not None and _names(self._sheet) == _names(sheet)
        if newer and alike and sheet is not None and len(sheet) >= len(self._order):
            self._exchange(sheet)
            return
        self.beginResetModel()
        self._sheet = sheet
        if not alike:
            self._sorted_by = _NATURAL
        self._order = self._wanted_order()
        self.endResetModel()

    def sheet_row(self, row: int) -> int:
        """The sheet's row of a row shown."""
        return int(self._order[row])

    def text(self, row: int, column: int) -> str:
        """What a cell shows."""
        assert self._sheet is not None
        shown = self._sheet.columns[column]
        name = address_name(shown, self.sheet_row(row), self._names) if self._names is not None else ""
        return name or cell_text(shown, self.sheet_row(row))

    def set_names(self, names: AddressNames | None) -> None:
        """Show names instead of addresses, or addresses again."""
        self._names = names
        if len(self._order) and self.columnCount():
            last = self.index(len(self._order) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def filter_of(self, row: int, column: int = 0) -> str:
        """The display filter that asks for what a cell names, else for the row's packets; may be empty."""
        if self._sheet is None:
            return ""
        naming = self._sheet.columns[column].naming
        named = naming.filter_of(self.sheet_row(row)) if naming is not None else ""
        return named or self._sheet.filter_of(self.sheet_row(row))

    def address_filter(self, row: int, column: int) -> str:
        """The display filter that asks for all packets of the address in a cell; empty where it is none."""
        address = self.address(row, column)
        if not address:
            return ""
        assert self._sheet is not None
        field = "ip.addr" if self._sheet.columns[column].form is Form.IP else "eth.addr"
        return filter_for_value(field, address)

    def address(self, row: int, column: int) -> str:
        """The address in a cell, whatever name is shown there; empty where it is none."""
        assert self._sheet is not None
        shown = self._sheet.columns[column]
        return str(shown.plain(self.sheet_row(row))) if shown.form in {Form.IP, Form.MAC} else ""

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order by a column; -1 = as the sheet has it."""
        self._sorted_by, self._sort_order = column, order
        self._rearrange(self._sheet)
        if self.columnCount():
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)

    def next_order(self, column: int) -> Qt.SortOrder:
        """What a click on a column's head asks for: numbers from the largest, names from A, then the other way."""
        if column == self._sorted_by:
            turned = self._sort_order == Qt.SortOrder.AscendingOrder
            return Qt.SortOrder.DescendingOrder if turned else Qt.SortOrder.AscendingOrder
        assert self._sheet is not None
        number = self._sheet.columns[column].form in NUMBERS
        return Qt.SortOrder.DescendingOrder if number else Qt.SortOrder.AscendingOrder

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:
        """Rows of the sheet."""
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:
        """Columns of the sheet."""
        return 0 if parent.isValid() or self._sheet is None else len(self._sheet.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> object:
        """Titles, aligned as their columns are."""
        if self._sheet is None or orientation != Qt.Orientation.Horizontal:
            return None
        if not 0 <= section < len(self._sheet.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._sheet.columns[section].title + self._arrow(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        return None

    def data(self, index: _Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """Text, tooltip and alignment of a cell."""
        if not index.isValid() or index.row() >= len(self._order):
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return self.text(index.row(), index.column())
            case Qt.ItemDataRole.ToolTipRole:
                more = self._more(index.row(), index.column())
                return tooltip(more) if more else ""
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(index.column())
        return None

    def _more(self, row: int, column: int) -> str:
        """All of what a cell says, and where it is known from."""
        assert self._sheet is not None
        shown = self._sheet.columns[column]
        if shown.naming is not None:
            return "\n".join(map(visible, shown.naming.tip(self.sheet_row(row)).splitlines()))
        text = cell_text(shown, self.sheet_row(row)).strip()
        return address_words(shown, self.sheet_row(row), self._names) or text if self._names else text

    def _exchange(self, sheet: Sheet) -> None:
        present = self._order
        more = len(sheet) - len(present)
        if more:
            # Rows are added at the end first: an exchange of places must not change their number.
            keys = self._shown_keys()
            self.beginInsertRows(_NO_PARENT, len(present), len(sheet) - 1)
            self._sheet = sheet
            self._order = np.concatenate([_places(keys, sheet.keys), _others(keys, sheet.keys)[:more]])
            self.endInsertRows()
        self._rearrange(sheet)

    def _rearrange(self, sheet: Sheet | None) -> None:
        """Put the rows in their order, and every index that somebody holds to where its row went."""
        if sheet is None:
            return
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        keys = self._shown_keys()[[index.row() for index in held]]
        self._sheet = sheet
        self._order = self._wanted_order()
        row_of = np.empty(len(self._order), np.int64)
        row_of[self._order] = np.arange(len(self._order))
        rows = row_of[_places(keys, sheet.keys)].tolist()
        went = [self.index(row, index.column()) for row, index in zip(rows, held, strict=True)]
        self.changePersistentIndexList(held, went)
        self.layoutChanged.emit()

    def _shown_keys(self) -> NDArray[np.uint64]:
        return self._sheet.keys[self._order] if self._sheet is not None else np.empty(0, np.uint64)

    def _wanted_order(self) -> NDArray[np.int64]:
        if self._sheet is None:
            return np.empty(0, np.int64)
        if not 0 <= self._sorted_by < len(self._sheet.columns):
            return np.arange(len(self._sheet))
        descending = self._sort_order == Qt.SortOrder.DescendingOrder
        return self._sheet.columns[self._sorted_by].sorted_rows(descending=descending)

    def _arrow(self, column: int) -> str:
        if column != self._sorted_by:
            return ""
        return " ↑" if self._sort_order == Qt.SortOrder.AscendingOrder else " ↓"

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        assert self._sheet is not None
        right = self._sheet.columns[column].form in NUMBERS
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter


def _names(sheet: Sheet) -> tuple[str, ...]:
    return tuple(column.name for column in sheet.columns)


def _places(wanted: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(wanted,) where each key stands in `keys`; the nearest one's place where it is gone."""
    order = np.argsort(keys, kind="stable")
    return np.asarray(order[np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)])


def _others(present: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Places in `keys` of those that are not `present`."""
    return np.flatnonzero(~np.isin(keys, present))
