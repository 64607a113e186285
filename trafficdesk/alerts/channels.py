"""Ways by which an alert leaves: what a letter's body is there, and how it is delivered."""

from __future__ import annotations

import email
import email.policy
import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Final, Protocol

from trafficdesk import __version__
from trafficdesk.alerts.mail import clean
from trafficdesk.alerts.smtp import send as smtp_send
from trafficdesk.alerts.webhook import post

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from trafficdesk.detect.finding import Incident
    from trafficdesk.settings import MailSettings

MAIL: Final = "e-mail"
WEBHOOK: Final = "webhook"
DIGEST: Final = "digest"
"""Not delivered by itself: what is due of it becomes one mail."""


class Send(Protocol):
    """`alerts.smtp.send`, but for tests."""

    def __call__(
        self, settings: MailSettings, password: str, message: EmailMessage, *, accepted: Callable[[], None]
    ) -> str:
        """Deliver a message; returns the dialogue."""
        ...


class MailChannel:
    """By the person's mail server.

    Parameters
    ----------
    password : asked before each conversation; may block.
    """

    name = MAIL

    def __init__(self, password: Callable[[], str], send: Send = smtp_send) -> None:
        self._password = password
        self._send = send

    @staticmethod
    def wanted(settings: MailSettings) -> bool:
        """Whether the settings ask for it."""
        return settings.enabled

    def deliver(self, body: str, settings: MailSettings, accepted: Callable[[], None]) -> str:
        """Send it, from and to whom the settings say now; returns the dialogue.

        Raises
        ------
        AlertError
            If it could not be delivered; `MailRefused` if trying again soon is pointless.
        """
        message = mail_of(body)
        for name, value in (("From", settings.sender), ("To", ", ".join(settings.recipients))):
            del message[name]
            message[name] = clean(value)
        return self._send(settings, self._password(), message, accepted=accepted)


class WebhookChannel:
    """By a POST of JSON to an address of the person's."""

    name = WEBHOOK

    @staticmethod
    def wanted(settings: MailSettings) -> bool:
        """Whether the settings ask for it."""
        return bool(settings.webhook)

    @staticmethod
    def deliver(body: str, settings: MailSettings, accepted: Callable[[], None]) -> str:
        """Post it; returns the server's first words. Raises as `MailChannel.deliver`."""
        return post(settings.webhook, body, timeout_s=settings.timeout_s, accepted=accepted)


def body_of(message: EmailMessage) -> str:
    """A mail as a letter's body."""
    # Latin-1: every byte is one character, and comes back as it was.
    return message.as_bytes(policy=email.policy.SMTP).decode("latin-1")


def mail_of(body: str) -> EmailMessage:
    """The mail of a letter's body."""
    return email.message_from_bytes(body.encode("latin-1"), policy=email.policy.default)


def webhook_body(incident: Incident) -> str:
    """An incident as JSON: the keys of `analyze --json`."""
    told = asdict(incident) | {"version": __version__}
    for reason in told["reasons"]:
        # Not known yet; JSON has no word for "not a number".
        reason["usual_high"] = None if math.isnan(reason["usual_high"]) else reason["usual_high"]
    return json.dumps(told)
