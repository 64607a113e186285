"""What can be done with a row of statistics or of history: copy, filter by it, write the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPoint, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu

from trafficdesk.ui.filter_menu import add_filter_menu

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.ui.panels.history import HistoryPage
    from trafficdesk.ui.panels.sheet_table import SheetTable
    from trafficdesk.ui.panels.statistics import StatisticsPage


class StatisticsMenu(QObject):
    """Builds the menu for the cell that was clicked.

    Parameters
    ----------
    present : the filter that is applied now.
    """

    filter_wanted = Signal(str)
    """An expression to be applied."""

    def __init__(
        self, page: StatisticsPage | HistoryPage, present: Callable[[], str], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._present = present
        page.menu_requested.connect(self.show)

    def build(self, table: SheetTable, index: QModelIndex) -> QMenu:
        """The menu for a cell."""
        menu = QMenu()
        copy_value = menu.addAction("Copy value")
        copy_value.setData(table.sheets.text(index.row(), index.column()).strip())
        copy_value.triggered.connect(self._on_copy)
        address = table.sheets.address(index.row(), index.column())
        if address not in {"", copy_value.data()}:
            copy_address = menu.addAction("Copy address")
            copy_address.setData(address)
            copy_address.triggered.connect(self._on_copy)
        menu.addAction("Copy rows").triggered.connect(table.copy_rows)
        menu.addSeparator()
        expression = table.sheets.filter_of(index.row(), index.column())
        add_filter_menu(menu, expression, self._present(), self._on_filter)
        alone = table.sheets.address_filter(index.row(), index.column())
        if alone not in {"", expression}:
            add_filter_menu(menu, alone, self._present(), self._on_filter, title="Apply address as filter")
        menu.addSeparator()
        export = menu.addAction("Export table…")
        export.setEnabled(table is self._page.table)
        export.triggered.connect(self._page.export_requested)
        return menu

    @Slot(object, QPoint, QModelIndex)
    def show(self, table: SheetTable, position: QPoint, index: QModelIndex) -> None:
        """Build it and let the person choose."""
        self.build(table, index).exec(position)

    @Slot()
    def _on_copy(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            QGuiApplication.clipboard().setText(str(action.data()))

    @Slot()
    def _on_filter(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.filter_wanted.emit(str(action.data()))
