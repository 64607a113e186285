"""Why this computer does not let TrafficDesk capture, and the exact command that changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QTextOption
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from trafficdesk.ui.icons import icon, pixmap
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.theme import mono_font

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from trafficdesk.capture.permission import PermissionGuide
    from trafficdesk.ui.theme import Tokens

_MAX_LINES = 6


class CommandBox(QPlainTextEdit):
    """A command that can be selected, as high as its lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFont(mono_font())
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTabChangesFocus(True)
        self.setAccessibleName("Command")
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.document().setDocumentMargin(8)

    def set_command(self, command: str) -> None:
        """Show `command`."""
        self.setPlainText(command)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrower box has more lines."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # A plain text document tells its height in lines.
        lines = min(max(int(self.document().size().height()), 1), _MAX_LINES)
        self.setFixedHeight(lines * QFontMetrics(self.font()).lineSpacing() + 20)


class PermissionCard(QFrame):
    """What to do; hidden while capturing is permitted.

    Signals
    -------
    retry_requested : the person has done it and wants it looked at again.
    """

    retry_requested = Signal()

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("class", "card")
        self.setAccessibleName("Permission to capture")
        self._lock = QLabel()
        self._why = _paragraph("")
        self._notes = _paragraph("muted")
        self.command = CommandBox()
        self.copy_button = QPushButton("Copy command")
        self.copy_button.clicked.connect(self._copy)
        self.retry_button = QPushButton("Retry")
        self.retry_button.setProperty("class", "primary")
        self.retry_button.clicked.connect(self.retry_requested)
        self._lay_out()
        self.apply_theme(tokens)
        self.hide()

    def set_guide(self, guide: PermissionGuide) -> None:
        """Show what `guide` says, nothing where capturing is permitted."""
        self.setVisible(not guide.permitted)
        self._why.setText(guide.why)
        notes = "\n".join(note for note in guide.notes if note)
        self._notes.setText(notes)
        self._notes.setVisible(bool(notes))
        self.command.set_command(guide.command)
        self.command.setVisible(bool(guide.command))
        self.copy_button.setVisible(bool(guide.command))
        self.copy_button.setText("Copy command")

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._lock.setPixmap(pixmap("lock", tokens.fourth, 20, scale=self.devicePixelRatioF()))
        self.copy_button.setIcon(icon("copy", tokens.text))
        self.retry_button.setIcon(icon("refresh", tokens.on_accent))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.command.toPlainText())
        self.copy_button.setText("Copied")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._lock)
        head.addWidget(plain_label("This program may not read network traffic yet", "head"), 1)
        column.addLayout(head)
        column.addWidget(self._why)
        column.addWidget(self.command)
        column.addWidget(self._notes)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.retry_button)
        buttons.addWidget(self.copy_button)
        buttons.addStretch(1)
        column.addLayout(buttons)


def _paragraph(style_class: str) -> QLabel:
    label = plain_label("", style_class)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
