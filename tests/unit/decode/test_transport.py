"""Transport headers: ports, flags, message types, and where payloads lie."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from tests.helpers import wire
from tests.helpers.wire import block_of, ethernet, ipv4, tcp, udp
from trafficdesk.decode import decode
from trafficdesk.packets.protocol import Protocol, Status, TcpFlag

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch


def _decode(protocol: int, segment: bytes, **header: int) -> PacketBatch:
    return decode(block_of(ethernet(0x0800, ipv4(protocol, segment, **header))))


def test_tcp_fields() -> None:
    """RFC 9293 section 3.1, on a captured handshake and request."""
    batch = decode(block_of(wire.TCP_SYN, wire.HTTP_GET, wire.TCP_SYN_6))
    assert batch["source_port"].tolist() == [49170, 49170, 49171]
    assert batch["destination_port"].tolist() == [8080, 8080, 81]
    assert batch["tcp_flags"].tolist() == [TcpFlag.SYN, TcpFlag.PSH | TcpFlag.ACK, TcpFlag.SYN]
    assert batch["tcp_sequence"].tolist() == [0xACF9698E, 0xACF9698F, 0xAE477C25]
    assert batch["tcp_acknowledgement"].tolist() == [0, 0x0E9A234A, 0]
    assert batch["tcp_window"].tolist() == [64240, 63, 64800]
    assert batch["payload_offset"].tolist() == [74, 66, 94]
    assert batch["payload_length"].tolist() == [0, 37, 0]


def test_all_twelve_flag_bits_are_kept() -> None:
    """Also the reserved ones, which scanners set."""
    assert _decode(6, tcp(flags=0xFFF))["tcp_flags"].tolist() == [0xFFF]


@pytest.mark.parametrize("words", [0, 4, 6, 15])
def test_a_tcp_offset_that_contradicts_the_packet(words: int) -> None:
    """Below five words, or beyond the packet: malformed, ports known, no payload."""
    batch = _decode(6, tcp(words=words))
    assert batch["status"].tolist() == [Status.MALFORMED]
    assert batch["destination_port"].tolist() == [8080]
    assert batch["payload_length"].tolist() == [0]


@pytest.mark.parametrize("size", [4, 8, 13, 19])
def test_half_a_tcp_header_has_ports_only(size: int) -> None:
    """What the capture kept of the header is told; what it did not keep is not invented."""
    frame = ethernet(0x0800, ipv4(6, tcp(b"data")))
    batch = decode(block_of(frame[: 34 + size], wire_lengths=[len(frame)]))
    assert batch["source_port"].tolist() == [49170]
    assert batch["tcp_flags"].tolist() == [0]
    assert batch["payload_length"].tolist() == [0]
    assert batch["status"].tolist() == [Status.TRUNCATED]


def test_a_snapped_payload_keeps_its_length_on_the_wire() -> None:
    """The payload's length is the wire's; the status says that the capture holds less."""
    frame = ethernet(0x0800, ipv4(6, tcp(bytes(1000))))
    batch = decode(block_of(frame[:96], wire_lengths=[len(frame)]))
    assert batch["payload_length"].tolist() == [1000]
    assert batch["status"].tolist() == [Status.TRUNCATED]


def test_udp_length_ends_the_payload() -> None:
    """Bytes behind the datagram, inside the IP packet, are no payload."""
    batch = _decode(17, udp(b"data") + bytes(6))
    assert batch["status"].tolist() == [Status.COMPLETE]
    assert batch["payload_length"].tolist() == [4]


@pytest.mark.parametrize(
    ("length", "status", "payload"),
    [(0, Status.COMPLETE, 4), (7, Status.MALFORMED, 4), (8, Status.COMPLETE, 0), (13, Status.TRUNCATED, 4)],
)
def test_udp_lengths(length: int, status: Status, payload: int) -> None:
    """0 stands for the packet's own length, less than the header contradicts itself, more than there is was cut."""
    batch = _decode(17, udp(b"data", length=length))
    assert batch["status"].tolist() == [status]
    assert batch["payload_length"].tolist() == [payload]


