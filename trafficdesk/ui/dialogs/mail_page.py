"""Settings of alerts: notices, the mail account's provider, account, password, and a test that really sends."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, cast

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from trafficdesk.alerts.policy import quiet_span
from trafficdesk.settings.secrets import ENVIRONMENT, MailPassword
from trafficdesk.ui.dialogs.choice_editors import prepare_choice
from trafficdesk.ui.dialogs.job import Job
from trafficdesk.ui.dialogs.mail_presets import BY_NAME, PRESETS
from trafficdesk.ui.dialogs.mail_trial import MailTrial
from trafficdesk.ui.dialogs.settings_page import SettingsPage
from trafficdesk.ui.notices import no_notices

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.settings import MailSettings
    from trafficdesk.ui.dialogs.field_editors import FieldEditor, TextEditor
    from trafficdesk.ui.dialogs.mail_trial import SendTest
    from trafficdesk.ui.theme import Tokens

_OWN: Final = "Another provider"
_LOOK_AFTER_MS: Final = 400
_LIMITS: Final = (
    "sender",
    "recipients",
    "minimum_severity",
    "max_per_hour",
    "quiet_hours",
    "quiet_severity",
    "digest_hours",
    "evidence_mib",
    "evidence_wait_s",
    "webhook",
    "timeout_s",
)
_NONE: Final = "Kept in the system's keyring, never in a file."
_KEPT: Final = "Leave blank to keep it; what you enter replaces it."


class PasswordStore(Protocol):
    """Where the password is kept; see `settings.secrets.MailPassword`."""

    def get(self, server: str, user: str) -> str:
        """The password, empty where none is known; may block."""
        ...

    def set(self, server: str, user: str, password: str) -> bool:
        """Remember it; whether for good. May block."""
        ...


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """Where an account's password is; never the password."""

    account: tuple[str, str]
    place: str
    """Words after "stored", empty = none is stored."""


def locate(secrets: PasswordStore, server: str, user: str) -> StoredPassword:
    """Look where the account's password is stored; may block on a locked keyring."""
    if os.environ.get(ENVIRONMENT):
        place = "in the environment"
    elif MailPassword().get(server, user):
        place = "in the system's keyring"
    elif secrets.get(server, user):
        place = "until TrafficDesk is closed"
    else:
        place = ""
    return StoredPassword((server, user), place)


