"""What was held back (quiet hours, too many an hour), as one mail."""

from __future__ import annotations

import hashlib
import html
import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final

from trafficdesk.alerts.channels import DIGEST, MAIL, body_of
from trafficdesk.alerts.mail import clean, envelope
from trafficdesk.store.letter import Letter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import EmailMessage

    from trafficdesk.alerts.outbox import Outbox
    from trafficdesk.detect.finding import Incident
    from trafficdesk.settings import MailSettings

MOST_IN_DIGEST: Final = 200


def collect_digest(outbox: Outbox, settings: MailSettings) -> None:
    """What was held back and is due becomes one mail. Raises as `Outbox`."""
    held = []
    while (letter := outbox.claim(time.time_ns(), (DIGEST,))) is not None:
        held.append(letter)
        if len(held) == MOST_IN_DIGEST:
            break
    if not held:
        return
    name = hashlib.sha256(" ".join(letter.fingerprint for letter in held).encode()).hexdigest()
    body = body_of(digest_message([letter.body for letter in held], settings))
    outbox.put(Letter(name, MAIL, body, time.time_ns()))
    for letter in held:
        outbox.delivered(letter, time.time_ns())


def digest_line(incident: Incident) -> str:
    """An incident as a letter's body, until the digest is written."""
    return json.dumps([incident.start_ns, incident.severity, incident.sentence])


def digest_message(lines: Sequence[str], settings: MailSettings) -> EmailMessage:
    """One mail of many `digest_line`s, gravest first."""
    told = sorted((json.loads(line) for line in lines), key=lambda one: (-one[1], one[0]))
    message = envelope(settings, f"{len(told)} findings that were held back", None)
    rows = [(_moment(at), f"{severity}", clean(sentence)) for at, severity, sentence in told]
    message.set_content(
        "Held back in quiet hours, or because there were many:\n\n"
        + "".join(f"{at}  severity {severity}\n  {sentence}\n" for at, severity, sentence in rows)
        + "\nSent by TrafficDesk on this computer.\n"
    )
    cells = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell, quote=True)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    head = "<tr><th align=left>When</th><th align=left>Severity</th><th align=left>What</th></tr>"
    message.add_alternative(
        "<!doctype html><html><body style='font-family:sans-serif'>"
        "<p>Held back in quiet hours, or because there were many:</p>"
        f"<table cellpadding=6 border=1 style='border-collapse:collapse'>{head}{cells}</table>"
        "<p style='color:#666'>Sent by TrafficDesk on this computer.</p></body></html>",
        subtype="html",
    )
    return message


def _moment(time_ns: int) -> str:
    try:
        return f"{datetime.fromtimestamp(time_ns / 1e9).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):  # a capture may claim any time
        return "at an unknown time"
