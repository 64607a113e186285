"""Which end of a packet is the peer: the far one, whose name, country and provider a person asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.address import halves, is_ipv4, is_local_pair
from trafficdesk.packets.protocol import EtherType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

NEITHER: Final = 0
SOURCE: Final = 1
DESTINATION: Final = 2
_LOW_32: Final = np.uint64(0xFFFF_FFFF)


def peer_sides(
    source: NDArray[np.uint64],
    destination: NDArray[np.uint64],
    nearer_port: NDArray[np.integer[Any]],
    own: NDArray[np.void],
) -> NDArray[np.uint8]:
    """(rows,) `SOURCE`, `DESTINATION`, or `NEITHER` where an IP packet has no peer.

    Groups and `own` addresses are nobody's peer. Of two ends that may be, the public one is; of equals the one with
    the lower port, which is the server as a rule.

    Parameters
    ----------
    source, destination : address halves (rows, 2).
    nearer_port : destination port less source port.
    own : V16.
    """
    mine = halves(own)
    source_local, destination_local = is_local_pair(source), is_local_pair(destination)
    first = ~_is_group(source, source_local) & ~_among(source, mine)
    second = ~_is_group(destination, destination_local) & ~_among(destination, mine)
    nearer = np.where(source_local == destination_local, nearer_port > 0, destination_local)
    sides: NDArray[np.uint8] = np.where(
        first & (~second | nearer),
        np.uint8(SOURCE),
        np.where(second, np.uint8(DESTINATION), np.uint8(NEITHER)),
    )
    return sides


def peers(batch: PacketBatch, own: NDArray[np.void]) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """(rows,) the peer's address, and whether there is one."""
    network = batch["network"]
    ip = (network == EtherType.IPV4) | (network == EtherType.IPV6)
    nearer_port = batch["destination_port"] - batch["source_port"]
    sides = peer_sides(halves(batch["source"]), halves(batch["destination"]), nearer_port, own) * ip
    # np.where knows no V16: choose 16-byte rows by index.
    both = np.stack([np.ascontiguousarray(batch[side]) for side in ("source", "destination")])
    return both[(sides == DESTINATION).astype(np.intp), np.arange(len(batch))], sides != NEITHER


def _among(pair: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    found = np.zeros(len(pair), np.bool_)
    for high, low in known:
        found |= (pair[:, 1] == low) & (pair[:, 0] == high)
    return found


def _is_group(pair: NDArray[np.uint64], local: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Multicast, broadcast, loopback or no address at all (RFC 5771, 4291, 919, 1122).

    `.255` of a private network is taken for its broadcast address.
    """
    low = pair[:, 1] & _LOW_32
    four = is_ipv4(pair)
    many = (low >= 0xE000_0000) | (low == 0) | (((low & np.uint64(255)) == 255) & local)
    group: NDArray[np.bool_] = np.where(
        four, many, ((pair[:, 0] >> np.uint64(56)) == 0xFF) | ~pair.any(axis=1)
    )
    return group | is_loopback(pair)


def is_loopback(pair: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether address halves (rows, 2) are of this very computer, whichever that is: 127.0.0.0/8, ::1."""
    low = pair[:, 1]
    loopback: NDArray[np.bool_] = np.where(
        is_ipv4(pair), ((low & _LOW_32) >> np.uint64(24)) == 127, (pair[:, 0] == 0) & (low == np.uint64(1))
    )
    return loopback


def is_own(pair: NDArray[np.uint64], own: NDArray[np.void]) -> NDArray[np.bool_]:
    """Whether address halves (rows, 2) are `own` addresses or loopback."""
    return is_loopback(pair) | _among(pair, halves(own))
