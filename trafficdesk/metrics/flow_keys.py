"""What tells conversations apart: both ends' addresses and ports and the IP protocol, in one order for both ways.

Which end comes first in a key says nothing about who began; `side` keeps which way each row went.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.protocol import EtherType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

WORDS: Final = 5
"""64-bit words of a key: low end's address, high end's address (two halves each, as they lie in memory), `packed`."""
_PORT_BITS: Final = np.uint64(17)
_PROTOCOL_BITS: Final = np.uint64(9)
_PORT_MASK: Final = np.uint64((1 << 17) - 1)
_PROTOCOL_MASK: Final = np.uint64((1 << 9) - 1)


@dataclass(frozen=True, slots=True, eq=False)
class FlowKeys:
    """Keys of the IP rows of a batch."""

    rows: NDArray[np.intp] | slice
    """Which rows of the batch they are of."""
    words: tuple[NDArray[np.uint64], ...]
    """`WORDS` columns, each (rows,)."""
    side: NDArray[np.int64]
    """(rows,) 0: sent by the low end, 1: by the high end."""
    ported: NDArray[np.bool_]
    """(rows,) whether a row has ports of its own; a later fragment is only told those of its first one."""

    def __len__(self) -> int:
        return len(self.side)


def flow_keys(batch: PacketBatch) -> FlowKeys:
    """Keys of the rows that are IPv4 or IPv6."""
    network = batch["network"]
    is_ip = (network == EtherType.IPV4) | (network == EtherType.IPV6)
    rows: Any = slice(None) if is_ip.all() else np.flatnonzero(is_ip)
    source, destination = _halves(batch["source"][rows]), _halves(batch["destination"][rows])
    ported = (batch["source_port"][rows] >= 0) & (batch["fragment_offset"][rows] <= 0)
    ports = [np.where(ported, batch[name][rows], -1) for name in ("source_port", "destination_port")]
    swap = _is_after((*source, ports[0]), (*destination, ports[1]))
    low = [np.where(swap, there, here) for here, there in zip(source, destination, strict=True)]
    high = [np.where(swap, here, there) for here, there in zip(source, destination, strict=True)]
    packed = pack(
        batch["ip_protocol"][rows],
        np.where(swap, ports[1], ports[0]),
        np.where(swap, ports[0], ports[1]),
        network[rows] == EtherType.IPV6,
    )
    return FlowKeys(rows, (*low, *high, packed), swap.astype(np.int64), ported)


def pack(
    protocol: NDArray[Any], low_port: NDArray[Any], high_port: NDArray[Any], is_6: NDArray[np.bool_]
) -> NDArray[np.uint64]:
    """The word of a key that holds what is no address; -1 in a port or protocol = none."""
    word = is_6.astype(np.uint64)
    word = (word << _PROTOCOL_BITS) | (protocol.astype(np.int64) + 1).astype(np.uint64)
    word = (word << _PORT_BITS) | (low_port + 1).astype(np.uint64)
    return (word << _PORT_BITS) | (high_port + 1).astype(np.uint64)


def unpack(packed: NDArray[np.uint64]) -> dict[str, NDArray[np.int64]]:
    """`low_port`, `high_port`, `protocol` (-1 = none) and `is_6` of packed words."""
    rest = packed >> (_PORT_BITS + _PORT_BITS)
    return {
        "high_port": (packed & _PORT_MASK).astype(np.int64) - 1,
        "low_port": ((packed >> _PORT_BITS) & _PORT_MASK).astype(np.int64) - 1,
        "protocol": (rest & _PROTOCOL_MASK).astype(np.int64) - 1,
        "is_6": (rest >> _PROTOCOL_BITS).astype(np.int64),
    }


def _halves(addresses: NDArray[np.void]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    pairs = np.ascontiguousarray(addresses).view(np.uint64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _is_after(first: tuple[NDArray[Any], ...], second: tuple[NDArray[Any], ...]) -> NDArray[np.bool_]:
    """(rows,) whether `first` comes after `second`, compared part by part."""
    after = first[-1] > second[-1]
    for one, other in zip(first[-2::-1], second[-2::-1], strict=True):
        after = (one > other) | ((one == other) & after)
    return after
