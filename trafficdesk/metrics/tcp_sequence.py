"""Segments sent again or overtaken, by their sequence numbers alone (RFC 9293 section 3.4; RFC 1982 arithmetic).

A segment that carries nothing beyond what its direction has sent already is a retransmission; one that starts before
that point but came within 3 ms of the segment that reached it, and does not end there, was overtaken on its way.
The threshold and the exemption of keep-alives are Wireshark's (packet-tcp.c, `tcp_analyze_sequence_number`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.protocol import TcpFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.metrics.flow_rows import FlowRows

_OVERTAKEN_NS: Final = 3_000_000
_SPAN: Final = 1 << 34
"""Apart from each other by this, several directions' sequence numbers can be accumulated in one go."""
_TAKES_NUMBER: Final = np.uint16(TcpFlag.SYN | TcpFlag.FIN)


def count_resent(
    flows: FlowRows,
    way: NDArray[np.int64],
    at_ns: NDArray[np.int64],
    flags: NDArray[np.uint16],
    sequence: NDArray[np.uint32],
    *,
    payload: NDArray[np.uint32],
) -> None:
    """Count retransmitted and overtaken segments, and note how far each direction has come.

    Parameters
    ----------
    flows : columns `expects`, `next_sequence`, `next_ns`, `retransmitted`, `out_of_order` are read and written.
    way : (rows,) 2 * conversation + side of TCP rows in order of capture.
    """
    control = flags & _TAKES_NUMBER
    carries = np.flatnonzero((payload > 0) | (control != 0))
    if not len(carries):
        return
    order = carries[np.argsort(way[carries], kind="stable")]
    way, at_ns, sequence, payload = way[order], at_ns[order], sequence[order], payload[order].astype(np.int64)
    numbered = payload + (control[order] != 0)
    first = np.append(True, way[1:] != way[:-1])
    group = np.cumsum(first) - 1
    ways = way[first]
    expects, next_ns = flows["expects"][ways], flows["next_ns"][ways]
    anchor = np.where(expects, flows["next_sequence"][ways], sequence[first])
    start = (sequence - anchor[group]).view(np.int32).astype(np.int64)
    end = start + numbered
    reached = np.maximum.accumulate(end + group * _SPAN) - group * _SPAN
    # Before a direction's first segment of this batch stands what it had reached before, 0 by choice of the anchor.
    reached = np.where(expects[group], np.maximum(reached, 0), reached)
    before = np.where(first, np.where(expects[group], 0, start), np.roll(reached, 1))
    advances = end > before
    since = _since(advances, first, at_ns, next_ns[group])
    keeps_alive = (payload <= 1) & (start == before - 1) & (control[order] == 0)
    again = (start < before) & ~keeps_alive
    overtaken = again & (at_ns - since < _OVERTAKEN_NS) & (end != before)
    np.add.at(flows["out_of_order"], way[overtaken], 1)
    np.add.at(flows["retransmitted"], way[again & ~overtaken], 1)
    last = np.append(first[1:], True)
    flows["next_sequence"][ways] = anchor + (reached[last] & 0xFFFF_FFFF).astype(np.uint32)
    flows["next_ns"][ways] = np.where(advances[last], at_ns[last], since[last])
    flows["expects"][ways] = True


def _since(
    advances: NDArray[np.bool_],
    first: NDArray[np.bool_],
    at_ns: NDArray[np.int64],
    before_ns: NDArray[np.int64],
) -> NDArray[np.int64]:
    """(rows,) when the point reached before each row was reached."""
    places = np.arange(len(first))
    begin = np.maximum.accumulate(np.where(first, places, 0))
    latest = np.maximum.accumulate(np.where(advances, places, -1))
    latest = np.append(-1, latest[:-1])
    return np.where(latest >= begin, at_ns[np.maximum(latest, 0)], before_ns)
