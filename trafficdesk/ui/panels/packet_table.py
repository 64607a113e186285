"""The packet table: follows the newest row while it is looked at, keeps its place while it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QWidget

from trafficdesk.ui.models.packet_page import TITLES
from trafficdesk.ui.panels.packet_delegate import PacketDelegate
from trafficdesk.ui.panels.packet_header import PacketHeader
from trafficdesk.ui.panels.row_table import COPIED_ROWS, RowTable
from trafficdesk.ui.panels.table_place import Place
from trafficdesk.ui.wording import pasted

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QKeyEvent, QResizeEvent

    from trafficdesk.ui.models.packet_table_model import PacketTableModel
    from trafficdesk.ui.theme import Tokens

_SELECTED_RUNS: Final = 1_000
"""Qt asks every run for every cell it paints; beyond this scrolling would be felt."""
_FOLLOW_MS: Final = 80
"""Scrolling to the end lays the view out; a dozen times a second is smooth."""


class PacketTable(RowTable):
    """A table view for a `PacketTableModel`."""

    packet_selected = Signal(object)
    """packet_id of the current row (may exceed 32 bits), or None."""

    def __init__(self, model: PacketTableModel, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._delegate = PacketDelegate(tokens, self)
        self._following = self._may_follow = True
        self._top_row = 0
        self._noted: tuple[NDArray[np.int64], int | None] | None = None
        """What was selected, and the current packet, while rows are put into another order."""
        self._place: Place | None = None
        """Where one was, while other rows take the place of those shown."""
        self._follow_timer = QTimer(self, interval=_FOLLOW_MS, singleShot=True)
        self._follow_timer.timeout.connect(self._scroll_to_end)
        self.header = PacketHeader(self._delegate, self)
        self.setHorizontalHeader(self.header)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Packets")
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.header.begin()
        model.rowsInserted.connect(self._on_rows_inserted)
        model.rows_leaving.connect(self._on_rows_leaving)
        model.rowsRemoved.connect(self._on_rows_left)
        model.modelAboutToBeReset.connect(self._on_about_to_reset)
        model.modelReset.connect(self._on_reset)
        model.rearranging.connect(self._on_rearranging)
        model.rearranged.connect(self._on_rearranged)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.selectionModel().currentRowChanged.connect(self._on_current_changed)

    @property
    def following(self) -> bool:
        """Whether the newest row is kept in sight."""
        return self._following and self._model.sorted_by is None

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._delegate.apply_theme(tokens)
        self.viewport().update()

    def follow(self) -> None:
        """Go to the newest row and stay there, in the order of the capture."""
        self._model.unsort()
        self._following = self._may_follow = True
        self._scroll_to_end()

    def stay(self) -> None:
        """Keep the place until `follow`: a file is read from its beginning."""
        self._following = self._may_follow = False
        self._follow_timer.stop()

    def choose_first(self) -> None:
        """Select the first row, unless somebody chose one or went elsewhere already."""
        untouched = not self.selectionModel().hasSelection() and self.verticalScrollBar().value() == 0
        if self._model.rowCount() and untouched:
            # Not selectRow: that one makes the row current before it is selected, and nobody is told; nor is anyone
            # where the row is current already, as Qt makes it with the focus.
            self.selectionModel().clearCurrentIndex()
            self.setCurrentIndex(self._model.index(0, 0))

    def current_id(self) -> int | None:
        """packet_id of the current row."""
        index = self.currentIndex()
        return self._model.packet_id(index.row()) if index.isValid() else None

    def selected_ids(self) -> NDArray[np.int64]:
        """packet_ids of the selected rows, ascending."""
        parts = [self._model.ids(first, stop) for first, stop in self._selected_ranges()]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def select_ids(self, ids: NDArray[np.int64]) -> None:
        """Select those of `ids` (ascending) that are shown, and bring the first into view."""
        rows = self._model.rows_of(ids)
        if not len(rows):
            return
        self.go_to_row(int(rows[0]))
        self._select_rows(rows)

    def _select_rows(self, rows: NDArray[np.int64]) -> None:
        if not len(rows):
            return
        selection = QItemSelection()
        last = self._model.columnCount() - 1
        for first, stop in _runs(rows)[:_SELECTED_RUNS]:
            selection.select(self._model.index(first, 0), self._model.index(stop - 1, last))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def go_to_row(self, row: int) -> None:
        """Make `row` the current one, in the middle of the view."""
        if row >= 0:
            index = self._model.index(row, 0)
            self.setCurrentIndex(index)
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
            self._following = False

    @Slot()
    def copy_rows(self) -> None:
        """Selected rows to the clipboard as TSV with a header line, in the columns that are shown."""
        rows = self._selected_rows()[:COPIED_ROWS]
        columns = self.header.shown_columns()
        lines = ["\t".join(TITLES[column] for column in columns)]
        lines += ["\t".join(pasted(self._model.text(row, column)) for column in columns) for row in rows]
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns to the new width."""
        super().resizeEvent(event)
        self.header.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies rows, not the current cell alone; End follows again."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_rows()
            event.accept()
            return
        super().keyPressEvent(event)

    def _selected_ranges(self) -> list[tuple[int, int]]:
        parts: list[QItemSelectionRange] = list(self.selectionModel().selection())  # type: ignore[call-overload]  # the stubs forget that it is a list
        return [(part.top(), part.bottom() + 1) for part in parts]

    def _selected_rows(self) -> list[int]:
        return sorted({row for first, stop in self._selected_ranges() for row in range(first, stop)})

    @Slot(QModelIndex, int, int)
    def _on_rows_inserted(self, _parent: QModelIndex, _first: int, last: int) -> None:
        self.header.make_room_for_number(self._model.packet_id(last) + 1)
        if self.following and not self._follow_timer.isActive():
            self._follow_timer.start()

    @Slot(int)
    def _on_rows_leaving(self, rows: int) -> None:
        # Qt would make the next row that stays the current one, and scroll there.
        if self.currentIndex().isValid() and self.currentIndex().row() < rows:
            self.selectionModel().setCurrentIndex(QModelIndex(), QItemSelectionModel.SelectionFlag.NoUpdate)
        self._top_row = self.verticalScrollBar().value()

    @Slot(QModelIndex, int, int)
    def _on_rows_left(self, _parent: QModelIndex, first: int, last: int) -> None:
        if not self._following:
            self.verticalScrollBar().setValue(max(self._top_row - (last - first + 1), 0))

    @Slot()
    def _on_rearranging(self) -> None:
        self._noted = (self.selected_ids(), self.current_id())

    @Slot()
    def _on_rearranged(self) -> None:
        assert self._noted is not None
        if self._model.sorted_by is not None:
            self.header.make_room_for_arrow(self._model.sorted_by[0])
        (ids, current), self._noted = self._noted, None
        self._following = self._following and self._model.sorted_by is None
        row = self._model.row_of(current) if current is not None else None
        if row is None:
            if not self._following:
                self.scrollToTop()
            return
        self._select_rows(self._model.rows_of(ids))
        index = self._model.index(row, 0)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    @Slot()
    def _on_about_to_reset(self) -> None:
        if self._noted is None:
            self._place = Place.of(self, following=self.following)

    @Slot()
    def _on_reset(self) -> None:
        if self._noted is not None:
            return
        place, self._place = self._place, None
        rows = self._model.rowCount()
        self.header.make_room_for_number(self._model.packet_id(rows - 1) + 1 if rows else 0)
        if place is None or not self._return_to(place):
            self.packet_selected.emit(None)

    def _return_to(self, place: Place) -> bool:
        """Stay where one was, as far as those packets are shown; returns whether the current packet is."""
        self._following = self._may_follow and (place.following or self._model.row_of(place.anchor) is None)
        if self._following:
            self._follow_timer.start()
        else:
            place.scroll(self)
        row = self._model.row_of(place.current)
        if row is None:
            return False
        index = self._model.index(row, 0)
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(index, flags.ClearAndSelect | flags.Rows)
        self.setAutoScroll(False)  # who follows the newest rows goes on to do so
        self.selectionModel().setCurrentIndex(index, flags.NoUpdate)
        self.setAutoScroll(True)
        return True

    @Slot()
    def _scroll_to_end(self) -> None:
        if self.following:
            self.scrollToBottom()

    @Slot(int)
    def _on_scrolled(self, value: int) -> None:
        self._following = self._may_follow and value >= self.verticalScrollBar().maximum()

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        # Qt makes the first row current when the table takes the focus; nobody chose that one.
        chosen = current.isValid() and self.selectionModel().isSelected(current)
        self.packet_selected.emit(self._model.packet_id(current.row()) if chosen else None)


def _runs(rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Start and stop of each run of consecutive, ascending numbers."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(rows, breaks)]
