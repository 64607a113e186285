"""Packets inside packets."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers import wire
from trafficdesk.decode import decode
from trafficdesk.packets import PacketLog
from trafficdesk.packets.address import address_texts
from trafficdesk.packets.info import info_texts
from trafficdesk.packets.protocol import EtherType, Protocol, Status, Tunnel

ETHERNET = bytes(12) + b"\x08\x00"
INNER_4 = wire.ipv4(
    17, wire.udp(b"\x1a\x2b\x01\x00\x00\x01\0\0\0\0\0\0\x01a\x00\x00\x01\x00\x01", 40_000, 53)
)
INNER_6 = wire.ipv6(17, wire.udp(b"x" * 20, 40_000, 50_001))


def outer(number: int, payload: bytes) -> bytes:
    """An Ethernet frame whose IPv4 packet carries `payload`."""
    return ETHERNET + wire.ipv4(number, payload)


def over_udp(port: int, payload: bytes) -> bytes:
    """An Ethernet frame with a datagram to `port`."""
    return outer(17, wire.udp(payload, 40_001, port))


TUNNELS = [
    (outer(4, INNER_4), Tunnel.IP_IN_IP, EtherType.IPV4),
    (outer(41, INNER_6), Tunnel.IPV6_IN_IP, EtherType.IPV6),
    (outer(47, b"\0\0\x08\0" + INNER_4), Tunnel.GRE, EtherType.IPV4),
    (outer(47, b"\xb0\0\x86\xdd" + bytes(12) + INNER_6), Tunnel.GRE, EtherType.IPV6),
    (outer(47, b"\x30\x01\x88\x0b" + bytes(8) + b"\xff\x03\x00\x21" + INNER_4), Tunnel.GRE, EtherType.IPV4),
    (outer(47, b"\x10\0\x88\xbe" + bytes(12) + ETHERNET + INNER_4), Tunnel.GRE, EtherType.IPV4),
    (over_udp(4789, b"\x08" + bytes(7) + ETHERNET + INNER_4), Tunnel.VXLAN, EtherType.IPV4),
    (over_udp(8472, b"\x08" + bytes(7) + ETHERNET + INNER_4), Tunnel.VXLAN, EtherType.IPV4),
    (over_udp(6081, b"\x01\0\x65\x58" + bytes(8) + ETHERNET + INNER_4), Tunnel.GENEVE, EtherType.IPV4),
    (over_udp(2152, b"\x30\xff\0\x20\0\0\0\x01" + INNER_4), Tunnel.GTP, EtherType.IPV4),
    (over_udp(2152, b"\x34\xff\0\x20\0\0\0\x01\0\0\0\x85\x01\0\0\0" + INNER_6), Tunnel.GTP, EtherType.IPV6),
    (over_udp(3544, bytes(8) + INNER_6), Tunnel.TEREDO, EtherType.IPV6),
    (over_udp(6635, b"\0\0\x11\x40" + INNER_4), Tunnel.MPLS, EtherType.IPV4),
    (over_udp(1701, b"\x00\x02\0\x01\0\x01\x00\x21" + INNER_4), Tunnel.L2TP, EtherType.IPV4),
]
NAMES = [f"{tunnel.name}-{number}" for number, (_, tunnel, _) in enumerate(TUNNELS)]


@pytest.mark.parametrize(("frame", "tunnel", "network"), TUNNELS, ids=NAMES)
def test_the_row_keeps_the_outer_addresses_and_says_what_is_inside(
    frame: bytes, tunnel: Tunnel, network: EtherType
) -> None:
    """Outer addresses stay; the tunnel, the inner ends and the inner protocol's name are told."""
    batch = decode(wire.block_of(frame))
    assert address_texts(batch["source"]).tolist() == ["192.0.2.1"]
    assert batch["status"].tolist() == [Status.COMPLETE]
    assert batch["tunnel"].tolist() == [tunnel]
    inner = batch.inner(np.array([0]))[0]
    assert (inner["network"], inner["source_port"]) == (network, 40_000)
    expected = Protocol.DNS if network == EtherType.IPV4 else Protocol.UDP
    assert batch["protocol"].tolist() == [expected]
    if expected is Protocol.DNS:
        assert batch.text_of(0) == b"a"
        assert info_texts(batch)[0].endswith("192.0.2.1 → 192.0.2.2: Standard query 0x1a2b A a")


@pytest.mark.parametrize(("frame", "tunnel", "_network"), TUNNELS, ids=NAMES)
def test_a_tunnel_cut_anywhere_is_still_one_row(frame: bytes, tunnel: Tunnel, _network: EtherType) -> None:
    """Whatever is left of the frame, there is one row with a line, and an inner packet only where one is claimed."""
    batch = decode(wire.block_of(*(frame[:size] for size in range(len(frame)))))
    assert len(batch) == len(frame)
    assert set(batch["tunnel"].tolist()) <= {0, tunnel}
    assert len(batch.inner(np.flatnonzero(batch["tunnel"]))) == np.count_nonzero(batch["tunnel"])
    assert all(line.isprintable() for line in info_texts(batch))


def test_tunnels_in_tunnels_show_the_innermost_packet() -> None:
    """The outermost tunnel is named, the innermost packet's ends are kept, and nesting ends."""
    frame = outer(4, wire.ipv4(47, b"\0\0\x08\0" + INNER_4))
    batch = decode(wire.block_of(frame))
    assert batch["tunnel"].tolist() == [Tunnel.IP_IN_IP]
    assert batch["protocol"].tolist() == [Protocol.DNS]
    assert batch.inner(np.array([0]))["destination_port"].tolist() == [53]
    deep = INNER_4
    for _ in range(60):
        deep = wire.ipv4(4, deep)
    assert decode(wire.block_of(ETHERNET + deep))["tunnel"].tolist() == [Tunnel.IP_IN_IP]


def test_the_log_keeps_inner_packets_wherever_rows_go() -> None:
    """Appending, slicing and taking rows leave each tunnel its own inner packet and text."""
    frames = [TUNNELS[0][0], wire.UDP_TICK, TUNNELS[1][0], TUNNELS[6][0]] * 5
    batch = decode(wire.block_of(*frames))
    log = PacketLog()
    log.append(batch)
    order = np.array([7, 2, 0, 19, 4], np.int64)
    for kept, rows in ((log.slice(0, 20), np.arange(20)), (log.take(order), order)):
        has = kept["tunnel"] != 0
        expected = batch["tunnel"][rows] != 0
        assert has.tolist() == expected.tolist()
        mine, theirs = kept.inner(np.flatnonzero(has)), batch.inner(rows[expected])
        assert mine.tobytes() == theirs.tobytes()
        assert [kept.text_of(row) for row in range(len(kept))] == [
            batch.text_of(row) for row in rows.tolist()
        ]


def test_a_datagram_to_a_tunnels_port_that_is_none_stays_what_it_is() -> None:
    """Flags that must be set and are not: no inner packet is made up."""
    batch = decode(wire.block_of(over_udp(4789, bytes(60)), over_udp(2152, b"\x32\x01" + bytes(10))))
    assert batch["tunnel"].tolist() == [0, 0]
    assert batch["protocol"].tolist() == [Protocol.VXLAN, Protocol.GTP]
