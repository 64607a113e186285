"""What can be said of an incident, as buttons of its card and as a menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint

EVIDENCE: Final = "evidence"
CHOICES: Final = (
    ("expected", "Expected", "It belongs here: what is like it is counted, not flagged (E)"),
    ("suspicious", "Suspicious", "What is like it scores higher from now on (X)"),
    ("once", "Just this once", "Away with it, and nothing is learned (Shift+E)"),
    ("suppress", "Suppress…", "A rule by program, peer, port, family or reason (Ctrl+Shift+X)"),
    (EVIDENCE, "Save evidence…", "Its packets, rows, reasons and a page, as one zip"),
)
"""What is said, words, tip."""
_BUTTONS: Final = 2
"""Those that stand for themselves; a panel is narrow, the others are in the menu behind them."""


class CorrectionButtons(QWidget):
    """One small button per choice.

    Signals
    -------
    chosen : first of a choice.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(4)
        for name, words, tip in (
            *CHOICES[:_BUTTONS],
            ("", "More", "Just this once, a rule, or its evidence"),
        ):
            button = QToolButton()
            button.setText(words)
            button.setToolTip(tip)
            button.setObjectName(name)
            button.setProperty("class", "small")
            button.clicked.connect(self._on_clicked if name else self._on_more)
            row.addWidget(button)
        row.addStretch(1)

    def choose_in_menu(self, at: QPoint, first: int = 0) -> None:
        """The choices from the `first` on as a menu at a place of the screen."""
        menu = QMenu(self)
        for name, words, tip in CHOICES[first:]:
            action = menu.addAction(words)
            action.setToolTip(tip)
            action.setData(name)
        chosen = menu.exec(at)
        if chosen is not None:
            self.chosen.emit(str(chosen.data()))
        menu.deleteLater()

    @Slot()
    def _on_more(self) -> None:
        button = self.sender()
        self.choose_in_menu(button.mapToGlobal(button.rect().bottomLeft()), _BUTTONS)  # type: ignore[attr-defined]  # ours

    @Slot()
    def _on_clicked(self) -> None:
        self.chosen.emit(self.sender().objectName())
