"""Why this computer does not let TrafficDesk capture, and the exact command that changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
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

from trafficdesk.ui.icons import pixmap, put_beside_words
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.theme import mono_font

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from trafficdesk.capture.permission import PermissionGuide
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.ui.theme import Tokens

_MAX_LINES = 6
_ALLOW = "Allow capturing…"
_ALLOWING = "Waiting for the authentication…"
_TYPE = "Type this in a terminal: TrafficDesk waits for it, and goes on by itself."
_OR_TYPE = "Or type this in a terminal: TrafficDesk waits for it, too, and goes on by itself."
_FOR_GOOD = "Or allow it for good."


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


class CommandRow(QWidget):
    """A sentence, the command it speaks of, and a button that copies it; hidden without a command."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = _paragraph("muted")
        self.box = CommandBox()
        self.copy_button = QPushButton("Copy command")
        self.copy_button.clicked.connect(self._copy)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.box, 1)
        row.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.sentence)
        column.addLayout(row)
        self.hide()

    def show_command(self, sentence: str, command: str) -> None:
        """Show `command`, and what it is for."""
        self.setVisible(bool(command))
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        self.copy_button.setText("Copy command")
        self.box.set_command(command)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.box.toPlainText())
        self.copy_button.setText("Copied")


class PermissionCard(QFrame):
    """What to do; hidden while capturing is permitted.

    Signals
    -------
    retry_requested : the person has done it and wants it looked at again.
    allow_requested : the system shall ask for an administrator's password.
    """

    retry_requested = Signal()
    allow_requested = Signal()

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("class", "card")
        self.setAccessibleName("Permission to capture")
        self._guide: PermissionGuide | None = None
        self._typed = ""
        self._lock = QLabel()
        self._why = _paragraph("")
        self._notes = _paragraph("muted")
        self.outcome = _paragraph("error")
        self.outcome.hide()
        self.now = CommandRow()
        self.lasting = CommandRow()
        self.command, self.copy_button = self.now.box, self.now.copy_button
        self.allow_button = QPushButton(_ALLOW)
        self.allow_button.clicked.connect(self.allow_requested)
        self.retry_button = QPushButton("Retry")
        self.retry_button.clicked.connect(self._retry)
        self._lay_out()
        self._tokens = tokens
        self.apply_theme(tokens)
        self.hide()

    def set_guide(self, guide: PermissionGuide) -> None:
        """Show what `guide` says, nothing where capturing is permitted; the same again changes nothing."""
        if guide == self._guide:
            return
        self._guide = guide
        self.setVisible(not guide.permitted)
        self._why.setText(guide.why)
        self.outcome.hide()
        self.allow_button.setVisible(bool(guide.ask))
        _make_primary(self.allow_button, primary=bool(guide.ask))
        _make_primary(self.retry_button, primary=not guide.ask)
        notes = "\n".join(note for note in guide.notes if note)
        self._notes.setText(notes)
        self._notes.setVisible(bool(notes))
        self._show_commands()
        self.apply_theme(self._tokens)

    def show_waiting(self, command: str) -> None:
        """Show a command that this window waits for; empty = it waits for none."""
        if command != self._typed:
            self._typed = command
            self._show_commands()

    def show_asking(self, *, asking: bool) -> None:
        """Whether the system's authentication dialog is open."""
        self.allow_button.setEnabled(not asking)
        self.allow_button.setText(_ALLOWING if asking else _ALLOW)
        if asking:
            self.outcome.hide()

    def show_failure(self, error: TrafficDeskError) -> None:
        """Say why the permission did not come."""
        self.outcome.setText(str(error))
        self.outcome.show()

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._tokens = tokens
        asked = self._guide is not None and bool(self._guide.ask)
        self._lock.setPixmap(pixmap("lock", tokens.fourth, 20, scale=self.devicePixelRatioF()))
        for row in (self.now, self.lasting):
            put_beside_words(row.copy_button, "copy", tokens.text)
        put_beside_words(self.allow_button, "lock", tokens.on_accent)
        put_beside_words(self.retry_button, "refresh", tokens.text if asked else tokens.on_accent)

    def _show_commands(self) -> None:
        guide = self._guide
        if guide is None:
            return
        if self._typed:
            self.now.show_command(_OR_TYPE if guide.ask else _TYPE, self._typed)
            self.lasting.show_command(f"{_FOR_GOOD} {guide.effect}", guide.command if guide.lasts else "")
        else:
            self.now.show_command(guide.effect, guide.command)
            self.lasting.show_command("", "")

    @Slot()
    def _retry(self) -> None:
        self.outcome.hide()
        self.retry_requested.emit()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._lock)
        head.addWidget(plain_label("Capturing needs your permission", "head"), 1)
        column.addLayout(head)
        column.addWidget(self._why)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.allow_button)
        buttons.addWidget(self.retry_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addWidget(self.outcome)
        column.addWidget(self.now)
        column.addWidget(self.lasting)
        column.addWidget(self._notes)


def _make_primary(button: QPushButton, *, primary: bool) -> None:
    button.setProperty("class", "primary" if primary else "")
    button.style().unpolish(button)
    button.style().polish(button)


def _paragraph(style_class: str) -> QLabel:
    label = plain_label("", style_class)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
