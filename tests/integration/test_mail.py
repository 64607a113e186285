"""Mail over a real connection to a real server: STARTTLS, AUTH, certificates, refusals, silence."""

from __future__ import annotations

import email
import email.policy
import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests.helpers.incidents import an_incident
from tests.helpers.mail_server import (
    PASSWORD,
    USER,
    Authority,
    free_port,
    mail_server,
    make_authority,
    silent_server,
)
from trafficdesk.alerts import AlertDispatcher
from trafficdesk.alerts.enclosure import Enclosure
from trafficdesk.alerts.mail import message_for
from trafficdesk.alerts.smtp import MailRefused, send, send_test
from trafficdesk.errors import AlertError
from trafficdesk.settings import MailSecurity, MailSettings

if TYPE_CHECKING:
    from email.message import EmailMessage

# aiosmtpd 1.4.6 warns of its own ways when it is told to live without TLS before AUTH
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for all tests here."""
    return make_authority(tmp_path_factory.mktemp("authority"))


def settings_for(port: int, **changes: object) -> MailSettings:
    base = MailSettings(
        enabled=True,
        server="localhost",
        port=port,
        user=USER,
        sender="watch@example.com",
        recipients=("a@example.com", "b@example.com"),
        timeout_s=5.0,
        minimum_severity=30,
    )
    return replace(base, **changes)


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)  # type: ignore[return-value]


def test_test_mail_arrives_by_starttls(authority: Authority) -> None:
    """The test mail reaches every recipient, and the dialogue shown holds no secret."""
    with mail_server(authority) as (port, received):
        dialogue = send_test(settings_for(port), PASSWORD, context=authority.client_context())
    assert "test e-mail" in parsed(received.messages[0])["Subject"].lower()
    assert received.recipients == [["a@example.com", "b@example.com"]]
    assert received.logins == [(USER, PASSWORD)]
    assert "S: 235" in dialogue
    assert "STARTTLS" in dialogue
    assert PASSWORD not in dialogue
    assert all(
        line.endswith("***")
        for line in dialogue.splitlines()
        if "AUTH PLAIN" in line and line.startswith("C")
    )


def test_test_mail_arrives_by_tls(authority: Authority) -> None:
    """TLS from the first byte works as well."""
    with mail_server(authority, implicit_tls=True) as (port, received):
        wanted = settings_for(port, security=MailSecurity.TLS)
        send_test(wanted, PASSWORD, context=authority.client_context())
    assert len(received.messages) == 1


def test_wrong_password_says_what_the_server_said(authority: Authority) -> None:
    """A refused login shows the server's own 535, a remedy, and not the password."""
    with mail_server(authority) as (port, received), pytest.raises(MailRefused) as caught:
        send_test(settings_for(port), "wrong-secret", context=authority.client_context())
    assert "535" in caught.value.title
    assert "password" in caught.value.hint
    assert "wrong-secret" not in str(caught.value) + caught.value.dialogue
    assert not received.messages


def test_untrusted_certificate_is_refused_before_the_password(authority: Authority) -> None:
    """With the system's authorities alone, our throw-away server gets no credentials and no mail."""
    with (
        mail_server(authority) as (port, received),
        pytest.raises(MailRefused, match="not trusted") as caught,
    ):
        send_test(settings_for(port), PASSWORD)
    assert received.logins == []
    assert received.messages == []
    assert "AUTH" not in caught.value.dialogue.replace("250-AUTH", "")


def test_certificate_of_another_name_is_refused(authority: Authority) -> None:
    """A certificate that a trusted authority issued for somebody else is refused."""
    with mail_server(authority) as (port, received), pytest.raises(MailRefused, match="not trusted"):
        send_test(settings_for(port, server="127.0.0.1"), PASSWORD, context=authority.client_context())
    assert received.logins == []


def test_silent_server_is_given_up(authority: Authority) -> None:
    """A server that accepts and says nothing ends in a sentence after the timeout."""
    with silent_server() as port, pytest.raises(AlertError, match=r"did not answer within 1 s"):
        send_test(settings_for(port, timeout_s=1.0), PASSWORD, context=authority.client_context())


def test_nothing_listening_is_a_sentence() -> None:
    """A closed port names server and port."""
    port = free_port()
    with pytest.raises(AlertError, match=f"Nothing listens at localhost:{port}"):
        send_test(settings_for(port), PASSWORD)


def test_tls_on_a_plain_port_hints_at_the_security(authority: Authority) -> None:
    """The commonest mix-up, TLS on STARTTLS's port, is told as such."""
    with mail_server(authority) as (port, _), pytest.raises(AlertError, match="TLS") as caught:
        send_test(settings_for(port, security=MailSecurity.TLS), PASSWORD, context=authority.client_context())
    assert "STARTTLS" in caught.value.hint


def test_refused_data_is_the_servers_words(authority: Authority) -> None:
    """A refusal at the end carries code and words; a transient one may be tried again."""
    with mail_server(authority) as (port, received):
        received.refuse = "451 4.3.0 mailbox is being cleaned"
        with pytest.raises(AlertError, match=r"451 4\.3\.0 mailbox is being cleaned") as caught:
            send_test(settings_for(port), PASSWORD, context=authority.client_context())
    assert not isinstance(caught.value, MailRefused)


def test_alert_arrives_whole(authority: Authority) -> None:
    """Sentence, reasons, evidence and picture survive the way through a real server."""
    archive, picture = bytes(range(256)) * 100, b"\x89PNG\r\n\x1a\n.\r\n"
    with mail_server(authority) as (port, received):
        wanted = settings_for(port)
        enclosure = Enclosure("Attached.", "evidence-7.zip", archive, picture, "Volume", 560)
        message = message_for(an_incident(), wanted, enclosure=enclosure)
        send(wanted, PASSWORD, message, context=authority.client_context())
    mail = parsed(received.messages[0])
    body = mail.get_body(("plain",)).get_content()
    assert an_incident().sentence in body
    assert an_incident().reasons[0].words in body
    assert [part.get_filename() for part in mail.iter_attachments()] == ["evidence-7.zip"]
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in mail.walk()}
    assert (parts["application/zip"], parts["image/png"]) == (archive, picture)


def test_one_incident_growing_is_one_mail_not_a_flood(authority: Authority) -> None:
    """A hundred updates of one incident that was announced once send one mail."""
    sent = threading.Event()
    with mail_server(authority) as (port, received):
        context = authority.client_context()
        dispatcher = AlertDispatcher(
            settings_for(port),
            lambda: PASSWORD,
            on_sent=lambda _: sent.set(),
            send=lambda wanted, password, message, accepted: send(
                wanted, password, message, context=context, accepted=accepted
            ),
        )
        for packets in range(5, 105):
            dispatcher.handle([an_incident(packets=packets)], SimpleNamespace(capture_id=1))
        assert sent.wait(60)
        assert dispatcher.close(20) == 0
    assert len(received.messages) == 1