def test_a_cut_udp_header() -> None:
    """Ports need four bytes."""
    frame = wire.UDP_TICK
    batch = decode(block_of(frame[:38], frame[:37], wire_lengths=[46, 46]))
    assert batch["source_port"].tolist() == [49152, -1]
    assert batch["status"].tolist() == [Status.TRUNCATED] * 2


def test_a_transport_header_cut_by_the_total_length_is_malformed() -> None:
    """The frame has the bytes, the IP header denies them: an evasion, not a snap length."""
    batch = _decode(6, tcp(b"data"), total_length=30)
    assert batch["status"].tolist() == [Status.MALFORMED]
    assert batch["payload_length"].tolist() == [0]


def test_a_header_that_goes_on_in_the_next_fragment_is_truncated() -> None:
    """A first fragment too small for its TCP header has ports; it does not contradict itself."""
    batch = _decode(6, tcp()[:8], fragment=0x2000)
    assert batch["status"].tolist() == [Status.TRUNCATED]
    assert batch["destination_port"].tolist() == [8080]


def test_messages() -> None:
    """Type and code of ICMP, ICMPv6 and IGMP, whose second byte is no code."""
    batch = decode(
        block_of(
            wire.PORT_UNREACHABLE, wire.NEIGHBOUR_SOLICITATION, wire.IGMP_REPORT, wire.MULTICAST_REPORT_6
        )
    )
    assert batch["message_type"].tolist() == [3, 135, 0x22, 143]
    assert batch["message_code"].tolist() == [3, 0, -1, 0]
    assert batch["protocol"].tolist() == [Protocol.ICMP, Protocol.ICMPV6, Protocol.IGMP, Protocol.ICMPV6]
    assert batch["source_port"].tolist() == [-1] * 4
    assert batch["payload_length"].tolist() == [32, 24, 8, 40]


def test_udp_lite() -> None:
    """RFC 3828: the length field is a coverage and does not cut the payload."""
    batch = decode(block_of(wire.UDP_LITE))
    assert batch["protocol"].tolist() == [Protocol.UDPLITE]
    assert batch["destination_port"].tolist() == [9]
    assert batch["payload_length"].tolist() == [4]


def test_sctp() -> None:
    """RFC 9260 section 3: ports, then chunks as payload."""
    init = struct.pack(">HHII", 2905, 36412, 0, 0) + struct.pack(">BBHIIHHI", 1, 0, 20, 1, 4096, 1, 1, 9)
    batch = _decode(132, init)
    assert (batch["source_port"].tolist(), batch["destination_port"].tolist()) == ([2905], [36412])
    assert batch["protocol"].tolist() == [Protocol.SCTP]
    assert batch["payload_length"].tolist() == [20]


@pytest.mark.parametrize(("words", "status", "payload"), [(4, 0, 3), (2, 2, 0), (200, 2, 0)])
def test_dccp(words: int, status: int, payload: int) -> None:
    """RFC 4340 section 5.1: the data offset counts words."""
    request = struct.pack(">HHBBHBBHI", 4000, 5001, words, 0, 0, 1, 0, 0, 1) + b"abc"
    batch = _decode(33, request)
    assert batch["destination_port"].tolist() == [5001]
    assert batch["protocol"].tolist() == [Protocol.DCCP]
    assert (batch["status"].tolist(), batch["payload_length"].tolist()) == ([status], [payload])


@pytest.mark.parametrize(
    ("number", "protocol"),
    [
        (47, Protocol.GRE),
        (50, Protocol.ESP),
        (89, Protocol.OSPF),
        (103, Protocol.PIM),
        (112, Protocol.VRRP),
        (139, Protocol.HIP),
        (250, Protocol.IPV4),
    ],
)
def test_named_and_unknown_protocols(number: int, protocol: Protocol) -> None:
    """Protocols that are not read have a name where we know one; the payload follows the network header."""
    batch = _decode(number, bytes(24))
    assert batch["protocol"].tolist() == [protocol]
    assert batch["ip_protocol"].tolist() == [number]
    assert batch["payload_offset"].tolist() == [34]
    assert batch["payload_length"].tolist() == [24]
    assert batch["status"].tolist() == [Status.COMPLETE]
