"""`monitor --alerts`: the mail dispatcher, set up from the person's settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trafficdesk.cli.exit_codes import complain
from trafficdesk.errors import SettingsError

if TYPE_CHECKING:
    from contextlib import ExitStack

    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.settings import Settings


def mail_alerts(settings: Settings, stack: ExitStack) -> AlertDispatcher:
    """Mail incidents as the settings say, until `stack` unwinds.

    Raises
    ------
    SettingsError
        If it is not said to whom.
    """
    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.evidence.enclosures import Enclosures
    from trafficdesk.settings.secrets import MailPassword
    from trafficdesk.store.letter import stored_outbox

    mail, keeper = replace(settings.mail, enabled=True), MailPassword()
    if not (mail.server and mail.sender and mail.recipients):
        raise SettingsError(
            "No mail server, sender or recipient is set.", "Enter them in the desktop's settings, under Mail."
        )

    dispatcher = AlertDispatcher(
        mail,
        lambda: keeper.get(mail.server, mail.user),
        outbox=stored_outbox,
        evidence=Enclosures(lambda: settings.detection),
        on_error=complain,
    )
    stack.callback(dispatcher.close)
    return dispatcher
