"""Begins to tell of incidents outside the window: mail and webhook from the person's outbox, and the desktop's notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.ui.alert_watch import AlertWatch
    from trafficdesk.ui.desk import Desk
    from trafficdesk.ui.notifications import Notifier


def begin_alerting(desk: Desk, password: Callable[[], str]) -> tuple[AlertDispatcher, AlertWatch, Notifier]:
    """The desk's incidents are told from now on; whoever asked for it ends all three.

    Parameters
    ----------
    password : of the mail account; asked in the dispatcher's thread.
    """
    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.evidence.enclosures import Enclosures
    from trafficdesk.store.letter import stored_outbox
    from trafficdesk.ui.alert_watch import AlertWatch
    from trafficdesk.ui.notifications import Notifier

    preferences = desk.preferences
    desk.alerts = alerts = AlertDispatcher(
        preferences.settings.mail,
        password,
        outbox=stored_outbox,
        evidence=Enclosures(lambda: preferences.settings.detection),
        on_error=desk.alert_failed.emit,
    )
    return alerts, AlertWatch(desk, alerts), Notifier(desk)
