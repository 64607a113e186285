"""`Stretch`: the rows of one step of analysis, all of them or some for all; and `AnalysisPace`: how many that may be.

An interface does not wait. When its packets come faster than they can be looked at, each step takes a longer stretch of
them and keeps as many as a step can take, so that analysis stays a few seconds behind the traffic at most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.thinning import Keys, keys_of, thinned
from trafficdesk.packets.batch import PacketBatch, Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Detection
    from trafficdesk.detect.thinning import Thinned

STEP_ROWS: Final = 8_192
"""Rows of a step at most: some 100 ms of the detector's work, 1.3 MB through the pipe."""
LEAST_ROWS: Final = 1_024
STEP_S: Final = 0.25
"""A step need not be longer: what it finds is shown when it ends."""
LAG_S: Final = 2.0
"""Rows that can be analysed within this time may wait: a burst is then analysed whole."""
LONGEST: Final = 262_144
"""Rows a stretch spans at most; grouping them takes some 60 ms."""
_MEMORY_S: Final = 3.0
"""Seconds of analysis after which an old measurement counts half."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Consecutive rows of the log, of which `kept` are to be analysed; nothing is copied before `batch`."""

    parts: tuple[PacketBatch, ...]
    kept: int
    left_out: NDArray[np.int64] | None = None
    """Ascending packet_ids that are not looked at, and that no other row stands for."""

    @property
    def start_id(self) -> int:
        """packet_id of the first row."""
        return self.parts[0].first_id

    @property
    def stop_id(self) -> int:
        """One past the last."""
        return self.parts[-1].first_id + len(self.parts[-1])

    def batch(self) -> PacketBatch:
        """What the detector is given, which has no use for text; some 0.2 µs a row where rows are left out."""
        rows = self.stop_id - self.start_id
        wanted = None
        if self.left_out is not None and len(self.left_out):
            wanted = np.delete(np.arange(rows), self.left_out - self.start_id)
        elif rows <= self.kept:
            return self._whole()
        keys = Keys.joined([keys_of(part) for part in self.parts])
        # Seeded by the place: the same rows are thinned the same way.
        random = np.random.default_rng(self.start_id)
        if wanted is None:
            return self._gathered(thinned(keys, self.kept, random))
        chosen = thinned(keys.of(wanted), self.kept, random)
        return self._gathered(replace(chosen, rows=wanted[chosen.rows]))

    def _whole(self) -> PacketBatch:
        if len(self.parts) == 1:
            return self.parts[0]
        names = self.parts[0].columns
        columns = {name: np.concatenate([part[name] for part in self.parts]) for name in names}
        return PacketBatch(self.start_id, columns, np.empty(0, np.uint8))

    def _gathered(self, chosen: Thinned) -> PacketBatch:
        bounds = np.cumsum([0, *map(len, self.parts)])
        cuts = np.searchsorted(chosen.rows, bounds)
        places = [
            (part, chosen.rows[cuts[number] : cuts[number + 1]] - bounds[number])
            for number, part in enumerate(self.parts)
        ]
        columns = {
            name: np.concatenate([part[name][rows] for part, rows in places])
            for name in self.parts[0].columns
        }
        ids = np.concatenate([part.first_id + rows for part, rows in places])
        sample = Sample(ids, chosen.packets, chosen.conversations, chosen.services, chosen.pairs)
        return PacketBatch(
            int(ids[0]) if len(ids) else self.start_id, columns, np.empty(0, np.uint8), sample=sample
        )


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What came of a stretch."""

    detection: Detection
    seconds: float
    """How long it took, from the thinning to the answer."""


def analysed(stretch: Stretch, analyse: Callable[[PacketBatch], Detection]) -> Answer:
    """Take a stretch through the detector; `analyse` may raise what it likes."""
    began = perf_counter()
    detection = analyse(stretch.batch())
    return Answer(detection, perf_counter() - began)


class AnalysisPace:
    """How fast rows are analysed, and so how many of those that wait the next step spans and keeps."""

    def __init__(self) -> None:
        self._rows = 0.0
        self._seconds = 0.0

    @property
    def rows_per_s(self) -> float | None:
        """Measured, the newest steps counting most; None before the first."""
        return self._rows / self._seconds if self._seconds > 0 else None

    def measured(self, rows: int, seconds: float) -> None:
        """A step of so many rows took so long; small ones tell what a step costs, not how fast rows are."""
        if rows < LEAST_ROWS:
            return
        forgotten = 0.5 ** (seconds / _MEMORY_S)
        self._rows = self._rows * forgotten + rows
        self._seconds = self._seconds * forgotten + max(seconds, 1e-6)

    def next_step(self, waiting: int) -> tuple[int, int]:
        """Of `waiting` rows, how many the next step spans and how many of these it keeps."""
        rate = self.rows_per_s
        if rate is None:
            return (least := min(waiting, STEP_ROWS)), least
        kept = min(max(int(rate * STEP_S), LEAST_ROWS), STEP_ROWS, waiting)
        late = waiting - rate * LAG_S
        if late <= 0:
            return kept, kept
        return min(kept + int(late), LONGEST, waiting), kept
