"""The line beneath a sorted table: by what it is sorted, and what came since."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from trafficdesk.ui import theme
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.models.packet_page import TITLES, Column
from trafficdesk.ui.wording import thousands


class SortNote(QWidget):
    """Hidden while the table is in the order of the capture."""

    sort_again_clicked = Signal()
    capture_order_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = plain_label("", "muted")
        self.again = QPushButton("Sort them in")
        self.back = QPushButton("Capture order")
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.SPACING, theme.SPACING, 3 * theme.SPACING, theme.SPACING)
        row.setSpacing(theme.SPACING)
        row.addWidget(self._words, 1)
        for button in (self.again, self.back):
            button.setProperty("class", "small")
            row.addWidget(button)
        self.again.clicked.connect(self.sort_again_clicked)
        self.back.clicked.connect(self.capture_order_clicked)
        self.setProperty("class", "side")
        self.hide()

    @property
    def words(self) -> str:
        """What it says; empty while it is hidden."""
        return "" if self.isHidden() else self._words.text()

    def show_sorting(self, column: Column) -> None:
        """A thread is at it."""
        self._words.setText(f"Sorting by {TITLES[column]}…")
        self.again.hide()
        self.back.show()
        self.show()

    def show_sorted(self, by: tuple[Column, bool] | None, held: int) -> None:
        """By which column, whether the greatest is first, and how many packets came since; None hides it."""
        if by is None:
            self.hide()
            return
        column, descending = by
        words = f"Sorted by {TITLES[column]}, {'descending' if descending else 'ascending'}"
        if held:
            words += f" · {thousands(held)} new {'packet' if held == 1 else 'packets'} not shown yet"
        self._words.setText(words)
        self.again.setVisible(held > 0)
        self.back.show()
        self.show()
