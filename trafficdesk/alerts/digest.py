"""What was held back (quiet hours, too many an hour), as one mail."""

from __future__ import annotations

import html
import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

from trafficdesk.alerts.mail import clean, envelope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import EmailMessage

    from trafficdesk.detect.finding import Incident
    from trafficdesk.settings import MailSettings

MOST_IN_DIGEST: Final = 200


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
