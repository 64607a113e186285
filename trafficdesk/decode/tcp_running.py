"""What Wireshark's rules call "the last", "the next" or "the highest": running values over the segments of a batch.

Each is a running maximum or a shift within a direction of a conversation. Numbers are unwrapped: they go on beyond 32 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.decode.conversation_table import DIRECTION, RAW_DIRECTION
from trafficdesk.packets.protocol import TcpFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.segments import Segments

SPAN: Final = np.int64(1) << 46
"""Keeps the running maxima of conversations apart; more than any conversation's bytes."""
_NONE: Final = -(SPAN // 2)


class Running:
    """The running values that the rules need, each computed once, aligned with the segments."""

    def __init__(self, segments: Segments) -> None:
        self.s = segments
        rows = len(segments)
        self.index = np.arange(rows)
        self.ways = tuple(np.flatnonzero(segments.way == way) for way in (0, 1))
        """Rows of each direction."""
        self.live = np.ones(rows, bool)
        """Which rows are segments of this batch, not remembered ones."""
        self.live[segments.ahead] = False
        self.group = segments.conversation * 2 + segments.way
        """Number of each row's direction of its conversation."""
        self.groups = int(segments.conversation[-1]) * 2 + 2 if rows else 0
        self._there = self.live.copy()
        self._there[segments.ahead] = segments.remembered["seen"]
        conversation = segments.conversation
        first = np.append(True, conversation[1:] != conversation[:-1])[:rows]
        self._begin = np.maximum.accumulate(np.where(first, self.index, 0))
        self.base, self.based = self._bases()
        self.relative = segments.sequence - self.base[self.group]
        reverse = self.base[self.group ^ 1]
        self.acknowledges = (segments.flags & TcpFlag.ACK) != 0
        self.relative_ack = np.where(self.acknowledges, segments.acknowledgement - reverse, np.uint32(0))
        self.previous, self.other = self._previous(), self._latest_of_other()
        self.has_before, self.has_other = self.previous >= 0, self.other >= 0
        self._unwrap()
        self.advanced_ns, self.advances = self._advanced_ns()

    def last(self, name: str, column: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
        """(rows,) the column at `rows`, as remembered where those are remembered."""
        return self.s.completed(name, column)[rows]

    def _first(self, groups: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """(groups,) the first of `rows` in each group, past all rows where none is."""
        first = np.full(self.groups, len(self.s), np.int64)
        # Of equal indices the last assignment stays, so the rows go in backwards.
        first[groups[::-1]] = rows[::-1]
        return first

    def _bases(self) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
        """(groups,) number from which each direction counts: remembered, its first segment's, or as acknowledged."""
        s = self.s
        based = self.live.copy()
        based[s.ahead] = s.remembered["based"]
        rows = np.flatnonzero(based)
        own = self._first(self.group[rows], rows)
        acks = np.flatnonzero(((s.flags & TcpFlag.ACK) != 0) & self.live)
        acked = self._first(self.group[acks] ^ 1, acks)
        plain = (s.flags & TcpFlag.SYN) == 0
        of_own = s.completed("base", s.sequence - plain.astype(np.uint32))
        of_ack = s.acknowledgement - np.uint32(1)
        last = max(len(s) - 1, 0)
        base = np.where(own < acked, of_own[np.minimum(own, last)], of_ack[np.minimum(acked, last)])
        there = np.minimum(own, acked) < len(s)
        return np.where(there, base, np.uint32(0)).astype(np.uint32), there

    def _previous(self) -> NDArray[np.int64]:
        """(rows,) the row before in the same direction, -1 where there is none; remembered rows count if seen."""
        previous = np.full(len(self.s), -1, np.int64)
        for rows in self.ways:
            usable = np.where(self._there[rows], rows, -1)
            before = np.append(-1, np.maximum.accumulate(usable)[:-1]) if len(rows) else usable
            previous[rows] = np.where(before >= self._begin[rows], before, -1)
        return previous

    def _latest_of_other(self) -> NDArray[np.int64]:
        """(rows,) the latest row before of the other direction, -1 where there is none."""
        other = np.full(len(self.s), -1, np.int64)
        for mine, others in (self.ways, self.ways[::-1]):
            latest = np.full(len(self.s), -1, np.int64)
            there = others[self._there[others]]
            latest[there] = there
            other[mine] = np.maximum.accumulate(latest)[mine]
        other[other < self._begin] = -1
        return other

    def _running(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """(rows,) highest of `values` before in the same direction; far below all where there is none."""
        shift = self.s.conversation * SPAN
        spread = values + shift
        out = np.empty(len(self.s), np.int64)
        for rows in self.ways:
            if len(rows):
                out[rows] = np.append(-SPAN, np.maximum.accumulate(spread[rows])[:-1])
        out -= shift
        return out

    def _unwrap(self) -> None:
        """Numbers beyond 32 bits: each is taken as near as possible to where its direction stood when the batch began."""
        s = self.s
        seen = s.remembered["seen"]
        stood = np.zeros(self.groups, np.int64)
        stood[self.group[s.ahead]] = s.remembered["next"]
        self.start = _near(stood[self.group], self.relative)
        self.ends = self.start + s.length + ((s.flags & (TcpFlag.SYN | TcpFlag.FIN)) != 0)
        self.ends[s.ahead] = np.where(seen, s.remembered["next"], _NONE)
        self.before = self._running(self.ends)
        self.highest = np.maximum(self.before, self.ends)
        acks = _near(stood[self.group ^ 1], self.relative_ack)
        self.acks = np.where(self.acknowledges, acks, _NONE)
        self.acks[s.ahead] = np.where(seen, s.remembered["acknowledged"], _NONE)
        self.acks_before = self._running(self.acks)

    def _advanced_ns(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """(rows,) when this direction's highest number was reached, before each row; and whether the row raises it."""
        s = self.s
        out = np.zeros(len(s), np.int64)
        times = s.completed("next_ns", s.at_ns)
        advances = (self.ends > self.before) | ~self.live
        for rows in self.ways:
            if not len(rows):
                continue
            latest = np.maximum.accumulate(np.where(advances[rows], np.arange(len(rows)), -1))
            shifted = np.append(-1, latest[:-1])
            out[rows] = times[rows[np.maximum(shifted, 0)]]
        return out, advances

    def runs(self, member: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(rows,) how many of `member` came in a row in each direction; another acknowledgement begins anew."""
        s = self.s
        out = np.zeros(len(s), np.int64)
        before = self.last("last_acknowledgement", s.acknowledgement, np.maximum(self.previous, 0))
        resets = ~self.live | ~self.has_before | (s.acknowledgement != before)
        begun = s.completed("duplicates", member.astype(np.int64))
        for rows in self.ways:
            if not len(rows):
                continue
            total = np.cumsum(member[rows])
            at = np.maximum.accumulate(np.where(resets[rows], np.arange(len(rows)), 0))
            out[rows] = total - total[at] + begun[rows[at]]
        return out

    def after(
        self, rows: NDArray[np.int64], notes: NDArray[np.uint16], duplicates: NDArray[np.int64]
    ) -> NDArray[np.void]:
        """(rows,) `DIRECTION` after each of `rows`, as it is to be remembered."""
        s = self.s
        after = np.empty(len(rows), RAW_DIRECTION)
        live = self.live[rows]
        remembered = s.remembered.view(RAW_DIRECTION)
        after[~live] = remembered[np.searchsorted(s.ahead, rows[~live])]
        rows = rows[live]
        fresh = np.zeros(len(rows), DIRECTION)
        for name, values in (
            ("seen", np.ones(len(rows), bool)),
            ("next", self.highest[rows]),
            ("next_ns", np.where(self.advances[rows], s.at_ns[rows], self.advanced_ns[rows])),
            ("acknowledged", np.maximum(self.acks[rows], self.acks_before[rows])),
            ("acknowledged_last", self.acks[rows]),
            ("last_acknowledgement", s.acknowledgement[rows]),
            ("window", s.window[rows]),
            ("duplicates", np.minimum(duplicates[rows], 0xFFFF)),
            ("last_ns", s.at_ns[rows]),
            ("notes", notes[rows]),
        ):
            fresh[name] = values
        after[live] = fresh.view(RAW_DIRECTION)
        return after.view(DIRECTION)


def _near(reference: NDArray[np.int64], number: NDArray[np.uint32]) -> NDArray[np.int64]:
    """The 32-bit numbers as near to their references as can be."""
    distance = (number - reference.astype(np.uint32)).astype(np.int32)
    near: NDArray[np.int64] = reference + distance
    return near
