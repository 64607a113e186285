"""Our tables of a capture beside tshark's: how many rows of each agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tests.helpers import tshark_statistics as tshark
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import Conversations, decode
from trafficdesk.metrics.conversations import Kind
from trafficdesk.metrics.tables import TrafficTables
from trafficdesk.metrics.volume import Volume
from trafficdesk.packets.address import address_texts, mac_texts
from trafficdesk.packets.batch import PacketBatch

if TYPE_CHECKING:
    from pathlib import Path

    from trafficdesk.metrics.conversations import Ends

NAMES: Final = {
    Kind.ETHERNET: "eth",
    Kind.IPV4: "ip",
    Kind.IPV6: "ipv6",
    Kind.TCP: "tcp",
    Kind.UDP: "udp",
}
PROTOCOLS: Final = {
    "eth": "Ethernet",
    "ip": "IPv4",
    "ipv6": "IPv6",
    "arp": "ARP",
    "tcp": "TCP",
    "udp": "UDP",
    "icmp": "ICMP",
    "icmpv6": "ICMPv6",
}
_HOUR_NS: Final = 3_600_000_000_000
_START_S: Final = 1e-6
_DURATION_S: Final = 1e-4
"""tshark prints so many digits."""


class Counted:
    """Everything counted of one capture file, and its first timestamp as tshark's starts are relative to."""

    def __init__(self, path: Path) -> None:
        self.tables = TrafficTables()
        self.volume = Volume()
        self.first_ns: int | None = None
        conversations = Conversations()
        with CaptureFile(path) as file:
            for block in file.blocks():
                batch = conversations.follow(decode(block))
                if len(batch):
                    self._add(batch)

    def _add(self, batch: PacketBatch) -> None:
        if self.first_ns is None:
            self.first_ns = int(batch["timestamp_ns"][0])
        self.tables.add(batch)
        # tshark's seconds begin with the first packet, ours with the clock's.
        moved = dict(batch.columns) | {"timestamp_ns": batch["timestamp_ns"] - self.first_ns}
        self.volume.add(PacketBatch(batch.first_id, moved, batch.text))


def compare(path: Path) -> dict[str, tuple[int, int, int]]:
    """(rows that agree, tshark's rows, ours) of each statistic's name."""
    counted = Counted(path)
    asked = [f"conv,{name}" for name in NAMES.values()] + [f"endpoints,{name}" for name in NAMES.values()]
    # Of a capture over years tshark would print every second of them.
    by_second = counted.tables.last_ns - counted.tables.first_ns < _HOUR_NS
    said = tshark.statistics(path, *asked, "io,phs", "plen,tree", *(["io,stat,1"] if by_second else []))
    found = {}
    for kind, name in NAMES.items():
        theirs = tshark.conversations(said.get(f"{kind.value} Conversations", []))
        found[f"conv,{name}"] = _agreeing(_conversations(counted, kind), [_turned(row) for row in theirs])
        ends = Counter(tshark.endpoints(said.get(f"{kind.value} Endpoints", [])).items())
        mine = Counter(_endpoints(counted, kind).items())
        found[f"endpoints,{name}"] = ((mine & ends).total(), ends.total(), mine.total())
    found["io,stat,1"] = _seconds(counted, tshark.seconds(said.get("IO Statistics", [])))
    found["io,phs"] = _hierarchy(counted, tshark.hierarchy(said.get("Protocol Hierarchy Statistics", [])))
    mine_lengths = counted.tables.lengths().packets.tolist() if counted.tables.packets else []
    their_lengths = tshark.lengths(said.get("Packet Lengths", []))
    agreeing = sum(one == other for one, other in zip(mine_lengths, their_lengths, strict=False))
    found["plen"] = (agreeing, len(their_lengths), len(mine_lengths))
    return found


def _conversations(counted: Counted, kind: Kind) -> list[tuple[Any, ...]]:
    table = counted.tables.conversations(kind)
    began = counted.first_ns or 0
    rows = zip(
        _texts(table.a, kind),
        _texts(table.b, kind),
        table.packets.tolist(),
        table.bytes.tolist(),
        ((table.first_ns - began) / 1e9).tolist(),
        ((table.last_ns - table.first_ns) / 1e9).tolist(),
        strict=True,
    )
    return [
        _turned(
            (a, b, there[0], tshark.printed_size(octets[0]), there[1], tshark.printed_size(octets[1]), *times)
        )
        for a, b, there, octets, *times in rows
    ]


