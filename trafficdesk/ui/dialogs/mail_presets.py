"""Mail servers of well-known providers, as commonly published; the test button tells whether they still hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from trafficdesk.registry import by_name
from trafficdesk.settings import MailSecurity


@dataclass(frozen=True, slots=True)
class MailPreset:
    """How one provider wants mail to be handed over (RFC 6409, RFC 8314)."""

    name: str
    server: str
    port: int
    security: MailSecurity
    note: str
    """What its users stumble over."""


PRESETS: Final = (
    MailPreset(
        "Gmail",
        "smtp.gmail.com",
        587,
        MailSecurity.STARTTLS,
        "Needs an app password (Google account, Security, 2-Step Verification); your own password is refused.",
    ),
    MailPreset(
        "Outlook.com, Hotmail",
        "smtp-mail.outlook.com",
        587,
        MailSecurity.STARTTLS,
        "Microsoft refuses passwords of programs for most personal accounts; another provider may be easier.",
    ),
    MailPreset(
        "Microsoft 365",
        "smtp.office365.com",
        587,
        MailSecurity.STARTTLS,
        "The administrator has to allow authenticated SMTP for the mailbox.",
    ),
    MailPreset(
        "Fastmail",
        "smtp.fastmail.com",
        465,
        MailSecurity.TLS,
        "Needs an app password (Settings, Privacy & Security).",
    ),
    MailPreset(
        "iCloud",
        "smtp.mail.me.com",
        587,
        MailSecurity.STARTTLS,
        "Needs an app-specific password (account.apple.com); the user name is the whole address.",
    ),
    MailPreset(
        "GMX",
        "mail.gmx.net",
        587,
        MailSecurity.STARTTLS,
        "Allow POP3 and IMAP in the mailbox's settings first; gmx.com accounts use mail.gmx.com.",
    ),
)
"""In the order of the dialog."""

BY_NAME: Final = by_name(PRESETS)
