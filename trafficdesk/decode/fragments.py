"""Ports of later fragments: they hold none themselves, the first fragment of the same packet does.

`fragments_of` says which rows of a block are parts of which packet; `FragmentedPackets` remembers the first fragments of a
capture and gives their ports to those that come after them, in whichever batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.batch import Fragments
from trafficdesk.packets.protocol import EtherType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace
    from trafficdesk.packets.batch import PacketBatch

CAPACITY: Final = 4_096
"""First fragments remembered from one batch to the next, 100 kB; the oldest leave first."""
LIFETIME_NS: Final = 60_000_000_000
"""A fragment that comes later belongs to another packet (RFC 1122 section 3.3.2, RFC 8200 section 4.5)."""
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
"""2**64 / golden ratio."""
_FOLD: Final = np.uint64(32)
_PORTS: Final = ("source_port", "destination_port")
_FIRST: Final = np.dtype(
    [("packet", "u8"), ("at_ns", "i8"), ("source_port", "i4"), ("destination_port", "i4")], align=True
)


def fragments_of(workspace: Workspace) -> Fragments | None:
    """The fragments among the rows, None where there are none."""
    if not workspace.fragments:
        return None
    rows = np.concatenate([rows for rows, _ in workspace.fragments])
    numbers = np.concatenate([numbers for _, numbers in workspace.fragments])
    order = np.argsort(rows, kind="stable")
    rows, numbers = rows[order], numbers[order]
    return Fragments(rows, _packet_keys(workspace, rows, numbers))


class FragmentedPackets:
    """First fragments of the newest packets that came in parts, and their ports."""

    def __init__(self) -> None:
        self._firsts = np.empty(0, _FIRST)

    def carry_ports(self, batch: PacketBatch, columns: dict[str, NDArray[Any]]) -> bool:
        """Give later fragments the ports of the first one; whether `columns`, the batch's, were changed.

        A later fragment that comes before its first one stays without ports, as one does whose first one was not
        captured: so the outcome does not hang on where a batch ends.
        """
        if batch.fragments is None:
            return False
        rows, packets = batch.fragments.rows, batch.fragments.packets
        offset = batch["fragment_offset"][rows]
        first = (offset == 0) & (batch["source_port"][rows] >= 0)
        begun = np.zeros(int(first.sum()), _FIRST)
        begun["packet"] = packets[first]
        for name, column in (("at_ns", "timestamp_ns"), *zip(_PORTS, _PORTS, strict=True)):
            begun[name] = batch[column][rows[first]]
        firsts = np.concatenate([self._firsts, begun])
        at = np.concatenate([np.full(len(self._firsts), -1), rows[first]])
        self._firsts = firsts[-CAPACITY:]
        later = offset > 0
        if not (len(firsts) and later.any()):
            return False
        target = rows[later]
        source = _latest(firsts["packet"], at, packets[later], target)
        fresh = np.abs(batch["timestamp_ns"][target] - firsts["at_ns"][source]) <= LIFETIME_NS
        found = (source >= 0) & fresh
        if not found.any():
            return False
        for name in _PORTS:
            ports = columns[name].copy()
            ports[target[found]] = firsts[name][source[found]]
            columns[name] = ports
        return True


def _latest(
    known: NDArray[np.uint64], at: NDArray[np.int64], wanted: NDArray[np.uint64], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(wanted,) index of the last of `known`, standing at rows `at`, with that number and before its row; -1 = none."""
    order = np.lexsort((np.concatenate([at, rows]), np.concatenate([known, wanted])))
    numbers = np.concatenate([known, wanted])[order]
    places = np.arange(len(order))
    begin = np.maximum.accumulate(np.where(np.append(True, numbers[1:] != numbers[:-1]), places, 0))
    latest = np.maximum.accumulate(np.where(order < len(known), places, -1))
    found = np.where(latest >= begin, order[np.maximum(latest, 0)], -1)
    result = np.empty(len(order), np.int64)
    result[order] = found
    return result[len(known) :]


def _packet_keys(
    workspace: Workspace, rows: NDArray[np.int64], numbers: NDArray[np.uint32]
) -> NDArray[np.uint64]:
    """(rows,) a number for source, destination, identification and, in IPv4, protocol.

    RFC 791 section 3.2, RFC 8200 section 4.5: an IPv6 fragment's next header may be an extension's, which only the first
    fragment has.
    """
    columns = workspace.columns
    four = columns["network"][rows] == EtherType.IPV4
    key = numbers.astype(np.uint64) * _ODD
    key += np.where(four, columns["ip_protocol"][rows], 0).astype(np.uint64)
    for name in ("source", "destination"):
        halves = np.ascontiguousarray(columns[name][rows]).view(np.uint64).reshape(-1, 2)
        for half in (halves[:, 0], halves[:, 1]):
            key ^= key >> _FOLD
            key *= _ODD
            key += half
    key ^= key >> _FOLD
    return key * _ODD
