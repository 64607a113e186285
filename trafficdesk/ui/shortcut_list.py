"""The list of keyboard shortcuts, F1."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from trafficdesk.ui import theme
from trafficdesk.ui.actions import shortcut_rows
from trafficdesk.ui.labels import plain_label

_SIDE_BY_SIDE: Final = 2


class ShortcutList(QDialog):
    """Keys and what they do, side by side: one beneath the other they would be higher than a small screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(6 * theme.SPACING)
        grid.setVerticalSpacing(2 * theme.SPACING)
        rows = shortcut_rows()
        high = -(-len(rows) // _SIDE_BY_SIDE)
        for number, (keys, words) in enumerate(rows):
            label = plain_label(keys)
            label.setFont(theme.mono_font())
            side, row = divmod(number, high)
            grid.addWidget(label, row, 3 * side)
            grid.addWidget(plain_label(words), row, 3 * side + 1)
            if side:
                grid.setColumnMinimumWidth(3 * side - 1, 4 * theme.SPACING)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(4 * theme.SPACING)
        column.addLayout(grid)
        column.addWidget(buttons)
