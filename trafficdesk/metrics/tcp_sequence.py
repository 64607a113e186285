"""Segments sent again, by their sequence numbers alone (RFC 9293 section 3.4; RFC 1982 arithmetic).

A segment that starts before the highest point its direction has reached is one; keep-alives are not (Wireshark's
exemption, packet-tcp.c). One that was merely overtaken on its way looks alike and is counted, too: telling them apart
needs what the other side acknowledged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.protocol import TcpFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.metrics.flow_rows import FlowRows

_SPAN: Final = 1 << 34
"""Apart from each other by this, several directions' sequence numbers can be accumulated in one go."""
_TAKES_NUMBER: Final = np.uint16(TcpFlag.SYN | TcpFlag.FIN)


def count_resent(
    flows: FlowRows,
    way: NDArray[np.int64],
    flags: NDArray[np.uint16],
    sequence: NDArray[np.uint32],
    payload: NDArray[np.uint32],
) -> None:
    """Count segments sent again, and note how far each direction has come.

    Parameters
    ----------
    flows : columns `expects`, `next_sequence` and `resent` are read and written.
    way : (rows,) 2 * conversation + side of TCP rows in order of capture.
    payload : (rows,) bytes.
    """
    control = flags & _TAKES_NUMBER
    carries = np.flatnonzero((payload > 0) | (control != 0))
    if not len(carries):
        return
    order = carries[np.argsort(way[carries], kind="stable")]
    way, sequence, payload = way[order], sequence[order], payload[order].astype(np.int64)
    first = np.append(True, way[1:] != way[:-1])
    group = np.cumsum(first) - 1
    ways = way[first]
    expects = flows["expects"][ways]
    anchor = np.where(expects, flows["next_sequence"][ways], sequence[first])
    start = (sequence - anchor[group]).view(np.int32).astype(np.int64)
    end = start + payload + (control[order] != 0)
    reached = np.maximum.accumulate(end + group * _SPAN) - group * _SPAN
    # Before a direction's first segment of this batch stands what it had reached, 0 by the anchor's choice.
    reached = np.where(expects[group], np.maximum(reached, 0), reached)
    before = np.where(first, np.where(expects[group], 0, start), np.roll(reached, 1))
    keeps_alive = (payload <= 1) & (start == before - 1) & (control[order] == 0)
    np.add.at(flows["resent"], way[(start < before) & ~keeps_alive], 1)
    last = np.append(first[1:], True)
    flows["next_sequence"][ways] = anchor + (reached[last] & 0xFFFF_FFFF).astype(np.uint32)
    flows["expects"][ways] = True
