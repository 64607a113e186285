"""The settings dialog's list of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from trafficdesk.ui import theme
from trafficdesk.ui.icons import icon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trafficdesk.ui.dialogs.settings_page import SettingsPage
    from trafficdesk.ui.theme import Tokens

_WIDTH: Final = 168
_ICON: Final = QSize(16, 16)
_SHEET: Final = (
    "QListWidget {{ padding: 12px 8px; }}"
    "QListWidget::item {{ height: 32px; padding-left: 8px; border-radius: 6px; color: {text}; }}"
    "QListWidget::item:selected {{ background: {selected}; }}"
)


class PageList(QListWidget):
    """A row per page, with its icon in the theme's colour."""

    def __init__(self, pages: Sequence[SettingsPage], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = [page.icon for page in pages]
        self.setAccessibleName("Pages")
        self.setFixedWidth(_WIDTH)
        self.setIconSize(_ICON)
        for page in pages:
            item = QListWidgetItem(page.title)
            item.setSizeHint(QSize(0, theme.CONTROL_HEIGHT))
            self.addItem(item)

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        for row, name in enumerate(self._icons):
            self.item(row).setIcon(icon(name, tokens.text))
        self.setStyleSheet(_SHEET.format(selected=tokens.accent_background, text=tokens.text))
