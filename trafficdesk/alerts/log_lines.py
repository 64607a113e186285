"""Every alert is a line in the log, whatever else tells of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from trafficdesk.alerts.policy import AlertPolicy
from trafficdesk.packets.printable import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trafficdesk.detect.finding import Incident
    from trafficdesk.settings import MailSettings

_log = logging.getLogger("trafficdesk.alerts")

_MANY: Final = 1_000_000
"""A log wakes nobody: no quiet hours, no limit an hour; the same story once in a while is enough here, too."""


class LogLines:
    """Writes alerts into the log.

    Parameters
    ----------
    clock : seconds, monotonic.
    """

    def __init__(self, settings: MailSettings, clock: Callable[[], float]) -> None:
        self._policy = AlertPolicy(_loud(settings), clock)

    def write(self, incidents: Iterable[Incident], capture_id: int, settings: MailSettings) -> None:
        """A line for each that is worth one by the settings of now."""
        self._policy.settings = _loud(settings)
        for announcement in self._policy.due(incidents, capture_id):
            incident = announcement.incident
            _log.warning(
                "alert: %s, severity %d, incident %d: %s",
                shown(incident.family),
                incident.severity,
                incident.id,
                shown(incident.sentence, 1_000),
            )
        self._policy.take_held()


def _loud(settings: MailSettings) -> MailSettings:
    return replace(settings, quiet_hours="", max_per_hour=_MANY)
