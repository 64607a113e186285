"""How `monitor` alerts: mail, webhook or both, as the settings are complete; in any case the log."""

from __future__ import annotations

import logging

import pytest

from tests.helpers.incidents import an_incident
from trafficdesk.cli.in_force import InForce
from trafficdesk.cli.mail_alerts import LoggedAlerts, wanted_mail
from trafficdesk.errors import SettingsError
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import MailSettings, Settings

MAIL = MailSettings(server="mail.example", sender="a@example.com", recipients=("b@example.com",))


def test_mail_is_wanted_where_it_is_set() -> None:
    """Who asks for alerts need not have switched mails on in the window."""
    assert wanted_mail(Settings(mail=MAIL)).enabled


def test_a_webhook_alone_is_enough() -> None:
    """Then no mail is tried."""
    assert not wanted_mail(Settings(mail=MailSettings(webhook="https://example.com/x"))).enabled


def test_nothing_set_is_said() -> None:
    """Before the monitoring begins."""
    with pytest.raises(SettingsError, match="and no webhook"):
        wanted_mail(Settings())


def test_alerts_are_lines_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Without mails, too, and by the settings that hold when they come."""
    in_force, session = InForce(Settings()), AnalysisSession()
    alerts = LoggedAlerts(in_force)
    with caplog.at_level(logging.WARNING, "trafficdesk.alerts"):
        alerts.handle([an_incident()], session)
        in_force.settings = Settings(mail=MailSettings(minimum_severity=90))
        alerts.handle([an_incident(id=8, family="host sweep")], session)
    assert [record.getMessage().split(",")[0] for record in caplog.records] == ["alert: port scan"]
