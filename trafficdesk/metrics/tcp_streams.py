"""Where one TCP conversation ends and another begins on the same two addresses and ports.

A SYN whose sequence number differs from that of the conversation in force begins a new one, as Wireshark has it
(packet-tcp.c, "TCP port numbers reused"): RFC 9293 section 3.4.1 makes two connections of the same ports differ in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.protocol import TcpFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SYN_ACK: Final = int(TcpFlag.SYN | TcpFlag.ACK)


@dataclass(frozen=True, slots=True, eq=False)
class Renewals:
    """Rows of a batch that belong to conversations begun anew within it."""

    at: NDArray[np.intp]
    """(affected,) rows, by pair of ends, then in order of capture."""
    pair: NDArray[np.int64]
    """(affected,) number of the pair of ends."""
    begins: NDArray[np.bool_]
    """(affected,) whether a new conversation begins with this row."""
    generation: NDArray[np.int64]
    """(affected,) how many conversations have begun so far, over all pairs; 0 = none."""
    renewed: NDArray[np.bool_]
    """(affected,) whether one began for this row's pair, so that the row is in it."""


def is_syn(flags: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """(rows,) SYN without ACK."""
    return np.asarray((flags & np.uint16(_SYN_ACK)) == TcpFlag.SYN)


def renewals(
    pair: NDArray[np.int64],
    side: NDArray[np.int64],
    flags: NDArray[np.uint16],
    sequence: NDArray[np.uint32],
    *,
    settled: NDArray[np.bool_],
    known: NDArray[np.bool_],
    base: NDArray[np.uint32],
) -> Renewals | None:
    """Find the SYNs that begin a conversation anew; None where there is none to look at, which is usual.

    Parameters
    ----------
    pair, side, flags, sequence : (rows,) of TCP and other rows in order of capture; flags are 0 where not TCP, pair is
        -1 where the row is to be passed over.
    settled : (rows,) rows that begin their pair's first conversation: nothing before them could be renewed.
    known, base : (rows,) whether and at which sequence number the row's direction began before this batch.
    """
    syn = is_syn(flags)
    doubtful = np.flatnonzero(syn & ~settled)
    if not len(doubtful):
        return None
    chosen = np.zeros(int(pair.max()) + 1, bool)
    chosen[pair[doubtful]] = True
    at = np.flatnonzero(chosen[pair] & (pair >= 0))
    at = at[np.argsort(pair[at], kind="stable")]
    begins = _begins(pair[at] * 2 + side[at], syn[at], sequence[at], known[at], base[at])
    if not begins.any():
        return None
    generation = np.cumsum(begins).astype(np.int64)
    ordered = pair[at]
    starts = np.append(True, ordered[1:] != ordered[:-1])
    before = np.maximum.accumulate(np.where(starts, generation - begins, 0))
    return Renewals(at, ordered, begins, generation, generation > before)


def _begins(
    way: NDArray[np.int64],
    syn: NDArray[np.bool_],
    sequence: NDArray[np.uint32],
    known: NDArray[np.bool_],
    base: NDArray[np.uint32],
) -> NDArray[np.bool_]:
    """(affected,) SYNs that differ from what their direction began with, or from the SYN before."""
    order = np.argsort(way, kind="stable")
    way, syn, sequence = way[order], syn[order], sequence[order]
    first = np.append(True, way[1:] != way[:-1])
    # The number in force: the table's, else the first row's; from then on that of the last SYN.
    own = np.where(syn, sequence, sequence - np.uint32(1))
    start = np.where(known[order], base[order], own)
    marked = np.flatnonzero(first | syn)
    force = np.where(syn, sequence, start)[marked]
    place = np.searchsorted(marked, np.arange(len(way)), "left") - 1
    before = np.where(first, start, force[np.maximum(place, 0)])
    begins = np.zeros(len(way), bool)
    begins[order] = syn & (before != sequence)
    return begins