def _turned(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """With the ends in the order of their texts."""
    first, second, there, there_size, back, back_size, start, duration = row
    if first > second:
        first, second, there, there_size, back, back_size = second, first, back, back_size, there, there_size
    return first, second, there, there_size, back, back_size, float(start), float(duration)


def _agreeing(mine: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]]) -> tuple[int, int, int]:
    times: dict[tuple[Any, ...], list[tuple[float, float]]] = defaultdict(list)
    for *what, start, duration in sorted(mine):
        times[tuple(what)].append((start, duration))
    agreeing = 0
    for *what, start, duration in sorted(theirs):
        for ours in times[tuple(what)]:
            if abs(ours[0] - start) < _START_S and abs(ours[1] - duration) < _DURATION_S:
                times[tuple(what)].remove(ours)
                agreeing += 1
                break
    return agreeing, len(theirs), len(mine)


def _endpoints(counted: Counted, kind: Kind) -> dict[Any, tuple[int, ...]]:
    table = counted.tables.endpoints(kind)
    addresses = _addresses(table.ends, kind)
    keys: list[Any] = addresses
    if kind.has_ports:
        keys = list(zip(addresses, map(str, table.ends.ports.tolist()), strict=True))
    rows = zip(keys, table.packets.tolist(), table.bytes.tolist(), strict=True)
    return {
        key: (sum(packets), sum(octets), packets[0], octets[0], packets[1], octets[1])
        for key, packets, octets in rows
    }


def _seconds(counted: Counted, theirs: list[tuple[int, int]]) -> tuple[int, int, int]:
    values = counted.volume.values()
    packets = values["packets_per_s"]
    merged = values["last_ns"] - values["first_ns"] >= _HOUR_NS  # what is older is merged into minutes
    if merged or not theirs:  # tshark prints nothing of a capture without duration
        return 0, 0, 0
    mine = {
        int(second): (int(count), int(octets))
        for second, count, octets in zip(values["seconds"], packets, values["bytes_per_s"], strict=True)
        if count
    }
    agreeing = sum(mine.get(second, (0, 0)) == row for second, row in enumerate(theirs))
    return agreeing, len(theirs), max(mine, default=-1) + 1


def _hierarchy(counted: Counted, theirs: dict[tuple[str, ...], tuple[int, int]]) -> tuple[int, int, int]:
    """Of the protocols up to the transport, wherever they come first."""
    said: Counter[tuple[str, str]] = Counter()
    for path, (frames, octets) in theirs.items():
        inside = {"ip", "ipv6", "icmp", "icmpv6", "tcp", "udp", "gre", "mpls", "eth"} & set(path[1:-1])
        top = path[-1]
        outermost = not inside or (
            top in {"tcp", "udp", "icmp", "icmpv6"} and inside <= {"ip", "ipv6"} and len(inside) == 1
        )
        if top in PROTOCOLS and outermost and path.count(top) == 1:
            said[top, "frames"] += frames
            said[top, "bytes"] += octets
    mine: Counter[tuple[str, str]] = Counter()
    names = {name: short for short, name in PROTOCOLS.items()}
    for level in counted.tables.hierarchy():
        short = names.get(level.path[-1])
        if short is not None and level.path.count(level.path[-1]) == 1:
            mine[short, "frames"] += level.packets
            mine[short, "bytes"] += level.bytes
    agreeing = sum(mine[key] == value for key, value in said.items())
    return agreeing, len(said), len(+mine)


def _texts(ends: Ends, kind: Kind) -> list[str]:
    addresses = _addresses(ends, kind)
    if not kind.has_ports:
        return addresses
    return [f"{address}:{port}" for address, port in zip(addresses, ends.ports.tolist(), strict=True)]


def _addresses(ends: Ends, kind: Kind) -> list[str]:
    found = mac_texts(ends.words[:, 1]) if kind is Kind.ETHERNET else address_texts(ends.packed())
    return [str(text) for text in np.asarray(found).tolist()]
