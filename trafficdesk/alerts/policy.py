"""What becomes an alert: severe enough, news, and not too many an hour; what is held back is counted, never lost."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trafficdesk.detect.finding import Incident
    from trafficdesk.settings import MailSettings

HOUR_S: Final = 3_600.0
COOLDOWN_S: Final = 600.0
"""Another incident of the same culprit and family within this time is no news: the detector's own re-announcement
interval."""
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Announcement:
    """One mail to be sent."""

    incident: Incident
    held_back: int
    """Announcements withheld since the last mail."""


class AlertPolicy:
    """Decides what is announced.

    Parameters
    ----------
    settings : threshold and hourly limit.
    clock : seconds, monotonic.
    """

    def __init__(self, settings: MailSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self._clock = clock
        self._told: dict[tuple[int, int], int] = {}
        self._last_by_kind: dict[tuple[str, str], tuple[float, tuple[int, int]]] = {}
        self._sent_at: deque[float] = deque()
        self.held_back = 0
        """Announcements withheld since the last one that was let through."""

    def due(self, incidents: Iterable[Incident], capture_id: int = 0) -> tuple[Announcement, ...]:
        """Of opened or changed incidents, those to be announced now; each `announced` count at most once."""
        out = []
        for incident in incidents:
            if incident.severity < self.settings.minimum_severity or not self._is_news(incident, capture_id):
                continue
            if self._may_speak(incident, capture_id):
                out.append(Announcement(incident, self.held_back))
                self.held_back = 0
            else:
                self.held_back += 1
        return tuple(out)

    def _is_news(self, incident: Incident, capture_id: int) -> bool:
        """Whether its `announced` count has grown since it was last seen; remembers it."""
        key = (capture_id, incident.id)
        if incident.announced <= self._told.get(key, 0):
            return False
        self._told[key] = incident.announced
        if len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
        return True

    def _may_speak(self, incident: Incident, capture_id: int) -> bool:
        now = self._clock()
        while self._sent_at and now - self._sent_at[0] >= HOUR_S:
            self._sent_at.popleft()
        kind = (incident.culprit, incident.family)
        me = (capture_id, incident.id)
        at, spoken = self._last_by_kind.get(kind, (-COOLDOWN_S, me))
        if len(self._sent_at) >= self.settings.max_per_hour or (spoken != me and now - at < COOLDOWN_S):
            return False
        self._sent_at.append(now)
        self._last_by_kind[kind] = (now, me)
        if len(self._last_by_kind) > _REMEMBERED:
            del self._last_by_kind[next(iter(self._last_by_kind))]
        return True
