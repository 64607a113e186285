"""Endpoints: who sends and receives most, and how many there are.

Addresses are those of the outermost IPv4 or IPv6 header; ARP's protocol addresses are claims, not endpoints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.metrics.snapshot import Talker
from trafficdesk.packets.address import address_text
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.key_table import KeyTable
from trafficdesk.packets.protocol import EtherType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

TOP: Final = 20
_BITS: Final = 17
"""65,536 addresses at most: 3 MB, and ranking them stays below 1 ms."""
_SIDES: Final = ("source", "destination")


class Endpoints:
    """Packets and bytes by address, each direction apart."""

    def __init__(self) -> None:
        self._table = KeyTable(_BITS)
        self._packets = np.zeros((2, self._table.capacity), np.int64)
        self._bytes = np.zeros((2, self._table.capacity), np.int64)

    def add(self, batch: PacketBatch) -> None:
        """Count a batch."""
        network = batch["network"]
        is_ip = (network == EtherType.IPV4) | (network == EtherType.IPV6)
        rows = slice(None) if is_ip.all() else np.flatnonzero(is_ip)
        lengths = batch["length"][rows].astype(np.int64)
        for side, name in enumerate(_SIDES):
            # Native order halves: only equality counts here.
            halves = np.ascontiguousarray(batch[name][rows]).view(np.uint64).reshape(-1, 2)
            numbers = self._table.numbers(halves[:, 0], halves[:, 1])
            known = numbers >= 0
            if not known.all():
                numbers, octets = numbers[known], lengths[known]
            else:
                octets = lengths
            # Not `bincount`: its cost grows with the table, and live batches are small.
            np.add.at(self._packets[side], numbers, 1)
            np.add.at(self._bytes[side], numbers, octets)

    def values(self) -> dict[str, Any]:
        """Top talkers and the number of addresses."""
        return {
            "top_sources": self._top(0),
            "top_destinations": self._top(1),
            "unique_ip": len(self._table),
            "unique_ip_exact": not self._table.overflowed,
        }

    def heaviest(self, most: int) -> dict[str, tuple[int, int, int, int]]:
        """At most so many addresses, most bytes first: packets and bytes sent, packets and bytes received."""
        count = len(self._table)
        packets, octets = self._packets[:, :count], self._bytes[:, :count]
        # Equal ones in order of appearance, which the same file has always.
        best = np.lexsort((np.arange(count), -packets.sum(axis=0), -octets.sum(axis=0)))[:most]
        columns = np.stack((packets[0], octets[0], packets[1], octets[1]), axis=1)[best]
        return dict(zip(self._texts(best), map(tuple, columns.tolist()), strict=True))

    def _top(self, side: int) -> tuple[Talker, ...]:
        octets = self._bytes[side, : len(self._table)]
        packets = self._packets[side, : len(self._table)]
        best = np.argpartition(-octets, TOP)[:TOP] if len(octets) > TOP else np.arange(len(octets))
        best = best[packets[best] > 0]
        best = best[np.lexsort((best, -packets[best], -octets[best]))]
        return tuple(
            Talker(address, int(packets[number]), int(octets[number]))
            for number, address in zip(best, self._texts(best), strict=True)
        )

    def _texts(self, numbers: NDArray[np.int64]) -> list[str]:
        return [
            address_text(np.array(pair, np.uint64).tobytes())
            for pair in zip(*self._table.keys(numbers), strict=True)
        ]


class LinkAddresses:
    """How many link-layer addresses were seen."""

    def __init__(self) -> None:
        self._table = KeyTable(_BITS)
        self._last = np.full(1 << 12, NO_MAC, np.uint64)
        """By a hash of the address, one that is in the table already: sorts out nearly every row at a tenth of the cost."""

    def add(self, batch: PacketBatch) -> None:
        """Note the addresses of a batch."""
        for name in ("source_mac", "destination_mac"):
            macs = batch[name]
            slot = ((macs * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(52)).astype(np.int64)
            new = np.flatnonzero((self._last[slot] != macs) & (macs != NO_MAC))
            if len(new):
                self._table.numbers(np.zeros(len(new), np.uint64), macs[new])
                self._last[slot[new]] = macs[new]

    def values(self) -> dict[str, Any]:
        """The number of addresses."""
        return {"unique_mac": len(self._table), "unique_mac_exact": not self._table.overflowed}
