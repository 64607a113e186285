"""Segments put in order for `tcp_analysis`: with what is remembered before them, and what is to be remembered after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trafficdesk.decode.conversation_table import CONVERSATION, DIRECTION, RAW_DIRECTION, set_ways, ways_of
from trafficdesk.packets.protocol import TcpFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.flows import Flows
    from trafficdesk.decode.tcp_analysis import Analysis


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
    ahead: NDArray[np.int64]
    """(remembered,) the rows that are remembered ones, ascending; their other columns are 0."""
    remembered: NDArray[np.void]
    """(remembered,) `DIRECTION` of those."""

    def __len__(self) -> int:
        return len(self.conversation)

    def completed(self, name: str, column: NDArray[Any]) -> NDArray[Any]:
        """(rows,) a copy of `column` with what is remembered as `name` in the remembered rows."""
        out = column.copy()
        out[self.ahead] = self.remembered[name]
        return out


def _is_opening(flags: NDArray[np.uint16]) -> NDArray[np.bool_]:
    opening: NDArray[np.bool_] = (flags & np.uint16(TcpFlag.SYN | TcpFlag.ACK)) == TcpFlag.SYN
    return opening


def reused_ports(flows: Flows) -> NDArray[np.bool_]:
    """(rows,) whether a SYN begins another conversation between the same ports: its number is not the last SYN's."""
    batch, rows, states = flows.batch, flows.rows, flows.states
    reused = np.zeros(len(rows), bool)
    opening = np.flatnonzero(_is_opening(batch["tcp_flags"][rows]))
    if not len(opening):
        return reused
    number, of = batch["tcp_sequence"][rows[opening]], flows.flow[opening]
    after_other = np.append(False, of[1:] == of[:-1])
    last = np.where(after_other, np.roll(number, 1), states["syn"][of])
    has_last = after_other | states["has_syn"][of]
    something = ~flows.first[opening] | flows.known[of]
    reused[opening] = np.where(has_last, number != last, something)
    return reused


def with_remembered(flows: Flows, reused: NDArray[np.bool_]) -> tuple[Segments, NDArray[np.int64]]:
    """The segments with what is remembered of their conversations before them, and where each of the rows stands."""
    batch, rows = flows.batch, flows.rows
    conversation = flows.flow + np.cumsum(reused)
    before = 2 * np.cumsum(flows.known)
    places = np.arange(len(rows)) + before[flows.flow]
    old = np.flatnonzero(flows.known)
    begin = flows.begin[old]
    ahead = (begin + before[old] - 2)[:, None] + np.arange(2)
    total = len(rows) + 2 * len(old)

    def spread(values: NDArray[Any]) -> NDArray[Any]:
        out = np.zeros(total, values.dtype)
        out[places] = values
        return out

    conversations = spread(conversation)
    ways = spread((flows.ends[0] > flows.ends[1]).astype(np.int64))
    conversations[ahead] = (conversation[begin] - reused[begin])[:, None]
    ways[ahead] = np.arange(2)
    segments = Segments(
        conversations,
        ways,
        spread(batch["tcp_sequence"][rows]),
        spread(batch["tcp_acknowledgement"][rows]),
        spread(batch["payload_length"][rows].astype(np.int64)),
        spread(batch["tcp_flags"][rows]),
        spread(batch["tcp_window"][rows]),
        spread(batch["timestamp_ns"][rows]),
        ahead.reshape(-1),
        _remembered(flows, old),
    )
    return segments, places


def _remembered(flows: Flows, old: NDArray[np.int64]) -> NDArray[np.void]:
    """(2 * old,) `DIRECTION`: both directions of the flows `old`, as they were before the batch."""
    remembered: NDArray[np.void] = ways_of(flows.states).view(RAW_DIRECTION)[old].reshape(-1).view(DIRECTION)
    return remembered


def to_remember(
    flows: Flows, segments: Segments, places: NDArray[np.int64], analysis: Analysis
) -> NDArray[np.void]:
    """(flows,) `CONVERSATION` after the batch; of ports used twice, the newer conversation's."""
    conversation = segments.conversation[places[flows.last]]
    last = np.full((int(segments.conversation[-1]) + 1) * 2, -1, np.int64)
    last[segments.conversation * 2 + segments.way] = np.arange(len(segments))
    rows = last.reshape(-1, 2)[conversation]
    states = np.zeros(len(conversation), CONVERSATION)
    ways = np.zeros(rows.shape, DIRECTION)
    there = rows >= 0
    ways.view(RAW_DIRECTION)[there] = analysis.directions(rows[there]).view(RAW_DIRECTION)
    base, based = analysis.bases
    ways["base"], ways["based"] = base[conversation], based[conversation]
    set_ways(states, ways)
    syn = _is_opening(flows.batch["tcp_flags"][flows.rows])
    states["syn"], states["has_syn"] = flows.states["syn"], flows.states["has_syn"]
    states["syn"][flows.flow[syn]] = flows.batch["tcp_sequence"][flows.rows[syn]]
    states["has_syn"][flows.flow[syn]] = True
    return states
