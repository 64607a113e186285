"""What stands where a table has nothing to show: one sentence and at most one button."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from trafficdesk.ui import theme
from trafficdesk.ui.labels import plain_label


class EmptyState(QWidget):
    """A sentence in the middle."""

    clicked = Signal()
    """The button."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = plain_label("", "muted")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setWordWrap(True)
        self._button = QPushButton()
        self._button.clicked.connect(self.clicked)
        column = QVBoxLayout(self)
        column.setSpacing(3 * theme.SPACING)
        column.addStretch(1)
        column.addWidget(self._sentence)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.setProperty("class", "side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    @property
    def sentence(self) -> str:
        """What it says."""
        return self._sentence.text()

    def say(self, sentence: str, button: str = "") -> None:
        """Say this; offer `button` where there is a next step."""
        self._sentence.setText(sentence)
        self._button.setText(button)
        self._button.setVisible(bool(button))
