"""`ProtocolHierarchy`: packets and bytes of each protocol over the one that carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.key_table import KeyTable
from trafficdesk.packets.protocol import (
    PROTOCOL_NAMES,
    EtherType,
    IpProtocol,
    LinkType,
    Protocol,
    protocol_name,
)

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch

_BITS: Final = 12
"""2,048 stacks of protocols; real captures have some dozens."""
_LINKS: Final = {
    LinkType.NULL: "Loopback",
    LinkType.LOOP: "Loopback",
    LinkType.ETHERNET: "Ethernet",
    LinkType.PPP: "PPP",
    LinkType.PPP_HDLC: "PPP",
    LinkType.C_HDLC: "Cisco HDLC",
    LinkType.LINUX_SLL: "Linux cooked",
    LinkType.LINUX_SLL2: "Linux cooked v2",
}
_RAW: Final = {LinkType.RAW, LinkType.RAW_BSD_12, LinkType.RAW_OPENBSD_14, LinkType.IPV4, LinkType.IPV6}
_NETWORKS: Final = {EtherType.IPV4: Protocol.IPV4, EtherType.IPV6: Protocol.IPV6}
_TRANSPORTS: Final = {
    number: Protocol[number.name] for number in IpProtocol if number.name in Protocol.__members__
} | {IpProtocol.IPIP: Protocol.IPIP}


@dataclass(frozen=True, slots=True)
class Level:
    """One protocol on top of those that carry it."""

    path: tuple[str, ...]
    """From the link up; the last is this one's name."""
    packets: int
    bytes: int
    """Of every packet that has it, whatever it carries in turn."""
    end_packets: int
    """Of those that carry nothing further that we recognise."""
    end_bytes: int


class ProtocolHierarchy:
    """Counts by stack: link, VLAN, network, transport, top-most protocol."""

    def __init__(self) -> None:
        self._table = KeyTable(_BITS)
        self._packets = np.zeros(self._table.capacity, np.int64)
        self._bytes = np.zeros(self._table.capacity, np.int64)

    def add(self, batch: PacketBatch) -> None:
        """Count a batch."""
        stack = batch["link_type"].astype(np.uint64) << np.uint64(40)
        stack |= batch["network"].astype(np.uint64) << np.uint64(24)
        # A later fragment has no transport header: it stays with IP.
        transport = np.where(batch["fragment_offset"] > 0, -1, batch["ip_protocol"]).astype(np.int64)
        stack |= (transport + 1).astype(np.uint64) << np.uint64(12)
        stack |= batch["protocol"].astype(np.uint64)
        tagged = (batch["vlan"] >= 0).astype(np.uint64)
        numbers = self._table.numbers(tagged, stack)
        known = numbers >= 0
        np.add.at(self._packets, numbers[known], 1)
        np.add.at(self._bytes, numbers[known], batch["length"][known].astype(np.int64))

    def levels(self) -> tuple[Level, ...]:
        """Every level, each after the one that carries it, heaviest first among equals."""
        sums: dict[tuple[str, ...], list[int]] = {}
        numbers = np.arange(len(self._table))
        tagged, stacks = self._table.keys(numbers)
        for number, tag, stack in zip(numbers.tolist(), tagged.tolist(), stacks.tolist(), strict=True):
            packets, octets = int(self._packets[number]), int(self._bytes[number])
            path = _path(stack >> 40, tag, stack >> 24 & 0xFFFF, (stack >> 12 & 0xFFF) - 1, stack & 0xFFF)
            for depth in range(1, len(path) + 1):
                level = sums.setdefault(path[:depth], [0, 0, 0, 0])
                level[0] += packets
                level[1] += octets
                if depth == len(path):
                    level[2] += packets
                    level[3] += octets
        levels: list[Level] = []
        _add_children((), sums, levels)
        return tuple(levels)


def _add_children(
    parent: tuple[str, ...], sums: dict[tuple[str, ...], list[int]], levels: list[Level]
) -> None:
    mine = [path for path in sums if path[:-1] == parent]
    for path in sorted(mine, key=lambda path: (-sums[path][1], path)):
        levels.append(Level(path, *sums[path]))
        _add_children(path, sums, levels)


def _path(link: int, tagged: int, network: int, ip_protocol: int, protocol: int) -> tuple[str, ...]:
    top = protocol_name(protocol)
    path = [] if link in _RAW else [_LINKS.get(link, f"Link type {link}")]  # type: ignore[call-overload]  # an IntEnum's keys are ints
    if tagged:
        path.append("VLAN")
    if network in _NETWORKS:
        path.append(PROTOCOL_NAMES[_NETWORKS[network]])  # type: ignore[index]  # as above
    if ip_protocol in _TRANSPORTS:
        path.append(PROTOCOL_NAMES[_TRANSPORTS[ip_protocol]])  # type: ignore[index]  # as above
    if not path or top != path[-1]:
        path.append(top)
    return tuple(path)
