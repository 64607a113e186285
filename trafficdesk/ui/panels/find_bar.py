"""The line beneath the table in which a text is looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from trafficdesk.ui import theme
from trafficdesk.ui.labels import plain_label

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent


class FindBar(QWidget):
    """Hidden until a person wants to find something."""

    find_requested = Signal(str, bool)
    """The text, and whether forwards."""
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit()
        self.line.setPlaceholderText("Text in info, addresses, protocol or host")
        self.line.setAccessibleName("Find in packets")
        self.line.setMaxLength(200)
        self.previous = QPushButton("Previous")
        self.next = QPushButton("Next")
        self.close_button = QPushButton("Close")
        self._words = plain_label("", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.SPACING, theme.SPACING, 3 * theme.SPACING, theme.SPACING)
        row.setSpacing(2 * theme.SPACING)
        row.addWidget(plain_label("Find"))
        row.addWidget(self.line, 2)
        for button in (self.previous, self.next):
            button.setProperty("class", "small")
            row.addWidget(button)
        row.addWidget(self._words, 1)
        self.close_button.setProperty("class", "small")
        row.addWidget(self.close_button)
        self.line.returnPressed.connect(self.find_next)
        self.next.clicked.connect(self.find_next)
        self.previous.clicked.connect(self.find_previous)
        self.close_button.clicked.connect(self.dismiss)
        self.setProperty("class", "side")
        self.hide()

    @property
    def words(self) -> str:
        """What became of the last search."""
        return self._words.text()

    def begin(self) -> None:
        """Show it, ready to be written into."""
        self.show()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()

    def say(self, words: str) -> None:
        """What became of a search."""
        self._words.setText(words)

    @Slot()
    def find_next(self) -> None:
        """Look downwards."""
        self._find(forwards=True)

    @Slot()
    def find_previous(self) -> None:
        """Look upwards."""
        self._find(forwards=False)

    @Slot()
    def dismiss(self) -> None:
        """Hide it."""
        self.hide()
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
            event.accept()
            return
        super().keyPressEvent(event)

    def _find(self, *, forwards: bool) -> None:
        if self.line.text().strip():
            self.find_requested.emit(self.line.text().strip(), forwards)
