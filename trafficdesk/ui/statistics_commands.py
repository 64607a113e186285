"""What a person can do with the page of statistics: filter by a row, write a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from trafficdesk.ui.export_controller import with_suffix
from trafficdesk.ui.statistics_menu import StatisticsMenu

if TYPE_CHECKING:
    from trafficdesk.ui.main_window import MainWindow
    from trafficdesk.ui.statistics_controller import StatisticsController


class StatisticsCommands(QObject):
    """Asks the person where it must, then tells the controller."""

    def __init__(self, window: MainWindow, statistics: StatisticsController, parent: QObject) -> None:
        super().__init__(parent)
        self._window = window
        self._statistics = statistics
        self._menu = StatisticsMenu(
            self._window.statistics, lambda: self._window.filter_bar.applied_expression, self
        )
        self._menu.filter_wanted.connect(self._on_filter)
        self._window.statistics.export_requested.connect(self.export)
        self._statistics.exported.connect(self._on_exported)
        self._statistics.failed.connect(self._window.banner.show_error)

    @Slot()
    def export(self) -> None:
        """Write the table in front."""
        request = self._window.statistics.request
        name = f"{request.tab.value} {request.kind.value}.csv".lower().replace(" ", "-")
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Export the table as CSV", name, "CSV (*.csv)")
        if chosen:
            self._window.banner.dismiss()
            self._statistics.export(with_suffix(chosen, ".csv"))

    @Slot(str)
    def _on_filter(self, expression: str) -> None:
        self._window.filter_bar.set_expression(expression)
        self._window.show_packets()

    @Slot(int, str)
    def _on_exported(self, rows: int, path: str) -> None:
        self._window.banner.show_message(f"{rows:,} rows were exported to {path}.")
