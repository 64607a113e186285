"""How `monitor` alerts: by mail and webhook with `--alerts`, in any case by a line in the log."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from trafficdesk.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import ExitStack

    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.cli.in_force import InForce
    from trafficdesk.detect.finding import Incident
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.session import AnalysisSession
    from trafficdesk.settings import MailSettings, Settings


def mail_alerts(
    in_force: InForce, stack: ExitStack, warn: Callable[[TrafficDeskError], None]
) -> AlertDispatcher:
    """Alert as the settings say, until `stack` unwinds; `warn` is told what is wrong, from any thread.

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


class LoggedAlerts:
    """Where nobody asked for mails: alerts are lines in the log."""

    waiting = None
    """Nothing ever waits."""

    def __init__(self, in_force: InForce) -> None:
        from trafficdesk.alerts.log_lines import LogLines

        self._in_force = in_force
        self._lines = LogLines(in_force.settings.mail, time.monotonic)

    def handle(self, incidents: Iterable[Incident], session: AnalysisSession) -> None:
        """A line for each incident worth one."""
        self._lines.write(incidents, session.capture_id, self._in_force.settings.mail)

    def follow(self, session: AnalysisSession, until_ns: int, *, last: bool = False) -> None:
        """Lines wait for nothing."""

    def gathered(self, _seconds: float) -> bool:
        """Lines have no evidence to wait for."""
        return True


def wanted_mail(settings: Settings) -> MailSettings:
    """The mail's settings, for whoever asked for alerts.

    Raises
    ------
    SettingsError
        If it is not said to whom.
    """
    mail = settings.mail
    complete = bool(mail.server and mail.sender and mail.recipients)
    if not complete and not mail.webhook:
        raise SettingsError(
            "No mail server, sender or recipient is set, and no webhook.",
            "Enter them in the desktop's settings, under Alerts.",
        )
    return replace(mail, enabled=complete)
