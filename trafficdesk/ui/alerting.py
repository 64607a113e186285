"""Begins to tell of incidents outside the window: mail and webhook from the person's outbox, and the desktop's notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.ui.alert_watch import AlertWatch
    from trafficdesk.ui.desk import Desk
    from trafficdesk.ui.notifications import Notifier


_PATIENCE_S: Final = 4.0
"""What waits from earlier may wait a little longer: opening the outbox would be felt in a window that just came up."""
Begun = tuple["AlertDispatcher", "AlertWatch", "Notifier"]
"""Whoever asked for them ends all three."""


def alerting(desk: Desk, password: Callable[[], str]) -> Callable[[], Begun]:
    """What begins to tell the desk's incidents when it is called; importing is done before it is returned.

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

    def begin() -> Begun:
        desk.alerts = alerts = AlertDispatcher(
            preferences.settings.mail,
            password,
            outbox=stored_outbox,
            evidence=Enclosures(lambda: preferences.settings.detection),
            on_error=desk.alert_failed.emit,
            patience_s=_PATIENCE_S,
        )
        return alerts, AlertWatch(desk, alerts), Notifier(desk)

    return begin
