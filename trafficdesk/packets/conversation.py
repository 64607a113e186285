"""The conversation that one packet belongs to: both ends, their ports and the protocol, whichever way it goes.

Of a tunnel it is the outer one, as the row shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.address import address_text, halves, mac_text
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.protocol import EtherType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.log import PacketLog

_PORTED: Final = {6: "tcp", 17: "udp"}
"""Protocols whose ports a display filter can ask for, by IP protocol number."""
_IP: Final = (EtherType.IPV4, EtherType.IPV6)


def conversation_filter(log: PacketLog, packet_id: int) -> str:
    """The display filter of a packet's conversation; empty where it has no two ends.

    Of a later fragment it asks for the addresses alone: a filter finds no ports in it.
    """
    batch = log.take(np.array([packet_id]))
    if int(batch["network"][0]) not in _IP:
        macs = [int(batch[f"{side}_mac"][0]) for side in ("source", "destination")]
        return "" if int(NO_MAC) in macs else " && ".join(f"eth.addr == {mac_text(mac)}" for mac in macs)
    name = "ip" if int(batch["network"][0]) == EtherType.IPV4 else "ipv6"
    ends = [address_text(batch[side][0].tobytes()) for side in ("source", "destination")]
    tests = [f"{name}.addr == {end}" for end in ends]
    transport = _PORTED.get(int(batch["ip_protocol"][0]))
    ports = [int(batch[f"{side}_port"][0]) for side in ("source", "destination")]
    if transport is not None and min(ports) >= 0 and int(batch["fragment_offset"][0]) <= 0:
        tests += [f"{transport}.port == {port}" for port in ports]
    return " && ".join(tests)


def conversation_mask(
    log: PacketLog, packet_id: int
) -> Callable[[PacketBatch, Mapping[str, NDArray[Any]]], NDArray[np.bool_]]:
    """What `PacketLog.select` asks: (rows,) which of them are of the same conversation, either way."""
    like = log.take(np.array([packet_id]))
    is_ip = int(like["network"][0]) in _IP
    ends = ("source", "destination") if is_ip else ("source_mac", "destination_mac")
    source, destination = (_comparable(like[name])[0] for name in ends)
    ports = [int(like[f"{side}_port"][0]) for side in ("source", "destination")]
    numbers = {name: like[name][0] for name in ("network", "ip_protocol")}

    def mask(batch: PacketBatch, _analysis: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
        low, high = batch["source_port"], batch["destination_port"]
        there = (low == ports[0]) & (high == ports[1])
        back = (low == ports[1]) & (high == ports[0])
        found: NDArray[np.bool_] = there | back
        for name, number in numbers.items():
            found &= batch[name] == number
        # Addresses of sixteen bytes are compared where everything else agrees.
        rows = np.flatnonzero(found)
        first, second = (_comparable(batch[name][rows]) for name in ends)
        one_way = there[rows] & (first == source).all(axis=1) & (second == destination).all(axis=1)
        other_way = back[rows] & (first == destination).all(axis=1) & (second == source).all(axis=1)
        found[rows] = one_way | other_way
        return found

    return mask


def _comparable(addresses: NDArray[Any]) -> NDArray[np.uint64]:
    """(rows, words) of addresses of the network or of the link."""
    return halves(addresses) if addresses.dtype.kind == "V" else addresses.reshape(-1, 1)
