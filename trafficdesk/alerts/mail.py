"""An incident as a mail: plain text, the same as HTML with a small picture, and the evidence attached.

Everything a packet could have put into it is cleaned of control characters and, in HTML, escaped.
"""

from __future__ import annotations

import html
import math
import unicodedata
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING, Final

from trafficdesk import __version__
from trafficdesk.alerts.enclosure import Enclosure
from trafficdesk.detect.families import FAMILIES, FAMILY_INDEX

if TYPE_CHECKING:
    from trafficdesk.detect.finding import Incident, Reason
    from trafficdesk.settings import MailSettings

_SUBJECT_LENGTH: Final = 140
_UNPRINTABLE: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories: control, format (bidi overrides among them), surrogates, line and paragraph separators."""


def clean(text: str) -> str:
    """One line without characters that steer a header, a terminal or the direction of writing."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(mark) in _UNPRINTABLE else mark for mark in text
    )


def message_for(
    incident: Incident,
    settings: MailSettings,
    *,
    held_back: int = 0,
    enclosure: Enclosure | None = None,
    now: datetime | None = None,
) -> EmailMessage:
    """Mail about an incident.

    Parameters
    ----------
    held_back : announcements withheld since the last mail; told in the last line.
    enclosure : evidence and picture; None = there are none, and nothing is said of them.
    now : when the mail is written, with time zone.
    """
    message = envelope(settings, clean(f"{_title(incident)}: {incident.sentence}"), now)
    enclosed = enclosure or Enclosure()
    message.set_content(_plain(incident, held_back, enclosed))
    picture = make_msgid(domain="trafficdesk.local") if enclosed.picture else ""
    message.add_alternative(_html(incident, held_back, enclosed, picture[1:-1]), subtype="html")
    if picture:
        (page,) = (part for part in message.iter_parts() if part.get_content_subtype() == "html")
        assert isinstance(page, EmailMessage)
        page.add_related(
            enclosed.picture, "image", "png", cid=picture, filename="volume.png", disposition="inline"
        )
    if enclosed.archive:
        message.add_attachment(
            enclosed.archive, maintype="application", subtype="zip", filename=clean(enclosed.name)
        )
    return message


def trial_message(settings: MailSettings, *, now: datetime | None = None) -> EmailMessage:
    """The mail behind "Send test e-mail"."""
    message = envelope(settings, "Test e-mail: alerts will arrive here", now)
    message.set_content(
        "This is the test e-mail you asked TrafficDesk for.\n\n"
        f"Alerts from severity {settings.minimum_severity} on will be sent to this address,\n"
        f"at most {settings.max_per_hour} an hour.\n"
    )
    return message


def _title(incident: Incident) -> str:
    """What the family is called; its name where a later version knows it and this one does not."""
    index = FAMILY_INDEX.get(incident.family)
    return FAMILIES[index].title if index else incident.family


def envelope(settings: MailSettings, subject: str, now: datetime | None) -> EmailMessage:
    """A mail without content."""
    message = EmailMessage()
    subject = f"[TrafficDesk] {subject}"
    message["Subject"] = (
        subject if len(subject) <= _SUBJECT_LENGTH else f"{subject[: _SUBJECT_LENGTH - 1].rstrip()}…"
    )
    message["From"] = clean(settings.sender)
    message["To"] = ", ".join(clean(recipient) for recipient in settings.recipients)
    message["Date"] = format_datetime(now or datetime.now(UTC))
    # A domain of our own choosing: make_msgid would ask the resolver for this computer's name, and tell it.
    message["Message-ID"] = make_msgid(
        domain=clean(settings.sender).rpartition("@")[2].strip("<> ") or "localhost"
    )
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
    message["X-Mailer"] = f"TrafficDesk {__version__}"
    return message


def _facts(incident: Incident) -> list[tuple[str, str]]:
    peers = ", ".join(clean(peer) for peer in incident.peers) or "none"
    return [
        ("What", clean(incident.family)),
        ("Who", clean(incident.culprit)),
        ("With", peers),
        ("From", moment(incident.start_ns)),
        ("Until", moment(incident.end_ns)),
        ("Packets", f"{incident.packets:,}"),
        ("Severity", f"{incident.severity} of 100"),
    ]


def _reason_cells(reason: Reason) -> tuple[str, str, str]:
    usual = (
        "not known yet" if math.isnan(reason.usual_high) else f"{reason.usual_high:,.6g} {clean(reason.unit)}"
    )
    return clean(reason.words), f"{reason.value:,.6g} {clean(reason.unit)}".rstrip(), usual.rstrip()


def _plain(incident: Incident, held_back: int, enclosed: Enclosure) -> str:
    lines = [clean(incident.sentence), ""]
    lines += [f"{name + ':':<10}{value}" for name, value in _facts(incident)]
    if incident.reasons:
        lines += ["", "Why:"]
        lines += [
            f"- {words} (seen {seen}, usual at most {usual})"
            for words, seen, usual in map(_reason_cells, incident.reasons)
        ]
    if enclosed.words:
        lines += ["", clean(enclosed.words)]
    lines += ["", *_footer(held_back)]
    return "\n".join(lines) + "\n"


def _html(incident: Incident, held_back: int, enclosed: Enclosure, picture: str) -> str:
    facts = "".join(
        f"<tr><th align=left>{_escape(name)}</th><td>{_escape(value)}</td></tr>"
        for name, value in _facts(incident)
    )
    reasons = "".join(
        "<tr>" + "".join(f"<td>{_escape(cell)}</td>" for cell in _reason_cells(reason)) + "</tr>"
        for reason in incident.reasons
    )
    head = "<tr><th align=left>Why</th><th align=left>Seen</th><th align=left>Usual at most</th></tr>"
    table = (
        f"<table cellpadding=6 border=1 style='border-collapse:collapse'>{head}{reasons}</table>"
        if reasons
        else ""
    )
    words = clean(enclosed.picture_words)
    shown = (
        f"<p><img src='cid:{_escape(picture)}' alt='{_escape(words)}' width={enclosed.picture_width}"
        " style='max-width:100%'></p>"
        if picture
        else ""
    )
    attached = f"<p>{_escape(clean(enclosed.words))}</p>" if enclosed.words else ""
    footer = "".join(f"<p style='color:#666'>{_escape(line)}</p>" for line in _footer(held_back))
    return (
        "<!doctype html><html><body style='font-family:sans-serif'>"
        f"<h2>{_escape(clean(incident.sentence))}</h2><table cellpadding=4>{facts}</table>"
        f"{shown}{table}{attached}{footer}</body></html>"
    )


def _footer(held_back: int) -> list[str]:
    lines = [f"+{held_back} more announcements were held back since the last mail."] if held_back else []
    return [*lines, "Sent by TrafficDesk on this computer. Open TrafficDesk to see the packets."]


def _escape(text: str) -> str:
    return html.escape(text, quote=True)


def moment(time_ns: int) -> str:
    """A time of a capture as mails tell it."""
    try:
        return datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):  # a capture may claim any time
        return f"{time_ns} ns since 1970"
