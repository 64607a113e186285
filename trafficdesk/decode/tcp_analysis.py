"""TCP segments seen in the light of those before them: relative numbers, retransmissions, windows.

The rules are Wireshark's (packet-tcp.c, `tcp_analyze_sequence_number`, version 4.0), put as operations over all segments
of a batch: what the rules call "the last", "the next" or "the highest" is a running maximum or a shift within a
direction of a conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.protocol import TcpFlag, TcpNote

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_SPECIAL: Final = int(TcpFlag.SYN | TcpFlag.FIN | TcpFlag.RST)
_OUT_OF_ORDER_NS: Final = 3_000_000
"""A gap filled sooner than this is reordering, later a retransmission (Wireshark's default without a known RTT)."""
_FAST_NS: Final = 20_000_000
"""A segment that follows its duplicate acknowledgements within this time is a fast retransmission."""
_SEGMENT_SPAN: Final = np.int64(1) << 46
"""Keeps the running maxima of conversations apart; more than any conversation's bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Segments sorted by conversation and time, aligned arrays.

    Where a conversation was known before, its two remembered directions come first as rows of their own.
    """

    conversation: NDArray[np.int64]
    """(rows,) ascending."""
    way: NDArray[np.int64]
    """(rows,) 0 or 1: the direction."""
    sequence: NDArray[np.uint32]
    acknowledgement: NDArray[np.uint32]
    length: NDArray[np.int64]
    """Bytes of payload."""
    flags: NDArray[np.uint16]
    window: NDArray[np.uint16]
    at_ns: NDArray[np.int64]
    remembered: NDArray[np.void]
    """(rows,) `DIRECTION` of the remembered rows, zeros elsewhere."""
    is_remembered: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.conversation)


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What was found, aligned with the segments."""

    notes: NDArray[np.uint16]
    relative_sequence: NDArray[np.uint32]
    relative_acknowledgement: NDArray[np.uint32]
    directions: Callable[[NDArray[np.int64]], NDArray[np.void]]
    """`DIRECTION` of some rows: each segment's direction after it."""
    bases: tuple[NDArray[np.uint32], NDArray[np.bool_]]
    """(conversations, 2) the number from which each direction counts, and whether there is one."""


def analyse(segments: Segments) -> Analysis:
    """Judge all segments."""
    return _Judge(segments).judge()


