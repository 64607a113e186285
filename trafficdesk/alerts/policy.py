"""What becomes an alert: severe enough, news, and not too many an hour; what is held back is counted, never lost."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
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
_HELD: Final = 200
"""Incidents held back that are kept for a digest."""


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
    settings : threshold, hourly limit, quiet hours.
    clock : seconds, monotonic.
    now : local time.
    """

    def __init__(
        self,
        settings: MailSettings,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._now = now
        self._held: deque[Incident] = deque(maxlen=_HELD)
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
            if not self._is_quiet(incident) and self._may_speak(incident, capture_id):
                out.append(Announcement(incident, self.held_back))
                self.held_back = 0
            else:
                self.held_back += 1
                self._held.append(incident)
        return tuple(out)

    def take_held(self) -> tuple[Incident, ...]:
        """What was held back since the last call, at most the newest `_HELD`."""
        held = tuple(self._held)
        self._held.clear()
        return held

    def quiet_end(self, now: datetime) -> datetime | None:
        """When the quiet hours that are now end; None = they are not now."""
        span = quiet_span(self.settings.quiet_hours)
        if span is None:
            return None
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        begin, end = (timedelta(minutes=minutes) for minutes in span)
        since = now - midnight
        if begin <= end:
            return midnight + end if begin <= since < end else None
        if since >= begin:
            return midnight + timedelta(days=1) + end
        return midnight + end if since < end else None

    def _is_quiet(self, incident: Incident) -> bool:
        grave = incident.severity >= self.settings.quiet_severity
        return not grave and self.quiet_end(self._now()) is not None

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


def quiet_span(text: str) -> tuple[int, int] | None:
    """Begin and end of "22:00-07:00" in minutes after midnight; None where there is no such span."""
    found = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*[-\u2013]\s*(\d{1,2}):(\d{2})\s*", text)
    if found is None:
        return None
    hours, minutes = (int(found[1]), int(found[3])), (int(found[2]), int(found[4]))
    if max(hours) > 24 or max(minutes) > 59:  # a day's hours, an hour's minutes
        return None
    begin, end = (60 * hour + minute for hour, minute in zip(hours, minutes, strict=True))
    return (begin, end) if begin != end else None
