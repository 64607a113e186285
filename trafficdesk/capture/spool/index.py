"""Where a spooled frame lies: marks in the stream of all packet blocks of a capture.

A mark is the place of a run of consecutive frames in the stream that all pieces together hold. Merging pieces moves no
frame within that stream, so an index entry stays true until its frames are deleted.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

MARK_BYTES: Final = 256 << 10
"""Stream bytes a mark covers at least: what has to be read and parsed for one frame, some 0.5 ms. 2 GiB of frames
need 8,192 marks of 24 bytes."""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive frames in the stream."""

    first_id: int
    frames: int
    start: int
    """Byte of the stream."""
    stop: int


class SpoolIndex:
    """Marks in order; not locked: its owner does that."""

    def __init__(self) -> None:
        self._first_ids, self._frames, self._starts = array("q"), array("q"), array("q")
        self.stop = 0
        """Bytes of stream indexed."""

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def first_id(self) -> int | None:
        """The oldest frame's packet_id."""
        return self._first_ids[0] if self._first_ids else None

    def add(self, first_id: int, frames: int, size: int, *, apart: bool) -> None:
        """The next `size` bytes of the stream hold `frames` frames from `first_id` on.

        Parameters
        ----------
        apart : whether they begin a new piece, so that no run spans two.
        """
        follows = bool(self._first_ids) and self._first_ids[-1] + self._frames[-1] == first_id
        if apart or not follows or self.stop - self._starts[-1] >= MARK_BYTES:
            self._first_ids.append(first_id)
            self._frames.append(0)
            self._starts.append(self.stop)
        self._frames[-1] += frames
        self.stop += size

    def run(self, packet_id: int) -> Run | None:
        """The run that holds a frame, if there is one."""
        at = bisect_right(self._first_ids, packet_id) - 1
        if at < 0 or packet_id >= self._first_ids[at] + self._frames[at]:
            return None
        stop = self._starts[at + 1] if at + 1 < len(self._starts) else self.stop
        return Run(self._first_ids[at], self._frames[at], self._starts[at], stop)

    def following(self, packet_id: int) -> int | None:
        """The first packet_id beyond `packet_id` that a run begins with; None = there is none."""
        at = bisect_right(self._first_ids, packet_id)
        return self._first_ids[at] if at < len(self._first_ids) else None

    def forget_before(self, start: int) -> None:
        """Drop the marks before byte `start` of the stream."""
        count = bisect_right(self._starts, start - 1)
        for column in (self._first_ids, self._frames, self._starts):
            del column[:count]
