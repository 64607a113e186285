"""TCP segments seen in the light of those before them: relative numbers, retransmissions, windows.

The rules are Wireshark's (packet-tcp.c, `tcp_analyze_sequence_number`, version 4.0), put as operations over all segments
of a batch and their running values (`tcp_running`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.tcp_running import SPAN, Running
from trafficdesk.packets.protocol import TcpFlag, TcpNote

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.decode.segments import Segments

    Found = dict[TcpNote, NDArray[np.bool_]]
    """(rows,) which segments have each note."""

_SPECIAL: Final = int(TcpFlag.SYN | TcpFlag.FIN | TcpFlag.RST)
_OUT_OF_ORDER_NS: Final = 3_000_000
"""A gap filled sooner than this is reordering, later a retransmission (Wireshark's default without a known RTT)."""
_FAST_NS: Final = 20_000_000
"""A segment that follows its duplicate acknowledgements within this time is a fast retransmission."""


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
    """Applies the rules in Wireshark's order."""

    def __init__(self, segments: Segments) -> None:
        self.s = segments
        self.r = Running(segments)
        self.ordinary = (segments.flags & _SPECIAL) == 0
        self.previous, self.other = np.maximum(self.r.previous, 0), np.maximum(self.r.other, 0)
        self.alive = np.zeros(0, bool)
        self.duplicates = np.zeros(0, np.int64)

    def judge(self) -> Analysis:
        """All notes, and what is to be remembered."""
        running = self.r
        found = self._windows_and_acknowledgements()
        found |= self._repetitions()
        notes = np.zeros(len(self.s), np.uint16)
        for note, where in found.items():
            rows = np.flatnonzero(where)
            if len(rows):
                notes[rows] |= np.uint16(note)
        notes[running.live] |= np.uint16(TcpNote.FOLLOWED)
        return Analysis(
            notes,
            running.relative,
            running.relative_ack,
            lambda rows: running.after(rows, notes, self.duplicates),
            (running.base.reshape(-1, 2), running.based.reshape(-1, 2)),
        )

    def _windows_and_acknowledgements(self) -> Found:
        """Probes, gaps, and segments without data that say the same again."""
        s, r = self.s, self.r
        live, has, window, ordinary = r.live, r.has_before, s.window, self.ordinary
        last_window = r.last("window", window, self.previous)
        last_ack = r.last("last_acknowledgement", s.acknowledgement, self.previous)
        other_window = r.last("window", window, self.other)
        at_next, empty = has & (r.start == r.before), s.length == 0

        probe = live & (s.length == 1) & at_next & r.has_other & (other_window == 0) & ordinary
        lost = live & has & (r.start > r.before) & ((s.flags & TcpFlag.RST) == 0) & ~probe
        self.alive = live & has & (s.length <= 1) & (r.start == r.before - 1) & ordinary
        same_ack = at_next & (s.acknowledgement == last_ack) & ordinary & live & empty & (window != 0)
        update = same_ack & (window != last_window)
        repeated = same_ack & (window == last_window)

        of_other = np.where(r.has_other, self._noted(probe)[self.other], 0)
        alive_ack = repeated & ((of_other & TcpNote.KEEP_ALIVE) != 0)
        near_ack = has & ((s.acknowledgement - last_ack) <= np.uint32(1))
        probe_ack = (live & empty & (window == 0) & (last_window == 0) & at_next & near_ack & ordinary) & (
            (of_other & TcpNote.ZERO_WINDOW_PROBE) != 0
        )
        duplicate = repeated & ~alive_ack
        self.duplicates = r.runs(duplicate)
        beyond = (r.acks > r.highest[self.other]) & (r.acks > r.acks_before)
        return {
            TcpNote.PREVIOUS_NOT_CAPTURED: lost,
            TcpNote.ACKED_UNSEEN: live & r.has_other & r.acknowledges & beyond,
            TcpNote.DUPLICATE_ACK: duplicate,
            TcpNote.ZERO_WINDOW: live & (window == 0) & ordinary & ~probe & ~probe_ack,
            TcpNote.ZERO_WINDOW_PROBE: probe,
            TcpNote.ZERO_WINDOW_PROBE_ACK: probe_ack,
            TcpNote.WINDOW_UPDATE: update,
            TcpNote.KEEP_ALIVE: self.alive,
            TcpNote.KEEP_ALIVE_ACK: alive_ack,
        }

    def _noted(self, probe: NDArray[np.bool_]) -> NDArray[np.uint16]:
        """(rows,) keep-alives and probes as notes, and what is noted of remembered rows."""
        noted = self.s.completed("notes", np.zeros(len(self.s), np.uint16))
        noted[self.alive] |= np.uint16(TcpNote.KEEP_ALIVE)
        noted[probe] |= np.uint16(TcpNote.ZERO_WINDOW_PROBE)
        return noted

    def _repetitions(self) -> Found:
        """What was there before: sent again, or late."""
        s, r = self.s, self.r
        carries = (s.length > 0) | ((s.flags & (TcpFlag.SYN | TcpFlag.FIN)) != 0)
        again = carries & r.live & r.has_before & (r.start < r.before) & ~self.alive
        again &= ~((s.length > 1) & (r.start == r.before - 1))
        acknowledged = np.where(r.has_other, r.last("acknowledged_last", r.acks, self.other), -SPAN)
        spurious = again & (s.length > 0) & r.has_other & (r.ends <= acknowledged)
        waited = s.at_ns - r.last("last_ns", s.at_ns, self.other)
        fast = again & ~spurious & r.has_other & (self.duplicates[self.other] >= 2)
        fast &= (acknowledged == r.start) & (waited < _FAST_NS)
        left = again & ~spurious & ~fast
        reordered = left & (s.at_ns - r.advanced_ns < _OUT_OF_ORDER_NS) & (r.before != r.ends)
        return {
            TcpNote.RETRANSMISSION: left & ~reordered,
            TcpNote.FAST_RETRANSMISSION: fast,
            TcpNote.SPURIOUS_RETRANSMISSION: spurious,
            TcpNote.OUT_OF_ORDER: reordered,
        }