class PasswordEditor(QLineEdit):
    """A new password; blank keeps the stored one, which is never shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setAccessibleName("Password")

    def password(self) -> str | None:
        """What was typed; None = keep."""
        return self.text() or None


class MailPage(SettingsPage):
    """Where alerts are mailed.

    Signals
    -------
    looked : the account's `StoredPassword` is known.
    complained : what is missing before a test can be sent, in a sentence; "" = nothing.

    Parameters
    ----------
    secrets : where the password is kept.
    send_test : sends a test mail with the given settings and password (None: the stored one); returns the dialogue.
    """

    title: ClassVar[str] = "Alerts"
    icon: ClassVar[str] = "mail"
    intro: ClassVar[str] = (
        "A flagged incident can be told: once when it opens, again only when it grows tenfold."
    )

    looked = Signal(object)
    complained = Signal(str)

    def __init__(
        self, section: MailSettings, tokens: Tokens, *, secrets: PasswordStore, send_test: SendTest
    ) -> None:
        self._secrets = secrets
        self._send_test = send_test
        self._looking: Job | None = None
        super().__init__(section, tokens)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LOOK_AFTER_MS)
        self._timer.timeout.connect(self.look_for_password)
        for name in ("server", "user"):
            cast("TextEditor", self.editors[name]).textChanged.connect(self._account_changed)
        self.look_for_password()

    def build(self) -> None:
        """Provider, account, password, addresses, limits, test."""
        self.add_field("notify", tip=no_notices() or None)
        self.add_field("enabled")
        self.provider = QComboBox()
        prepare_choice(self.provider)
        self.provider.setAccessibleName("Provider")
        self.provider.addItems((_OWN, *BY_NAME))
        self.provider.activated.connect(self._take_preset)
        self._note = self.add_row("Provider", self.provider)
        for name in ("server", "port", "security", "user"):
            self.add_field(name)
        self.password = PasswordEditor()
        self.password.textEdited.connect(self.edited)
        self._place = self.add_row("Password", self.password, _NONE)
        for name in _LIMITS:
            self.add_field(name)
        cast("TextEditor", self.editors["user"]).editingFinished.connect(self._offer_sender)
        self.trial = MailTrial(self._send_test, self.tokens)
        self.trial.requested.connect(self._try)
        self.column.addWidget(self.trial)
        self._show_preset()

    def problem(self) -> tuple[str, QWidget] | None:
        """Also: what an enabled mail alert can't do without."""
        mail = self.section()
        if mail.quiet_hours and quiet_span(mail.quiet_hours) is None:
            return "Write quiet hours like 22:00-07:00.", self.editors["quiet_hours"]
        if mail.webhook and not mail.webhook.startswith(("https://", "http://")):
            return "The webhook is an address that begins with https://.", self.editors["webhook"]
        return super().problem() or (self._missing() if mail.enabled else None)

    def keeping(self) -> Callable[[], bool] | None:
        """Stores the password that was typed."""
        password, mail = self.password.password(), self.section()
        return partial(self._secrets.set, mail.server, mail.user, password) if password is not None else None

    def kept(self) -> None:
        """Say where the password is now."""
        self.password.clear()
        self.look_for_password()

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        super().apply_theme(tokens)
        self.trial.apply_theme(tokens)

    @Slot()
    def look_for_password(self) -> None:
        """Find out where the account's password is stored, in a thread: a keyring may ask to be unlocked."""
        if self._looking is not None:
            return
        mail = self.section()
        if not mail.server:
            self.password.setPlaceholderText("enter the server first")
            return
        secrets = self._secrets
        self._looking = Job(lambda: locate(secrets, mail.server, mail.user), "Looking into the keyring")
        self._looking.succeeded.connect(self._show_place)
        self._looking.failed.connect(self._stop_looking)
        self._looking.start()

    def _missing(self) -> tuple[str, QWidget] | None:
        mail = self.section()
        if not mail.server:
            return "Enter the mail server, or choose a provider.", self.editors["server"]
        if not _is_address(mail.sender):
            return "Enter the address the mails come from, like you@example.com.", self.editors["sender"]
        wrong = next((recipient for recipient in mail.recipients if not _is_address(recipient)), None)
        if wrong is not None:
            return f"“{wrong}” is not an e-mail address.", self.editors["recipients"]
        if not mail.recipients:
            return "Enter at least one address the mails go to.", self.editors["recipients"]
        return None

    @Slot()
    def _try(self) -> None:
        missing = self._missing()
        self.complained.emit(missing[0] if missing else "")
        if missing is not None:
            self.trial.show_problem(missing[0])
            missing[1].setFocus()
            return
        self.trial.start(self.section(), self.password.password())

    @Slot(object)
    def _show_place(self, stored: StoredPassword) -> None:
        self._looking = None
        mail = self.section()
        if stored.account != (mail.server, mail.user):
            self._timer.start()
            return
        kept = f"stored {stored.place}" if stored.place else "none stored"
        self.password.setPlaceholderText(kept)
        self.password.setAccessibleDescription(kept)
        self._place.setText(_KEPT if stored.place else _NONE)
        self.looked.emit(stored)

    @Slot(object)
    def _stop_looking(self, _error: object) -> None:
        self._looking = None
        self.password.setPlaceholderText("")

    def _account_changed(self) -> None:
        self._show_preset()
        self._timer.start()

    def _take_preset(self) -> None:
        preset = BY_NAME.get(self.provider.currentText())
        if preset is not None:
            for name in ("server", "port", "security"):
                cast("FieldEditor", self.editors[name]).set_field_value(getattr(preset, name))
            self.edited.emit()
        self._say_note()

    def _show_preset(self) -> None:
        """Name the provider whose server is entered."""
        server = self.section().server
        found = next((preset.name for preset in PRESETS if preset.server == server), _OWN)
        self.provider.setCurrentText(found)
        self._say_note()

    def _say_note(self) -> None:
        preset = BY_NAME.get(self.provider.currentText())
        self._note.setText(preset.note if preset else "")
        self._note.setVisible(preset is not None)

    def _offer_sender(self) -> None:
        mail = self.section()
        if _is_address(mail.user) and not mail.sender:
            cast("FieldEditor", self.editors["sender"]).set_field_value(mail.user)


def _is_address(text: str) -> bool:
    """Something@something, without what could end a header (RFC 5322 has the rest; the server judges it)."""
    local, _, domain = text.rpartition("@")
    return bool(local and domain) and text.isprintable() and not any(char in ' ,;<>"' for char in text)
