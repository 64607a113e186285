"""The clock that features run on: seconds since the capture's first packet, immune to steps of the system clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

IDLE_NS: Final = 1_200 * 1_000_000_000
"""How long state is kept (`state.IDLE_S`): after a gap that is longer, it is stale."""
JUMP_NS: Final = 3_600 * 1_000_000_000
"""A step beyond an hour, either way, is another time of day and not a gap: whatever was known is stale."""


def _stood_still(
    timestamps_ns: NDArray[np.int64], steps: NDArray[np.int64], gaps: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(rows,) nanoseconds of the step before each row that a gap takes away: it must lie wholly in that step."""
    standing = np.zeros(len(steps), np.int64)
    before = timestamps_ns - steps
    for start, end in gaps.tolist():
        if end - start < IDLE_NS:
            spanning = (before <= start) & (timestamps_ns >= end)
            standing[spanning] = np.maximum(standing[spanning], end - start)
    return standing


class CaptureClock:
    """Turns timestamps into seconds; a jump beyond `JUMP_NS` either way becomes one hour forwards.

    An hour is longer than any state is kept (`state.IDLE_S`), so a jump forgets everything without a reset. Smaller
    steps backwards stay; every state treats a negative interval as 0 and is right again at its next packet.
    """

    def __init__(self) -> None:
        self._last_ns: int | None = None
        self._now_ns = 0

    def seconds(
        self, timestamps_ns: NDArray[np.int64], gaps: NDArray[np.int64] | None = None
    ) -> NDArray[np.float64]:
        """(rows,) seconds on this clock, of rows that follow those of the former call.

        Parameters
        ----------
        gaps : (gaps, 2) start and end in ns of spans in which nothing could be captured. The clock stands still in
            those in which nothing was, unless they are longer than any state is kept.
        """
        if not len(timestamps_ns):
            return np.empty(0)
        first = int(timestamps_ns[0]) if self._last_ns is None else self._last_ns
        # Hostile timestamps may lie 2**64 ns apart: the difference wraps, and is then a jump or harmless.
        with np.errstate(over="ignore"):
            steps = np.diff(timestamps_ns, prepend=np.int64(first))
        if gaps is not None and len(gaps):
            steps -= _stood_still(timestamps_ns, steps, gaps)
        steps = np.where((steps > JUMP_NS) | (steps < -JUMP_NS), JUMP_NS, steps)
        now = np.cumsum(steps) + self._now_ns
        self._last_ns = int(timestamps_ns[-1])
        self._now_ns = int(now[-1])
        return now / 1e9
