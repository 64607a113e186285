"""Protocol shares: packets and bytes of each top-most protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trafficdesk.packets.protocol import Protocol, protocol_name

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch

_NUMBERS = max(Protocol) + 1


class ProtocolShares:
    """Packets and bytes by `Protocol`."""

    def __init__(self) -> None:
        self._packets = np.zeros(_NUMBERS, np.int64)
        self._bytes = np.zeros(_NUMBERS, np.int64)

    def add(self, batch: PacketBatch) -> None:
        """Count a batch."""
        numbers = batch["protocol"].astype(np.intp)
        self._packets += np.bincount(numbers, minlength=_NUMBERS)
        self._bytes += np.bincount(numbers, weights=batch["length"], minlength=_NUMBERS).astype(np.int64)

    def values(self) -> dict[str, Any]:
        """Protocols by bytes; numbers that read alike are one."""
        shares: dict[str, tuple[int, int]] = {}
        for number in np.flatnonzero(self._packets):
            name = protocol_name(int(number))
            packets, octets = shares.get(name, (0, 0))
            shares[name] = packets + int(self._packets[number]), octets + int(self._bytes[number])
        ranked = sorted(shares.items(), key=lambda item: (-item[1][1], item[0]))
        return {"protocols": tuple((name, packets, octets) for name, (packets, octets) in ranked)}