class _Judge:
    """The running values that the rules need, each computed once."""

    def __init__(self, segments: Segments) -> None:
        self.s = segments
        rows = len(segments)
        self.index = np.arange(rows)
        self.group = segments.conversation * 2 + segments.way
        self.groups = int(segments.conversation[-1]) * 2 + 2 if rows else 0
        self.begin = np.searchsorted(segments.conversation, segments.conversation)
        self.base, self.based = self._bases()
        self.relative = segments.sequence - self.base[self.group]
        reverse = self.base[self.group ^ 1]
        self.relative_ack = np.where(
            segments.flags & TcpFlag.ACK, segments.acknowledgement - reverse, np.uint32(0)
        )
        self.previous = self._previous()
        self.other = self._latest_of_other()
        self._unwrap()

    def _first(self, groups: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """(groups,) the first of `rows` in each group, past all rows where none is."""
        first = np.full(self.groups, len(self.s), np.int64)
        # Of equal indices the last assignment stays, so the rows go in backwards.
        first[groups[::-1]] = rows[::-1]
        return first

    def _bases(self) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
        """(groups,) number from which each direction counts: remembered, its first segment's, or as acknowledged."""
        s = self.s
        based = np.ones(len(s), bool)
        based[s.is_remembered] = s.remembered["based"][s.is_remembered]
        rows = self.index[based]
        own = self._first(self.group[rows], rows)
        acks = self.index[((s.flags & TcpFlag.ACK) != 0) & ~s.is_remembered]
        acked = self._first(self.group[acks] ^ 1, acks)
        syn = (s.flags & TcpFlag.SYN) != 0
        of_own = np.where(s.is_remembered, s.remembered["base"], s.sequence - (~syn).astype(np.uint32))
        of_ack = s.acknowledgement - np.uint32(1)
        last = max(len(s) - 1, 0)
        base = np.where(own < acked, of_own[np.minimum(own, last)], of_ack[np.minimum(acked, last)])
        there = np.minimum(own, acked) < len(s)
        return np.where(there, base, np.uint32(0)).astype(np.uint32), there

    def _previous(self) -> NDArray[np.int64]:
        """(rows,) the row before in the same direction, -1 where there is none; remembered rows count if seen."""
        s = self.s
        real = ~s.is_remembered | s.remembered["seen"]
        previous = np.full(len(s), -1, np.int64)
        for way in (0, 1):
            rows = self.index[s.way == way]
            usable = np.where(real[rows], rows, -1)
            before = np.append(-1, np.maximum.accumulate(usable)[:-1]) if len(rows) else usable
            previous[rows] = np.where(before >= self.begin[rows], before, -1)
        return previous

    def _latest_of_other(self) -> NDArray[np.int64]:
        """(rows,) the latest row before of the other direction, -1 where there is none."""
        s = self.s
        real = ~s.is_remembered | s.remembered["seen"]
        other = np.empty(len(s), np.int64)
        for way in (0, 1):
            latest = np.maximum.accumulate(np.where((s.way != way) & real, self.index, -1))
            mine = s.way == way
            other[mine] = latest[mine]
        other[other < self.begin] = -1
        return other

    def _running(self, values: NDArray[np.int64], *, inclusive: bool) -> NDArray[np.int64]:
        """(rows,) highest of `values` in the same direction so far; far below all where there is none."""
        s = self.s
        spread = values + s.conversation * _SEGMENT_SPAN
        out = np.empty(len(s), np.int64)
        for way in (0, 1):
            rows = self.index[s.way == way]
            if not len(rows):
                continue
            highest = np.maximum.accumulate(spread[rows])
            if not inclusive:
                highest = np.append(-_SEGMENT_SPAN, highest[:-1])
            out[rows] = highest - s.conversation[rows] * _SEGMENT_SPAN
        return out

    def _unwrap(self) -> None:
        """Numbers beyond 32 bits: each is taken as near as possible to where its direction stood when the batch began."""
        s = self.s
        stood = np.zeros(self.groups, np.int64)
        stood[self.group[s.is_remembered]] = s.remembered["next"][s.is_remembered]
        self.start = self._near(stood[self.group], self.relative)
        consumed = s.length + ((s.flags & (TcpFlag.SYN | TcpFlag.FIN)) != 0)
        ends = self.start + consumed
        none = -(_SEGMENT_SPAN // 2)
        ends = np.where(s.is_remembered, np.where(s.remembered["seen"], s.remembered["next"], none), ends)
        self.ends = ends
        self.before = self._running(ends, inclusive=False)
        self.highest = np.maximum(self.before, ends)
        self.has_before = self.previous >= 0
        acks = self._near(stood[self.group ^ 1], self.relative_ack)
        valid = ((s.flags & TcpFlag.ACK) != 0) & ~s.is_remembered
        acks = np.where(valid, acks, none)
        acks = np.where(
            s.is_remembered, np.where(s.remembered["seen"], s.remembered["acknowledged"], none), acks
        )
        self.acks = acks
        self.acks_before = self._running(acks, inclusive=False)

    @staticmethod
    def _near(reference: NDArray[np.int64], number: NDArray[np.uint32]) -> NDArray[np.int64]:
        distance = (number - reference.astype(np.uint32)).astype(np.int32)
        near: NDArray[np.int64] = reference + distance
        return near

    def judge(self) -> Analysis:
        """Apply the rules in Wireshark's order."""
        s = self.s
        flags, length = s.flags, s.length
        window = s.window
        ordinary = (flags & _SPECIAL) == 0
        has, before = self.has_before, self.before
        previous, other = np.maximum(self.previous, 0), np.maximum(self.other, 0)
        has_other = self.other >= 0
        live = ~s.is_remembered
        last_window = self._last("window", s.window, previous)
        last_ack = self._last("last_acknowledgement", s.acknowledgement, previous)
        other_window = self._last("window", s.window, other)
        at_next = has & (self.start == before)
        empty = length == 0

        probe = live & (length == 1) & at_next & has_other & (other_window == 0) & ordinary
        zero = live & (window == 0) & ordinary & ~probe
        lost = live & has & (self.start > before) & ((flags & TcpFlag.RST) == 0) & ~probe
        alive = live & has & (length <= 1) & (self.start == before - 1) & ordinary
        same_ack = has & (s.acknowledgement == last_ack) & ordinary & live & empty & at_next
        update = same_ack & (window != 0) & (window != last_window)
        repeated = same_ack & (window != 0) & (window == last_window)
        other_notes = np.where(self.s.is_remembered, s.remembered["notes"], 0).astype(np.uint16)
        other_notes = np.where(live & alive, other_notes | np.uint16(TcpNote.KEEP_ALIVE), other_notes)
        other_notes = np.where(live & probe, other_notes | np.uint16(TcpNote.ZERO_WINDOW_PROBE), other_notes)
        of_other = np.where(has_other, other_notes[other], 0)
        alive_ack = repeated & ((of_other & TcpNote.KEEP_ALIVE) != 0)
        near_ack = has & ((s.acknowledgement - last_ack) <= np.uint32(1))
        probe_ack = (live & empty & (window == 0) & (last_window == 0) & at_next & near_ack & ordinary) & (
            (of_other & TcpNote.ZERO_WINDOW_PROBE) != 0
        )
        duplicate = repeated & ~alive_ack

        duplicates = self._runs(duplicate, same_ack | alive_ack)
        unseen = (
            live
            & has_other
            & ((flags & TcpFlag.ACK) != 0)
            & (self.acks > self._of_other(self.highest))
            & (self.acks > self.acks_before)
        )

        carries = ((length > 0) | ((flags & (TcpFlag.SYN | TcpFlag.FIN)) != 0)) & live
        again = carries & has & (self.start < before) & ~alive & ~((length > 1) & (self.start == before - 1))
        acknowledged = self._last_acks(other)
        spurious = again & (length > 0) & has_other & (self.ends <= acknowledged)
        waited = s.at_ns - self._last("last_ns", s.at_ns, other)
        fast = (
            again
            & ~spurious
            & has_other
            & (duplicates[other] >= 2)
            & (acknowledged == self.start)
            & (waited < _FAST_NS)
        )
        self.advanced_ns, self.advances = self._advanced_ns()
        late = s.at_ns - self.advanced_ns
        reordered = again & ~spurious & ~fast & (late < _OUT_OF_ORDER_NS) & (before != self.ends)
        plain = again & ~spurious & ~fast & ~reordered

        notes = np.zeros(len(s), np.uint16)
        for found, note in (
            (plain, TcpNote.RETRANSMISSION),
            (fast, TcpNote.FAST_RETRANSMISSION),
            (spurious, TcpNote.SPURIOUS_RETRANSMISSION),
            (reordered, TcpNote.OUT_OF_ORDER),
            (lost, TcpNote.PREVIOUS_NOT_CAPTURED),
            (unseen, TcpNote.ACKED_UNSEEN),
            (duplicate, TcpNote.DUPLICATE_ACK),
            (zero & ~probe_ack, TcpNote.ZERO_WINDOW),
            (probe, TcpNote.ZERO_WINDOW_PROBE),
            (probe_ack, TcpNote.ZERO_WINDOW_PROBE_ACK),
            (update, TcpNote.WINDOW_UPDATE),
            (alive, TcpNote.KEEP_ALIVE),
            (alive_ack, TcpNote.KEEP_ALIVE_ACK),
        ):
            notes |= found * np.uint16(note)
        notes[live] |= np.uint16(TcpNote.FOLLOWED)
        return Analysis(
            notes,
            self.relative,
            self.relative_ack,
            lambda rows: self._after(rows, notes, duplicates),
            (self.base.reshape(-1, 2), self.based.reshape(-1, 2)),
        )

    def _last(self, name: str, column: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
        """(rows,) the column at `rows`, as remembered where those are remembered."""
        s = self.s
        whole = np.where(s.is_remembered, s.remembered[name], column)
        return whole[rows]

    def _of_other(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        return values[np.maximum(self.other, 0)]

    def _last_acks(self, other: NDArray[np.int64]) -> NDArray[np.int64]:
        """(rows,) what the other direction acknowledged last, unwrapped, in this direction's numbers."""
        s = self.s
        last = np.where(s.is_remembered, s.remembered["acknowledged_last"], self.acks)
        return np.where(self.other >= 0, last[other], -_SEGMENT_SPAN)

    def _advanced_ns(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """(rows,) when this direction's highest number was reached, before each row; and whether the row raises it."""
        s = self.s
        out = np.zeros(len(s), np.int64)
        times = np.where(s.is_remembered, s.remembered["next_ns"], s.at_ns)
        advances = (self.ends > self.before) | s.is_remembered
        for way in (0, 1):
            rows = self.index[s.way == way]
            if not len(rows):
                continue
            latest = np.maximum.accumulate(np.where(advances[rows], np.arange(len(rows)), -1))
            shifted = np.append(-1, latest[:-1])
            out[rows] = times[rows[np.maximum(shifted, 0)]]
        return out, advances

    def _runs(self, member: NDArray[np.bool_], keeps: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(rows,) how many of `member` came in a row in each direction.

        A row outside `keeps` that acknowledges something else begins anew.
        """
        s = self.s
        out = np.zeros(len(s), np.int64)
        changed = ~s.is_remembered & ~keeps
        acknowledges_same = s.acknowledgement == self._last(
            "last_acknowledgement", s.acknowledgement, np.maximum(self.previous, 0)
        )
        changed &= ~(acknowledges_same & self.has_before)
        for way in (0, 1):
            rows = self.index[s.way == way]
            if not len(rows):
                continue
            begun = np.where(s.is_remembered[rows], s.remembered["duplicates"][rows], 0).astype(np.int64)
            total = np.cumsum(member[rows])
            resets = changed[rows] | s.is_remembered[rows]
            resets |= self.previous[rows] < 0
            at = np.maximum.accumulate(np.where(resets, np.arange(len(rows)), 0))
            out[rows] = total - total[at] + np.where(s.is_remembered[rows][at], begun[at], member[rows][at])
        return out

    def _after(
        self, rows: NDArray[np.int64], notes: NDArray[np.uint16], duplicates: NDArray[np.int64]
    ) -> NDArray[np.void]:
        """(rows,) `DIRECTION` after each of `rows`, as it is to be remembered."""
        s = self.s
        after = s.remembered[rows]
        live = np.flatnonzero(~s.is_remembered[rows])
        rows = rows[live]
        for name, values in (
            ("seen", np.ones(len(rows), bool)),
            ("next", self.highest[rows]),
            ("next_ns", np.where(self.advances, s.at_ns, self.advanced_ns)[rows]),
            ("acknowledged", np.maximum(self.acks[rows], self.acks_before[rows])),
            ("acknowledged_last", self.acks[rows]),
            ("last_acknowledgement", s.acknowledgement[rows]),
            ("window", s.window[rows]),
            ("duplicates", np.minimum(duplicates[rows], 0xFFFF)),
            ("last_ns", s.at_ns[rows]),
            ("notes", notes[rows]),
        ):
            after[name][live] = values
        return after
