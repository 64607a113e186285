"""What can be done with a row of statistics or of history: copy, filter by it, write the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPoint, Slot
from PySide6.QtWidgets import QMenu

from trafficdesk.ui.filter_menu import FilterMenu

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.ui.panels.history import HistoryPage
    from trafficdesk.ui.panels.sheet_table import SheetTable
    from trafficdesk.ui.panels.statistics import StatisticsPage


class StatisticsMenu(FilterMenu):
    """Builds the menu for the cell that was clicked.

    Parameters
    ----------
    present : the filter that is applied now.
    """

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
        text = table.sheets.text(index.row(), index.column()).strip()
        self.add_copy(menu, "Copy value", text)
        address = table.sheets.address(index.row(), index.column())
        if address not in {"", text}:
            self.add_copy(menu, "Copy address", address)
        menu.addAction("Copy rows").triggered.connect(table.copy_rows)
        menu.addSeparator()
        expression = table.sheets.filter_of(index.row(), index.column())
        self.add_filters(menu, expression, self._present())
        alone = table.sheets.address_filter(index.row(), index.column())
        if alone not in {"", expression}:
            self.add_filters(menu, alone, self._present(), title="Apply address as filter")
        menu.addSeparator()
        export = menu.addAction("Export table…")
        export.setEnabled(table is self._page.table)
        export.triggered.connect(self._page.export_requested)
        return menu

    @Slot(object, QPoint, QModelIndex)
    def show(self, table: SheetTable, position: QPoint, index: QModelIndex) -> None:
        """Build it and let the person choose."""
        self.build(table, index).exec(position)
