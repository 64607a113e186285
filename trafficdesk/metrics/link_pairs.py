"""`LinkPairs`: packets and bytes each way between link-layer addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.key_table import KeyTable

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch

_BITS: Final = 16
"""32,768 pairs: 2.5 MB."""


class LinkPairs:
    """Ethernet conversations; a pair that finds no room is counted in the remainder."""

    def __init__(self, bits: int = _BITS) -> None:
        self._table = KeyTable(bits)
        room = self._table.capacity
        self._first_ns = np.full(room, np.iinfo(np.int64).max)
        self._last_ns = np.full(room, np.iinfo(np.int64).min)
        self._first_side = np.zeros(room, np.int64)
        self._packets = np.zeros(2 * room, np.int64)
        self._bytes = np.zeros(2 * room, np.int64)
        self.remainder = np.zeros(2, np.int64)
        """Packets and bytes of pairs that are not kept apart."""

    def __len__(self) -> int:
        return len(self._table)

    def add(self, batch: PacketBatch) -> None:
        """Count a batch's frames that have addresses."""
        macs = batch["source_mac"], batch["destination_mac"]
        present = (macs[0] != NO_MAC) & (macs[1] != NO_MAC)
        rows = slice(None) if present.all() else np.flatnonzero(present)
        source, destination = macs[0][rows], macs[1][rows]
        if not len(source):
            return
        swap = source > destination
        known = len(self._table)
        pair = self._table.numbers(np.minimum(source, destination), np.maximum(source, destination))
        lengths, at_ns = batch["length"][rows].astype(np.int64), batch["timestamp_ns"][rows]
        fresh = np.flatnonzero(pair >= known)[::-1]  # reversed: the earliest is written last and stays
        self._first_side[pair[fresh]] = swap[fresh]
        lost = pair < 0
        if lost.any():
            self.remainder += (int(lost.sum()), int(lengths[lost].sum()))
            pair, swap, lengths, at_ns = pair[~lost], swap[~lost], lengths[~lost], at_ns[~lost]
        way = 2 * pair.astype(np.int64) + swap
        np.add.at(self._packets, way, 1)
        np.add.at(self._bytes, way, lengths)
        np.minimum.at(self._first_ns, pair, at_ns)
        np.maximum.at(self._last_ns, pair, at_ns)

    def columns(self) -> dict[str, np.ndarray]:
        """Copies: `low`, `high` addresses, `first_ns`, `last_ns`, `first_side` (pairs,); `packets`, `bytes` (pairs, 2)."""
        count = len(self._table)
        low, high = self._table.keys(np.arange(count))
        # The table's halves are (high, low) of a key: the smaller address went in first.
        return {
            "low": low,
            "high": high,
            "first_ns": self._first_ns[:count].copy(),
            "last_ns": self._last_ns[:count].copy(),
            "first_side": self._first_side[:count].copy(),
            "packets": self._packets[: 2 * count].copy().reshape(-1, 2),
            "bytes": self._bytes[: 2 * count].copy().reshape(-1, 2),
        }
