"""Packets by the dozen for tests of features and detection: written as columns, without going through bytes."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import numpy as np

from trafficdesk.packets import PacketBatch
from trafficdesk.packets.address import pack_address
from trafficdesk.packets.fields import empty_columns
from trafficdesk.packets.protocol import EtherType, IpProtocol, Protocol, TcpFlag

START_NS = 1_700_000_000_000_000_000
SYN, ACK, RST = int(TcpFlag.SYN), int(TcpFlag.ACK), int(TcpFlag.RST)


def mac_of(address: str) -> int:
    """A locally administered MAC that belongs to the address."""
    return 0x02_00_00_00_00_00 | zlib.crc32(address.encode())


@dataclass
class Traffic:
    """Packets in the making; times are seconds since the start, and may come in any order."""

    rows: list[tuple[float, dict]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, at: float, source: str, destination: str, **columns) -> None:
        base = {
            "network": EtherType.IPV6 if ":" in source else EtherType.IPV4,
            "length": 60,
            "ttl": 57,
            "source": pack_address(source),
            "destination": pack_address(destination),
            "source_mac": mac_of(source),
            "destination_mac": mac_of(destination),
        }
        self.rows.append((at, base | columns))

    def tcp(
        self, at, source, source_port, destination, destination_port, flags=ACK, length=60, **columns
    ) -> None:
        self.add(
            at,
            source,
            destination,
            ip_protocol=IpProtocol.TCP,
            protocol=Protocol.TCP,
            source_port=source_port,
            destination_port=destination_port,
            tcp_flags=flags,
            length=length,
            **columns,
        )

    def udp(self, at, source, source_port, destination, destination_port, length=120, **columns) -> None:
        base = {"protocol": Protocol.UDP, "length": length} | columns
        self.add(
            at,
            source,
            destination,
            ip_protocol=IpProtocol.UDP,
            source_port=source_port,
            destination_port=destination_port,
            **base,
        )

    def icmp(self, at, source, destination, kind=8, length=98) -> None:
        self.add(
            at,
            source,
            destination,
            ip_protocol=IpProtocol.ICMP,
            protocol=Protocol.ICMP,
            message_type=kind,
            message_code=0,
            length=length,
        )

    def arp(self, at, sender, target, operation=1, mac=None, to_mac=0xFFFF_FFFF_FFFF) -> None:
        self.add(
            at,
            sender,
            target,
            network=EtherType.ARP,
            protocol=Protocol.ARP,
            ttl=-1,
            message_type=operation,
            source_mac=mac_of(sender) if mac is None else mac,
            destination_mac=to_mac,
        )

    def dns(
        self, at, client, server, name: str, *, answer: bool = False, code: int = 0, entropy: float = 2.5
    ) -> None:
        columns = {
            "protocol": Protocol.DNS,
            "application_code": 0x8180 | code if answer else 0x0100,
            "text_length": len(name),
            "name_hash": zlib.crc32(name.encode()) + 1,
            "name_entropy": entropy,
            "length": 70 + len(name),
            "text": name.encode(),
        }
        if answer:
            self.udp(at, server, 53, client, 40_000, **columns)
        else:
            self.udp(at, client, 40_000, server, 53, **columns)

    def visit(self, at, client, client_port, server, port=443, packets=6) -> None:
        """A connection that is answered, and a little data both ways."""
        self.tcp(at, client, client_port, server, port, SYN)
        self.tcp(at + 0.01, server, port, client, client_port, SYN | ACK)
        for turn in range(packets):
            self.tcp(at + 0.02 + 0.01 * turn, client, client_port, server, port, length=120)
            self.tcp(at + 0.025 + 0.01 * turn, server, port, client, client_port, length=1_400)

    def batch(self, first_id: int = 0) -> PacketBatch:
        """All packets in order of time."""
        self.rows.sort(key=lambda row: row[0])
        columns = empty_columns(len(self.rows))
        text = bytearray()
        for row, (at, values) in enumerate(self.rows):
            columns["timestamp_ns"][row] = START_NS + round(at * 1e9)
            columns["text_start"][row] = len(text)
            text += values.get("text", b"")
            for name, value in values.items():
                if name == "text":
                    continue
                columns[name][row] = np.void(value) if isinstance(value, bytes) else value
        columns["captured_length"][:] = columns["length"]
        return PacketBatch(first_id, columns, np.frombuffer(bytes(text), np.uint8))


def ordinary(seconds: float, *, seed: int = 0, hosts: int = 8, per_second: float = 3.0) -> Traffic:
    """Everyday traffic: lookups and visits of a handful of hosts to a few dozen servers."""
    random = np.random.default_rng(seed)
    traffic = Traffic()
    for visit in range(int(seconds * per_second)):
        at = float(random.uniform(0, seconds))
        client = f"192.168.7.{10 + int(random.integers(hosts))}"
        server = f"93.184.{int(random.integers(3))}.{1 + int(random.integers(12))}"
        name = f"www{int(random.integers(40))}.example"
        traffic.dns(at, client, "192.168.7.1", name)
        traffic.dns(at + 0.01, client, "192.168.7.1", name, answer=True)
        traffic.visit(at + 0.02, client, 20_000 + visit % 30_000, server, packets=int(random.integers(1, 9)))
    return traffic
