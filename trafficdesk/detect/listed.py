"""What a hit on a threat list does to what the detector said: it raises a score and a severity, and is one reason.

It never is the headline: a row that nothing else is odd about stays below the threshold, so that a hit alone flags
nothing and opens no incident. Lists are wrong and old; addresses are shared, and handed on.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.finding import Reason
from trafficdesk.packets.log import Verdict
from trafficdesk.threats.words import threat_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Detection, Incident
    from trafficdesk.packets.identities import Threat
    from trafficdesk.packets.log import PacketLog

RAISE: Final = 0.5
"""A row with a hit gets half of what its score lacks to the threshold; one beyond it gets so much more."""
THRESHOLD: Final = 1.0
"""What a raised score does not cross by the raise alone."""
GRAVER: Final = 15
"""Added to the severity of an incident with hits, of 100: what RITA gives for threat intelligence (DETECTION.md, 1)."""
FEATURE: Final = "threat list"
"""Name of the reason."""
_INCIDENTS: Final = 200
"""Whose hits are remembered; older ones are closed."""
_PLACE: Final = 2
"""Reasons that stand before a hit, where there are as many: it is never the first, and seen among three."""


@dataclass(slots=True)
class Sighting:
    """Rows with one hit."""

    packets: int = 0
    first_ns: int = 0
    last_ns: int = 0


class Listed:
    """Hits of one log's rows.

    Parameters
    ----------
    log : whose column `threat` is read.
    clock : seconds since 1970, to say how old a list is.
    """

    def __init__(self, log: PacketLog, clock: Callable[[], float] = time.time) -> None:
        self._log = log
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Another capture begins."""
        self._rows: OrderedDict[int, Counter[int]] = OrderedDict()
        """Hits of each incident's rows."""
        self._seen: dict[int, Sighting] = {}

    @property
    def sightings(self) -> tuple[tuple[Threat, Sighting], ...]:
        """Every hit among the rows analysed so far, most packets first."""
        threats = self._log.identities.threats
        order = sorted(self._seen.items(), key=lambda item: (-item[1].packets, item[0]))
        return tuple((threats[number], sighting) for number, sighting in order)

    def judged(self, detection: Detection) -> Detection:
        """The same with raised scores and graver incidents; its rows are consecutive."""
        if len(self._log.identities.threats) == 1 or not len(detection):
            return detection
        start, stop = detection.first_id, detection.first_id + len(detection)
        first, last = max(start, self._log.first_id), min(stop, self._log.end_id)
        hits = np.zeros(len(detection), np.uint16)
        if first < last:
            ids = np.arange(first, last, dtype=np.int64)
            hits[first - start : last - start] = self._log.column("threat", ids)
        if hits.any():
            self._count(start, hits)
            analysed = (detection.verdict & Verdict.SCORED) != 0
            detection = replace(detection, score=raised(detection.score, (hits > 0) & analysed))
        return self._with_incidents(detection, hits) if detection.incidents else detection

    def sentence(self, number: int) -> str:
        """What is said of a hit, by its number; empty for none."""
        return threat_words(self._log.identities.threats[number], self._clock()) if number else ""

    def _count(self, start: int, hits: NDArray[np.uint16]) -> None:
        rows = np.flatnonzero(hits)
        times = self._log.column("timestamp_ns", start + rows)
        for number in np.unique(hits[rows]).tolist():
            mine = times[hits[rows] == number]
            seen = self._seen.setdefault(number, Sighting(0, int(mine[0]), int(mine[0])))
            seen.packets += len(mine)
            seen.first_ns = min(seen.first_ns, int(mine.min()))
            seen.last_ns = max(seen.last_ns, int(mine.max()))

    def _with_incidents(self, detection: Detection, hits: NDArray[np.uint16]) -> Detection:
        own = np.flatnonzero(detection.incident)
        joined = detection.joined_ids
        here = (joined >= self._log.first_id) & (joined < self._log.end_id)
        numbers = np.concatenate([detection.incident[own], detection.joined_incident[here]])
        found = np.concatenate([hits[own], self._log.column("threat", joined[here])])
        for incident in detection.incidents:
            counted = self._rows.setdefault(incident.id, Counter())
            self._rows.move_to_end(incident.id)
            mine = found[numbers == incident.id]
            counted.update(mine[mine > 0].tolist())
        while len(self._rows) > _INCIDENTS:
            self._rows.popitem(last=False)
        return replace(detection, incidents=tuple(map(self._graver, detection.incidents)))

    def _graver(self, incident: Incident) -> Incident:
        counted = self._rows.get(incident.id)
        if not counted:
            return incident
        (number, _), *others = counted.most_common()
        words = self.sentence(number)
        if others:
            words = f"{words}, and {len(others):,} more {'hit' if len(others) == 1 else 'hits'}"
        hit = Reason(FEATURE, float(counted.total()), "packets", 0.0, 0.0, words)
        reasons = (*incident.reasons[:_PLACE], hit, *incident.reasons[_PLACE:])
        return replace(incident, severity=min(100, incident.severity + GRAVER), reasons=reasons)


def raised(score: NDArray[np.float32], listed: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(rows,) scores, raised where `listed`, in the same order; one that was at most the threshold stays so.

    No score yet counts as the usual row's, 0.
    """
    known = np.maximum(np.nan_to_num(score, nan=0.0), 0.0)
    lifted = known + RAISE * np.where(known > THRESHOLD, THRESHOLD, THRESHOLD - known)
    return np.where(listed, lifted, score).astype(np.float32)
