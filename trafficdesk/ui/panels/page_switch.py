"""Which page is in front: a button each, side by side, in the bar on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

if TYPE_CHECKING:
    from trafficdesk.ui.actions import Actions

PAGES: Final = ("show_packets", "show_statistics", "show_history")
"""Commands, in order."""


class PageSwitch(QWidget):
    """The buttons follow their commands: pressed, enabled and named as those are."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for name in PAGES:
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setProperty("class", "page")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setToolTip(f"{button.text()} ({actions[name].shortcut().toString()})")
            row.addWidget(button)
        self.setAccessibleName("Page")
