"""The button that really sends a test mail, and what the server said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
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

from trafficdesk.errors import AlertError
from trafficdesk.ui.dialogs.job import Job
from trafficdesk.ui.icons import put_beside_words
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.theme import mono_font
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.settings import MailSettings
    from trafficdesk.ui.theme import Tokens

SendTest = Callable[["MailSettings", "str | None"], str]
_DIALOGUE_HEIGHT: Final = 144


class MailTrial(QFrame):
    """Sends in a thread; shows the outcome and the whole conversation, selectable.

    Signals
    -------
    requested : the button was pressed.
    ended : whether the mail was handed over.
    """

    requested = Signal()
    ended = Signal(bool)

    def __init__(self, send: SendTest, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._send = send
        self._job: Job | None = None
        self._recipients = ""
        self.setProperty("class", "card")
        self.button = QPushButton("Send test e-mail")
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self.requested)
        self.outcome = _selectable()
        self.hint = _selectable("muted")
        self.dialogue = QPlainTextEdit()
        self.dialogue.setReadOnly(True)
        self.dialogue.setFont(mono_font())
        self.dialogue.setFixedHeight(_DIALOGUE_HEIGHT)
        self.dialogue.setAccessibleName("Conversation with the mail server")
        self.dialogue.setTabChangesFocus(True)
        self._lay_out()
        self.apply_theme(tokens)

    def start(self, mail: MailSettings, password: str | None) -> None:
        """Send; does nothing while a mail is on its way."""
        if self._job is not None:
            return
        self._recipients = ", ".join(mail.recipients)
        self.button.setEnabled(False)
        self._say("", f"Talking to {mail.server}:{mail.port} …", "")
        send = self._send
        self._job = Job(lambda: send(mail, password), "Sending the test e-mail")
        self._job.succeeded.connect(self._succeed)
        self._job.failed.connect(self._fail)
        self._job.start()

    def show_problem(self, words: str) -> None:
        """Say what is missing before anything is sent."""
        self._say("error", words, "")

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        put_beside_words(self.button, "mail", tokens.text)

    @Slot(object)
    def _succeed(self, dialogue: str) -> None:
        self._end()
        self._say(
            "",
            f"Sent. Look into the inbox of {self._recipients}.",
            "Save the settings to keep them.",
            dialogue,
        )
        self.ended.emit(True)  # Qt's signals take positions

    @Slot(object)
    def _fail(self, error: TrafficDeskError) -> None:
        self._end()
        dialogue = error.dialogue if isinstance(error, AlertError) else ""
        self._say("error", error.title, error.hint, dialogue)
        self.ended.emit(False)

    def _end(self) -> None:
        self._job = None
        self.button.setEnabled(True)

    def _say(self, style_class: str, outcome: str, hint: str, dialogue: str = "") -> None:
        self.outcome.setProperty("class", style_class)
        self.outcome.style().unpolish(self.outcome)
        self.outcome.style().polish(self.outcome)
        self.outcome.setText(visible(outcome))
        self.hint.setText(visible(hint))
        self.hint.setVisible(bool(hint))
        self.dialogue.setPlainText("\n".join(visible(line) for line in dialogue.splitlines()))
        self.dialogue.setVisible(bool(dialogue))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.outcome)
        column.addWidget(self.hint)
        column.addWidget(self.dialogue)
        self.outcome.setText("Sends a mail with what is entered above, saved or not.")
        self.hint.hide()
        self.dialogue.hide()


def _selectable(style_class: str = "") -> QLabel:
    label = plain_label("", style_class)
    label.setWordWrap(True)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
