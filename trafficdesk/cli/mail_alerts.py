"""`monitor --alerts`: the mail dispatcher, set up from the person's settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trafficdesk.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.cli.in_force import InForce
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.settings import MailSettings, Settings


def mail_alerts(
    in_force: InForce, stack: ExitStack, warn: Callable[[TrafficDeskError], None]
) -> AlertDispatcher:
    """Mail incidents as the settings say, until `stack` unwinds; `warn` is told what is wrong, from any thread.

    Raises
    ------
    SettingsError
        If it is not said to whom.
    """
    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.evidence.enclosures import Enclosures
    from trafficdesk.settings.secrets import MailPassword
    from trafficdesk.store.letter import stored_outbox

    keeper = MailPassword()

    def password() -> str:
        mail = in_force.settings.mail
        return keeper.get(mail.server, mail.user)

    dispatcher = AlertDispatcher(
        wanted_mail(in_force.settings),
        password,
        outbox=stored_outbox,
        evidence=Enclosures(lambda: in_force.settings.detection),
        on_error=warn,
    )
    stack.callback(dispatcher.close)
    return dispatcher


def wanted_mail(settings: Settings) -> MailSettings:
    """The mail's settings, for whoever asked for alerts.

    Raises
    ------
    SettingsError
        If it is not said to whom.
    """
    mail = replace(settings.mail, enabled=True)
    if not (mail.server and mail.sender and mail.recipients):
        raise SettingsError(
            "No mail server, sender or recipient is set.",
            "Enter them in the desktop's settings, under Alerts.",
        )
    return mail
