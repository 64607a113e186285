"""An error or a notice in its place: cause, remedy, Copy and dismiss; never a dialog in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from trafficdesk.ui import theme
from trafficdesk.ui.icons import icon, put_beside_words
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.ui.theme import Tokens


class Banner(QFrame):
    """Hidden until there is something to say; the text can be selected.

    Parameters
    ----------
    narrow : choices stand beneath the words: in a dialog there is no room beside them.
    """

    chosen = Signal(str)
    """The words of the button that was pressed under an offer."""

    def __init__(self, tokens: Tokens, parent: QWidget | None = None, *, narrow: bool = False) -> None:
        super().__init__(parent)
        self._title = _selectable("head")
        self._hint = _selectable("muted")
        self._copy = QPushButton("Copy")
        self._copy.setProperty("class", "small")
        self._copy.clicked.connect(self.copy)
        self._close = QToolButton()
        self._close.setText("Dismiss")
        self._close.setProperty("class", "small")
        self._close.clicked.connect(self.dismiss)
        words = QVBoxLayout()
        words.setSpacing(theme.SPACING // 2)
        words.addWidget(self._title)
        words.addWidget(self._hint)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(2 * theme.SPACING)
        row.addLayout(words, 1)
        self._choices = QHBoxLayout()
        self._choices.setSpacing(2 * theme.SPACING)
        if narrow:
            self._choices.setContentsMargins(0, theme.SPACING, 0, theme.SPACING)
            words.addLayout(self._choices)
            words.setAlignment(self._choices, Qt.AlignmentFlag.AlignLeft)
        else:
            row.addLayout(self._choices)
        row.addWidget(self._copy)
        row.addWidget(self._close)
        self._tokens = tokens
        self.hide()

    @property
    def text(self) -> str:
        """Cause and remedy, empty while nothing is shown."""
        return "" if self.isHidden() else f"{self._title.text()} {self._hint.text()}".strip()

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._tokens = tokens
        self._close.setIcon(icon("close", tokens.text))
        put_beside_words(self._copy, "copy", tokens.text)

    def show_error(self, error: TrafficDeskError) -> None:
        """What went wrong outside our code, and the remedy."""
        self.show_message(error.title, error.hint, "error")

    def show_warning(self, error: TrafficDeskError) -> None:
        """What went wrong without ending what is under way, and the remedy."""
        self.show_message(error.title, error.hint, "warning")

    def show_message(self, title: str, hint: str = "", kind: str = "notice") -> None:
        """Anything else worth a person's attention; `kind` is error, warning or notice."""
        self.apply_theme(self._tokens)
        self._remove_choices()
        self._copy.show()
        self._title.setText(visible(title))
        self._hint.setText(visible(hint))
        self._hint.setVisible(bool(hint))
        self.setProperty("class", f"banner-{kind}")
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()

    def offer(self, title: str, hint: str, choices: Sequence[str]) -> None:
        """Something to decide; the first choice is the likeliest. `chosen` answers."""
        self.show_message(title, hint)
        self._copy.hide()
        for number, words in enumerate(choices):
            button = QPushButton(words)
            button.setProperty("class", "small" if number else "primary")
            button.clicked.connect(self._on_choice)
            self._choices.addWidget(button)

    @Slot()
    def _on_choice(self) -> None:
        button = self.sender()
        if isinstance(button, QPushButton):
            self.dismiss()
            self.chosen.emit(button.text())

    def _remove_choices(self) -> None:
        while (item := self._choices.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    @Slot()
    def dismiss(self) -> None:
        """Nothing to say any more."""
        self.hide()

    @Slot()
    def copy(self) -> None:
        """Cause and remedy to the clipboard."""
        QGuiApplication.clipboard().setText(self.text)


def _selectable(style_class: str) -> QLabel:
    label = plain_label("", style_class)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
