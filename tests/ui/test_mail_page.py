"""`ui.dialogs.mail_page` and `mail_trial`: providers, the password out of sight, a test that really sends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit

from tests.helpers.mail_server import PASSWORD, USER, Authority, free_port, mail_server, make_authority
from trafficdesk.alerts.smtp import send_test
from trafficdesk.errors import AlertError
from trafficdesk.settings import MailSecurity, MailSettings, secrets
from trafficdesk.ui.dialogs.mail_page import MailPage
from trafficdesk.ui.dialogs.mail_presets import PRESETS
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

GOOD = MailSettings(
    enabled=True,
    server="mail.example.com",
    user=USER,
    sender=USER,
    recipients=("a@example.com",),
    timeout_s=5.0,
)


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring of whoever runs the tests is not asked."""
    monkeypatch.setattr(secrets, "_from_keyring", lambda _service, _account: "")
    monkeypatch.setattr(secrets, "_to_keyring", lambda _service, _account, _password: False)
    monkeypatch.delenv(secrets.ENVIRONMENT, raising=False)


def refuse(_mail: MailSettings, _password: str | None) -> str:
    raise AssertionError("nothing was to be sent")


def a_page(qtbot: QtBot, mail: MailSettings = GOOD, send: object = refuse, store: object = None) -> MailPage:
    page = MailPage(mail, LIGHT, secrets=store or secrets.MailPassword(), send_test=send)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page._looking is None)
    return page


def test_the_password_is_never_shown(qtbot: QtBot) -> None:
    """A stored one is named with its place, its letters are nowhere in the dialog; a new one is dots."""
    store = secrets.MailPassword()
    store.set(GOOD.server, GOOD.user, "hunter2-hunter2")
    page = a_page(qtbot, store=store)
    assert page.password.placeholderText() == "stored until TrafficDesk is closed"
    texts = [label.text() for label in page.findChildren(QLabel)] + [
        text
        for edit in page.findChildren(QLineEdit)
        for text in (edit.text(), edit.placeholderText(), edit.toolTip())
    ]
    assert not any("hunter2" in text for text in texts)
    page.password.setText("secret")
    assert page.password.displayText() != "secret"


def test_blank_means_keep(qtbot: QtBot) -> None:
    """Nothing typed is no new password."""
    page = a_page(qtbot)
    assert page.password.password() is None
    assert page.password.placeholderText() == "none stored"
    page.password.setText("new")
    assert page.password.password() == "new"


def test_another_account_is_looked_up_anew(qtbot: QtBot) -> None:
    """The place follows server and user name."""
    store = secrets.MailPassword()
    store.set(GOOD.server, "b", "x")
    page = a_page(qtbot, store=store)
    with qtbot.waitSignal(page.looked) as signal:
        page.editors["user"].setText("b")
    assert signal.args[0].account == (GOOD.server, "b")
    assert page.password.placeholderText().startswith("stored")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_provider_fills_server_port_and_security(qtbot: QtBot, preset: object) -> None:
    """And says what its users stumble over; the port goes with the security (RFC 8314)."""
    page = a_page(qtbot, MailSettings())
    page.provider.setCurrentText(preset.name)
    with qtbot.waitSignal(page.edited):
        page.provider.activated.emit(page.provider.currentIndex())
    mail = page.section()
    assert (mail.server, mail.port, mail.security) == (preset.server, preset.port, preset.security)
    assert (mail.port == 465) == (mail.security is MailSecurity.TLS)
    assert page._note.isVisible()


