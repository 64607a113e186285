"""Published pieces of a spool, and which of them should become one.

Eight pieces of the same level are joined to one of the next, as in a log-structured merge tree (O'Neil et al. 1996),
until a segment is large or old enough to be closed. Each byte is copied once per level: five times at 5 kB/s, once at
25 MB/s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.spool.folder import piece_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

JOINED_AT_ONCE: Final = 8
"""Two would copy each byte three times as often; sixteen would leave twice as many small files."""
SEGMENT_S: Final = 3_600.0
"""A segment is closed after this time, however small: old frames leave by whole segments."""
_CLOSED: Final = -1


@dataclass(frozen=True, slots=True)
class Segment:
    """A published piece and its place in the stream of packet blocks."""

    path: Path
    first: int
    """Number of its first flush."""
    last: int
    frames: int
    head: int
    """Bytes before its first packet block."""
    start: int
    """Where its packet blocks begin in the stream."""
    size: int
    """Bytes of packet blocks."""
    began_s: float
    """When it was begun, seconds of the monotonic clock."""
    level: int = 0
    """How often its frames have been joined; -1 = closed."""


def due(segments: Sequence[Segment], *, segment_bytes: int, now_s: float) -> list[Segment]:
    """The newest segments that should become one now (one alone: should be closed); empty = none."""
    small: list[Segment] = []
    for segment in reversed(segments):
        # What lay between two may have been lost or deleted: the stream has a hole there.
        if segment.level == _CLOSED or (small and segment.start + segment.size != small[0].start):
            break
        small.insert(0, segment)
    if not small:
        return []
    if sum(segment.size for segment in small) >= segment_bytes or now_s - small[0].began_s >= SEGMENT_S:
        return small
    same = [segment for segment in small if segment.level == small[-1].level]
    return same if len(same) >= JOINED_AT_ONCE else []


def join(run: Sequence[Segment], *, segment_bytes: int, now_s: float) -> Segment:
    """What consecutive segments become."""
    oldest, newest = run[0], run[-1]
    size, frames = sum(segment.size for segment in run), sum(segment.frames for segment in run)
    is_closed = size >= segment_bytes or now_s - oldest.began_s >= SEGMENT_S
    return Segment(
        oldest.path.with_name(piece_name(oldest.first, newest.last, frames)),
        oldest.first,
        newest.last,
        frames,
        newest.head,
        oldest.start,
        size,
        oldest.began_s,
        _CLOSED if is_closed else newest.level + 1,
    )
