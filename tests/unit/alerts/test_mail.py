"""Mails: complete, and harmless whatever the network put into them."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime

import pytest

from tests.helpers.incidents import a_reason, an_incident
from trafficdesk.alerts.enclosure import Enclosure
from trafficdesk.alerts.mail import clean, message_for, trial_message
from trafficdesk.settings import MailSettings

SETTINGS = MailSettings(sender="watch@example.com", recipients=("a@example.com", "b@example.com"))
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_mail_tells_what_who_why_and_how_many_were_held_back() -> None:
    """Sentence, culprit, peers, reasons and the withheld count are in text and HTML alike."""
    message = message_for(an_incident(), SETTINGS, held_back=3, now=NOW)
    for kind in ("plain", "html"):
        body = message.get_body((kind,)).get_content()
        for words in (
            "192.0.2.66 tried 212 ports",
            "192.0.2.21",
            "about 212 destination ports",
            "+3 more",
            "80 of 100",
        ):
            assert words in body


@pytest.mark.parametrize(
    "evil", ["a\r\nBcc: x@example.com", "a\nSubject: b", "\x1b[31ma", "\u202egpj.exe", "\udcff"]
)
def test_hostile_text_can_not_steer_a_mail(evil: str) -> None:
    """Line ends, escapes, bidi marks and lone surrogates in a sentence end up harmless, and the mail is made."""
    message = message_for(an_incident(sentence=evil, culprit=evil, peers=(evil,)), SETTINGS, now=NOW)
    parsed = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
    assert parsed["Bcc"] is None
    assert parsed.get_all("Subject") == [message["Subject"]]
    assert "\x1b" not in parsed.get_body(("plain",)).get_content()


def test_html_is_escaped() -> None:
    """Markup in a sentence or a reason is text."""
    evil = "<img src=x onerror=alert(1)>"
    message = message_for(an_incident(sentence=evil, reasons=(a_reason(words=evil, unit=evil),)), SETTINGS)
    page = message.get_body(("html",)).get_content()
    assert "<img" not in page
    assert page.count("&lt;img") >= 3


def test_unknown_reference_is_said_so() -> None:
    """A reason without a reference does not read "nan"."""
    message = message_for(an_incident(reasons=(a_reason(usual_high=float("nan")),)), SETTINGS)
    body = message.get_body(("plain",)).get_content()
    assert "nan" not in body
    assert "not known yet" in body


def test_evidence_and_picture_come_as_they_were_made() -> None:
    """The zip is attached, the picture stands in the page and says what it shows; the plain text is whole without them."""
    enclosure = Enclosure(
        "Attached: <3> packets.", "e-7.zip", b"PK\0\xff", b"\x89PNG\r\n", 'Volume "over" time', 560
    )
    made = message_for(an_incident(), SETTINGS, enclosure=enclosure, now=NOW)
    message = email.message_from_bytes(made.as_bytes(), policy=email.policy.default)
    parts = {part.get_content_type(): part for part in message.walk()}
    assert parts["application/zip"].get_filename() == "e-7.zip"
    assert parts["application/zip"].get_payload(decode=True) == enclosure.archive
    assert parts["image/png"].get_payload(decode=True) == enclosure.picture
    page = message.get_body(("html",)).get_content()
    assert f"src='cid:{parts['image/png']['Content-ID'].strip('<>')}'" in page
    assert "alt='Volume &quot;over&quot; time'" in page
    assert "Attached: &lt;3&gt; packets." in page
    text = message.get_body(("plain",)).get_content()
    assert enclosure.words in text
    assert an_incident().reasons[0].words in text


def test_a_hostile_name_does_not_steer_the_mail() -> None:
    """Line ends in what an enclosure says or is called end nowhere."""
    evil = "a.zip\r\nBcc: x@example.com"
    made = message_for(an_incident(), SETTINGS, enclosure=Enclosure(evil, evil, b"PK", b"PNG", evil, 1))
    parsed = email.message_from_bytes(made.as_bytes(), policy=email.policy.default)
    assert parsed["Bcc"] is None
    assert all(part["Bcc"] is None for part in parsed.walk())


def test_absurd_times_do_not_break_a_mail() -> None:
    """A capture may claim any time."""
    message = message_for(an_incident(start_ns=2**80, end_ns=-(2**80)), SETTINGS)
    assert f"{2**80} ns since 1970" in message.get_body(("plain",)).get_content()


def test_test_mail_names_threshold_and_recipients() -> None:
    """The test mail goes to everyone and says from when alerts come."""
    message = trial_message(SETTINGS, now=NOW)
    assert message["To"] == "a@example.com, b@example.com"
    assert f"severity {SETTINGS.minimum_severity}" in message.get_content()


def test_clean_keeps_ordinary_text() -> None:
    """Letters of any language stay as they are."""
    assert clean("Größe 寸法 é") == "Größe 寸法 é"