def test_a_known_server_names_its_provider(qtbot: QtBot) -> None:
    """Opening the dialog again shows what was chosen; another server is another provider."""
    page = a_page(qtbot, replace(GOOD, server="smtp.fastmail.com"))
    assert page.provider.currentText() == "Fastmail"
    page.editors["server"].setText("smtp.example.com")
    assert page.provider.currentText() == "Another provider"


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"server": ""}, "server", "mail server"),
        ({"sender": "nobody"}, "sender", "come from"),
        ({"sender": "a@b\u2028Bcc: c"}, "sender", "come from"),
        ({"recipients": ()}, "recipients", "at least one"),
        ({"recipients": ("a@example.com", "b example.com")}, "recipients", "“b example.com”"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_sent(
    qtbot: QtBot, change: dict[str, object], field: str, words: str
) -> None:
    """A sentence and the field to mend; the same before a test and before OK."""
    page = a_page(qtbot, replace(GOOD, **change))
    found = page.problem()
    assert found is not None
    assert words in found[0]
    assert found[1] is page.editors[field]
    page.trial.button.click()
    assert words in page.trial.outcome.text()


def test_a_switched_off_mail_needs_nothing(qtbot: QtBot) -> None:
    """Whoever wants no mail is not asked for a server."""
    assert a_page(qtbot, MailSettings()).problem() is None


def test_the_user_name_is_offered_as_sender(qtbot: QtBot) -> None:
    """An address need not be typed twice; one that is there stays."""
    page = a_page(qtbot, replace(GOOD, user="", sender=""))
    page.editors["user"].setText("me@example.com")
    page.editors["user"].editingFinished.emit()
    assert page.section().sender == "me@example.com"
    page.editors["user"].setText("other@example.com")
    page.editors["user"].editingFinished.emit()
    assert page.section().sender == "me@example.com"


def test_a_refusal_shows_the_servers_own_words(qtbot: QtBot) -> None:
    """Title, hint and dialogue, selectable, hostile text as text."""

    def fail(_mail: MailSettings, _password: str | None) -> str:
        raise AlertError(
            "535 <b>no</b>\u202e", "Use an app password.", dialogue="C: AUTH ***\nS: 535 <b>no</b>\x1b[2J"
        )

    page = a_page(qtbot, send=fail)
    with qtbot.waitSignal(page.trial.ended) as signal:
        page.trial.button.click()
    assert signal.args == [False]
    assert page.trial.outcome.text() == r"535 <b>no</b>\u202e"
    assert page.trial.outcome.textFormat() is Qt.TextFormat.PlainText
    assert page.trial.outcome.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    assert page.trial.hint.text() == "Use an app password."
    assert page.trial.dialogue.toPlainText() == "C: AUTH ***\nS: 535 <b>no</b>\\x1b[2J"
    assert page.trial.dialogue.isReadOnly()
    assert page.trial.button.isEnabled()


def test_one_mail_at_a_time(qtbot: QtBot) -> None:
    """A second click while one is on its way sends nothing; the password is handed over as typed."""
    sent: list[str | None] = []
    page = a_page(qtbot, send=lambda _mail, password: sent.append(password) or "S: 250")
    page.password.setText("typed")
    with qtbot.waitSignal(page.trial.ended):
        page.trial.button.click()
        assert not page.trial.button.isEnabled()
        page.trial.start(GOOD, None)
    assert sent == ["typed"]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_a_real_server_gets_the_mail(qtbot: QtBot, tmp_path_factory: pytest.TempPathFactory) -> None:
    """STARTTLS and AUTH on loopback: the mail arrives, the conversation is shown without the password."""
    authority: Authority = make_authority(tmp_path_factory.mktemp("authority"))

    def send(mail: MailSettings, password: str | None) -> str:
        return send_test(mail, password or "", context=authority.client_context())

    with mail_server(authority) as (port, received):
        page = a_page(qtbot, replace(GOOD, server="localhost", port=port), send)
        page.password.setText("wrong")
        with qtbot.waitSignal(page.trial.ended) as first:
            page.trial.button.click()
        page.password.setText(PASSWORD)
        with qtbot.waitSignal(page.trial.ended) as second:
            page.trial.button.click()
    assert (first.args, second.args) == ([False], [True])
    assert len(received.messages) == 1
    assert "STARTTLS" in page.trial.dialogue.toPlainText()
    assert PASSWORD not in page.trial.dialogue.toPlainText()
    assert "a@example.com" in page.trial.outcome.text()


def test_nobody_listening_is_said(qtbot: QtBot) -> None:
    """The real sender's sentence about a closed port arrives in the page."""
    page = a_page(
        qtbot, replace(GOOD, server="127.0.0.1", port=free_port()), lambda mail, _: send_test(mail, "x")
    )
    with qtbot.waitSignal(page.trial.ended) as signal:
        page.trial.button.click()
    assert signal.args == [False]
    assert "127.0.0.1" in page.trial.outcome.text()
