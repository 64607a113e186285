"""The page of detection's way to learn from the history: the window's own command, which asks and answers in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QPushButton, QScrollArea, QVBoxLayout, QWidget

from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.panels.banner import Banner

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from trafficdesk.ui.theme import Tokens

_HINT: Final = (
    "What is usual can also be learned from the packets that the history holds, where it keeps every packet."
)

_BENEATH: Final = 24
"""Pixels that stay in sight beneath it."""


class LearningRow(QWidget):
    """A button that says what the command says, and a banner beneath it.

    Parameters
    ----------
    action : the window's command; its text changes while it is under way.
    """

    def __init__(self, action: QAction, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.button.setProperty("class", "small")
        self.button.clicked.connect(self._on_clicked)
        self.banner = Banner(tokens, narrow=True)
        hint = plain_label(_HINT, "muted")
        hint.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(hint)
        column.addWidget(self.button)
        column.setAlignment(self.button, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.banner)
        action.changed.connect(self._follow)
        self._follow()

    @Slot()
    def _on_clicked(self) -> None:
        self._action.trigger()
        QTimer.singleShot(0, self, self._reveal)

    @Slot()
    def _reveal(self) -> None:
        """Scroll to what is said, once the page has grown by it."""
        around = self.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        if around is not None:
            around.ensureWidgetVisible(self.banner, 0, _BENEATH)

    @Slot()
    def _follow(self) -> None:
        self.button.setText(self._action.text())
        self.button.setEnabled(self._action.isEnabled())
