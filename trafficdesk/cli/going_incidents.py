"""`GoingIncidents`: which incidents go on, when one has ended, and which of their changes are worth a line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from trafficdesk.detect.rules import RULES
from trafficdesk.detect.rules.rule import MERGE_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trafficdesk.detect.finding import Incident

CHANGE_S: Final = 10.0
"""A change is told no sooner after the last line about the incident: a scan changes ten times a second."""
MOST: Final = 5_000
"""As many as `FindingLog` keeps."""
_MERGE_S: Final = {rule.family: rule.merge_s for rule in RULES}


class Turn(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    CHANGED = "changed"
    CLOSED = "closed"
    """Quiet for so long that whatever comes is another incident."""


@dataclass(slots=True)
class _Going:
    incident: Incident
    told_s: float
    news: bool = False


class GoingIncidents:
    """Follows incidents from their opening to their end."""

    def __init__(self) -> None:
        self._going: dict[int, _Going] = {}
        self._ended: dict[int, None] = {}
        """Newest last; what comes of one all the same, of rows that were analysed late, is a change."""

    @property
    def newest(self) -> tuple[Incident, ...]:
        """Those that go on, the one that was heard of last first."""
        order = sorted(self._going.values(), key=lambda one: -one.incident.end_ns)
        return tuple(one.incident for one in order)

    def take(self, changed: Iterable[Incident], now_s: float) -> list[tuple[Turn, Incident]]:
        """Opened and changed incidents; returns what is to be told at once.

        Parameters
        ----------
        now_s : of a clock that never steps.
        """
        told = []
        for incident in changed:
            known = self._going.get(incident.id)
            if known is None:
                self._going[incident.id] = _Going(incident, now_s)
                told.append((Turn.CHANGED if incident.id in self._ended else Turn.OPENED, incident))
            else:
                known.incident, known.news = incident, True
        while len(self._going) > MOST:
            told.append((Turn.CLOSED, self._end(next(iter(self._going)))))
        return told

    def settle(self, now_s: float, now_ns: int) -> list[tuple[Turn, Incident]]:
        """What has become due since: changes that waited, and ends.

        Parameters
        ----------
        now_ns : capture time, ns since the Unix epoch.
        """
        told = []
        for number, one in list(self._going.items()):
            quiet_s = (now_ns - one.incident.end_ns) / 1e9
            if quiet_s > _MERGE_S.get(one.incident.family, MERGE_S):
                told.append((Turn.CLOSED, self._end(number)))
            elif one.news and now_s - one.told_s >= CHANGE_S:
                one.told_s, one.news = now_s, False
                told.append((Turn.CHANGED, one.incident))
        return told

    def rest(self) -> list[tuple[Turn, Incident]]:
        """Changes that still wait: nothing follows."""
        waiting = [one for one in self._going.values() if one.news]
        for one in waiting:
            one.news = False
        return [(Turn.CHANGED, one.incident) for one in waiting]

    def _end(self, number: int) -> Incident:
        self._ended[number] = None
        while len(self._ended) > MOST:
            del self._ended[next(iter(self._ended))]
        return self._going.pop(number).incident
