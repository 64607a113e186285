"""What the settings dialog saves to, asks and sends through, unless it is given something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trafficdesk.settings import MailSettings, Settings
    from trafficdesk.threats import Library
    from trafficdesk.ui.dialogs.mail_page import PasswordStore
    from trafficdesk.ui.dialogs.mail_trial import SendTest


def keep_all(keepings: Sequence[Callable[[], bool]]) -> bool:
    """Store every password; whether all are stored for good. May block."""
    return not sum(not keep() for keep in keepings)


def own_library() -> Library:
    """Reads the person's own threat lists."""
    from trafficdesk.threats import Library

    return Library()


def save_settings(settings: Settings) -> None:
    """Write the settings file; raises `SettingsError`."""
    from trafficdesk.settings.file import save

    save(settings)


def send_test_with(secrets: PasswordStore) -> SendTest:
    """Sends a test mail by SMTP."""

    def send(mail: MailSettings, password: str | None) -> str:
        from trafficdesk.alerts.smtp import send_test

        return send_test(mail, password if password is not None else secrets.get(mail.server, mail.user))

    return send
