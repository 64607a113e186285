"""Gaps in a capture as features see them: how long ago the last one ended, and which intervals span one.

After a gap much looks new that only was not seen, and an interval that spans one says nothing of what was done in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

NOTED_S: Final = 3.0
"""A shorter gap changes nothing that a feature says: windows last 5 s at least."""
NOTED_NS: Final = round(NOTED_S * 1e9)
SETTLING_S: Final = (60.0, 120.0)
"""Bounds of how long everything takes to be as before: one and two half-lives of the longer window. What a laptop does
on coming back depends little on how long it was away: 20 s after a gap of 10 s still made incidents (2026-11)."""
SETTLING_TIMES: Final = 2.0
"""Within these bounds it takes this many times as long as the gap did."""
_MAX_GAPS: Final = 256
_NS: Final = 1_000_000_000


def unbroken(ages: NDArray[np.float64], since_gap: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows,) seconds since something was last seen; inf, as if never, where a gap lies in between."""
    return np.where(ages > since_gap, np.inf, ages)


@dataclass(frozen=True, slots=True, eq=False)
class SinceGap:
    """Per row, shape (rows,)."""

    seconds: NDArray[np.float64]
    """Since the last gap ended; inf = there was none."""
    settling: NDArray[np.bool_]
    """So soon after it that what is new may be new to us only."""


class Gaps:
    """Ended gaps that were told, the newest."""

    def __init__(self) -> None:
        self._spans = np.empty((0, 2), np.int64)

    @property
    def spans(self) -> NDArray[np.int64]:
        """(gaps, 2) start and end in nanoseconds since the Unix epoch, by end."""
        return self._spans

    def tell(self, spans: Iterable[tuple[int, int]]) -> None:
        """Take all gaps of the capture so far, or the newest; those known already do no harm."""
        told = np.array([span for span in spans if span[1] - span[0] >= NOTED_S * _NS], np.int64).reshape(
            -1, 2
        )
        every = np.unique(np.concatenate([self._spans, told]), axis=0)
        self._spans = every[np.argsort(every[:, 1], kind="stable")][-_MAX_GAPS:]

    def since(self, timestamps_ns: NDArray[np.int64]) -> SinceGap:
        """What the gaps mean for rows of these times."""
        rows = len(timestamps_ns)
        if not len(self._spans):
            return SinceGap(np.full(rows, np.inf), np.zeros(rows, np.bool_))
        ends = self._spans[:, 1]
        lasted = (ends - self._spans[:, 0]) / _NS
        last = np.searchsorted(ends, timestamps_ns, "right") - 1
        after = last >= 0
        since = np.where(after, (timestamps_ns - ends[last]) / _NS, np.inf)
        needed = np.clip(SETTLING_TIMES * lasted, *SETTLING_S)
        # A long gap shortly before a short one is not over with it.
        until = np.maximum.accumulate(ends + (needed * _NS).astype(np.int64))
        return SinceGap(since, after & (timestamps_ns < until[last]))
