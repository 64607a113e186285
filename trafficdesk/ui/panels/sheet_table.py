"""A table of statistics: sorted by a click on its head, copied as TSV, with a menu for the row under the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFont, QFontMetrics, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QHeaderView

from trafficdesk.metrics.sheets import Form
from trafficdesk.ui import theme
from trafficdesk.ui.models.sheet_cells import NUMBERS
from trafficdesk.ui.models.sheet_model import SheetModel
from trafficdesk.ui.panels.row_table import COPIED_ROWS, RowTable
from trafficdesk.ui.panels.sheet_delegate import PADDING, SheetDelegate
from trafficdesk.ui.wording import pasted, visible

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget

    from trafficdesk.metrics.sheets import Sheet
    from trafficdesk.ui.address_names import AddressNames

_SAMPLES: Final = {
    Form.TEXT: "TCP handshake",
    Form.IP: "192.168.100.100",
    Form.MAC: "00:00:00:00:00:00",
    Form.PORT: "65535",
    Form.COUNT: "1,234,567",
    Form.BYTES: "123,456,789",
    Form.SECONDS: "1,234.567890",
    Form.MILLISECONDS: "1,234 ms",
    Form.BITS_PER_S: "123 Mbit/s",
    Form.SHARE: "100.0 %",
    Form.NAMED: "example.com",
}
"""Texts that set the columns' first widths."""
_ROUNDING: Final = 4
"""Pixels that a width in whole numbers may be short of, and the style's own margin."""
_ARROW: Final = " ↓"
_WIDEST: Final = 360
_MEASURED_ROWS: Final = 200


class SheetTable(RowTable):
    """A table view for a `SheetModel` of its own."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sheets = SheetModel(self)
        self._delegate = SheetDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setModel(self.sheets)
        self.setAccessibleName(name)
        self._fitted: tuple[str, ...] = ()
        self._stretched = False
        self._set_head()
        self.horizontalHeader().sectionClicked.connect(self._on_head_clicked)

    def show_sheet(self, sheet: Sheet, *, newer: bool, sorted_by: str = "") -> None:
        """Show a sheet; a fresh one is sorted by the column `sorted_by`, largest first, and read from its top."""
        self.sheets.set_sheet(sheet, newer=newer)
        names = tuple(column.name for column in sheet.columns)
        if not newer or names != self._fitted:
            self.sheets.sort(names.index(sorted_by) if sorted_by else -1, Qt.SortOrder.DescendingOrder)
            self.scrollToTop()
        if names != self._fitted and len(sheet):
            self._fitted = names
            self._fit_columns(sheet)

    def set_names(self, names: AddressNames | None) -> None:
        """Show names instead of addresses, or addresses again."""
        self.sheets.set_names(names)
        if self.sheets.sheet is not None and len(self.sheets.sheet):
            self._fit_columns(self.sheets.sheet)

    def stretch_first(self) -> None:
        """The first column takes the room that the others leave."""
        self._stretched = True

    def selected_rows(self) -> list[int]:
        """Rows selected, from the top."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    @Slot()
    def copy_rows(self) -> None:
        """Selected rows, all where none is, to the clipboard as TSV with a header line."""
        sheet = self.sheets.sheet
        if sheet is None:
            return
        rows = self.selected_rows() or range(self.sheets.rowCount())
        lines = ["\t".join(column.title for column in sheet.columns)]
        for row in rows[:COPIED_ROWS]:
            values = (column.plain(self.sheets.sheet_row(row)) for column in sheet.columns)
            lines.append("\t".join(map(_cell, values)))
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies rows, not the current cell alone."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_rows()
            event.accept()
            return
        super().keyPressEvent(event)

    @Slot(int)
    def _on_head_clicked(self, column: int) -> None:
        self.sheets.sort(column, self.sheets.next_order(column))

    def _set_head(self) -> None:
        header = self.horizontalHeader()
        header.setFixedHeight(theme.ROW_HEIGHT + theme.SPACING)
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(40)

    def _fit_columns(self, sheet: Sheet) -> None:
        font = theme.ui_font()
        font.setWeight(QFont.Weight.DemiBold)
        head = QFontMetrics(font)
        seen = range(min(self.sheets.rowCount(), _MEASURED_ROWS))
        for number, column in enumerate(sheet.columns):
            texts = [_SAMPLES[column.form]]
            if column.form not in NUMBERS:
                texts += [self.sheets.text(row, number) for row in seen]
            widest = max(map(self._delegate.width_of, texts))
            title = head.horizontalAdvance(column.title + _ARROW) + 2 * PADDING
            self.setColumnWidth(number, min(max(widest, title) + _ROUNDING, _WIDEST))
        if self._stretched:
            self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)


def _cell(value: str | float | None) -> str:
    """As it is pasted elsewhere."""
    if value is None:
        return ""
    return pasted(visible(value.strip())) if isinstance(value, str) else str(value)
