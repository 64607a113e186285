"""The list of keyboard shortcuts, F1."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from trafficdesk.ui import theme
from trafficdesk.ui.actions import shortcut_rows
from trafficdesk.ui.labels import plain_label


class ShortcutList(QDialog):
    """Keys and what they do, in two columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(6 * theme.SPACING)
        grid.setVerticalSpacing(2 * theme.SPACING)
        for row, (keys, words) in enumerate(shortcut_rows()):
            label = plain_label(keys)
            label.setFont(theme.mono_font())
            grid.addWidget(label, row, 0)
            grid.addWidget(plain_label(words), row, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(4 * theme.SPACING)
        column.addLayout(grid)
        column.addWidget(buttons)
