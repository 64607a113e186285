"""IPv4, IPv6 and its extension headers, ARP and RARP."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from tests.helpers import wire
from tests.helpers.wire import block_of, ethernet, ipv4, ipv6, tcp, udp
from trafficdesk.decode import decode
from trafficdesk.packets.address import address_text
from trafficdesk.packets.protocol import EtherType, IpProtocol, LinkType, Protocol, Status

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch


def _four(*packets: bytes) -> PacketBatch:
    return decode(block_of(*(ethernet(0x0800, packet) for packet in packets)))


def _six(*packets: bytes) -> PacketBatch:
    return decode(block_of(*(ethernet(0x86DD, packet) for packet in packets)))


def _ends(batch: PacketBatch, row: int = 0) -> tuple[str, str]:
    return address_text(batch["source"][row].tobytes()), address_text(batch["destination"][row].tobytes())


def test_addresses_ttl_and_protocol_of_both_versions() -> None:
    """The plain fields of the two network headers."""
    batch = decode(block_of(wire.UDP_ROUTER_ALERT, wire.NEIGHBOUR_SOLICITATION))
    assert _ends(batch, 0) == ("192.0.2.1", "192.0.2.2")
    assert _ends(batch, 1) == ("2001:db8::1", "ff02::1:ff00:2")
    assert batch["network"].tolist() == [EtherType.IPV4, EtherType.IPV6]
    assert batch["ttl"].tolist() == [64, 255]
    assert batch["ip_protocol"].tolist() == [17, 58]
    assert batch["protocol"].tolist() == [Protocol.DISCARD, Protocol.ICMPV6]


def test_options_lie_before_the_transport() -> None:
    """A router alert option moves the ports by four bytes."""
    batch = decode(block_of(wire.UDP_ROUTER_ALERT))
    assert batch["source_port"].tolist() == [49157]
    offset = int(batch["payload_offset"][0])
    assert wire.UDP_ROUTER_ALERT[offset:] == b"router alert"


def test_padding_is_no_payload() -> None:
    """Ethernet pads short frames; the total length says where the packet ends."""
    batch = decode(block_of(wire.UDP_TICK + bytes(14), wire.UDP_6 + b"\xff" * 3))
    assert batch["payload_length"].tolist() == [4, 3]
    assert batch["status"].tolist() == [Status.COMPLETE] * 2


def test_zero_length_means_the_frame_s() -> None:
    """Segmentation left to the network card: the kernel has not written a length yet."""
    batch = decode(
        block_of(
            ethernet(0x0800, ipv4(6, tcp(bytes(3000)), total_length=0)),
            ethernet(0x86DD, ipv6(6, tcp(bytes(70_000)), payload_length=0)),
        )
    )
    assert batch["payload_length"].tolist() == [3000, 70_000]
    assert batch["status"].tolist() == [Status.COMPLETE] * 2


def test_a_jumbo_option_says_the_length() -> None:
    """RFC 2675: the option's 32 bits count, and padding behind them is no payload."""
    segment = tcp(bytes(66_000))
    hop_by_hop = struct.pack(">BBBBI", 6, 0, 0xC2, 4, 8 + len(segment))
    batch = _six(ipv6(0, hop_by_hop + segment + bytes(6), payload_length=0))
    assert batch["payload_length"].tolist() == [66_000]
    assert batch["ip_protocol"].tolist() == [6]


@pytest.mark.parametrize(
    ("packet", "status"),
    [
        (ipv4(17, udp(b"x"), total_length=60), Status.TRUNCATED),
        (ipv4(17, udp(b"x"), total_length=19), Status.MALFORMED),
        (b"\x44" + ipv4(17, udp(b"x"))[1:], Status.MALFORMED),
        (b"\x35" + ipv4(17, udp(b"x"))[1:], Status.MALFORMED),
        (ipv4(17, udp(b"x"))[:19], Status.TRUNCATED),
        (b"\x4f" + ipv4(17, udp(b"x"))[1:], Status.MALFORMED),
        (b"", Status.TRUNCATED),
    ],
)
def test_ipv4_headers_that_do_not_hold(packet: bytes, status: Status) -> None:
    """Lengths that contradict each other are malformed, lengths beyond the end truncated."""
    assert _four(packet)["status"].tolist() == [status]


@pytest.mark.parametrize(
    ("packet", "status"),
    [
        (ipv6(17, udp(b"x"), payload_length=60), Status.TRUNCATED),
        (b"\x45" + ipv6(17, udp(b"x"))[1:], Status.MALFORMED),
        (ipv6(17, udp(b"x"))[:39], Status.TRUNCATED),
    ],
)
def test_ipv6_headers_that_do_not_hold(packet: bytes, status: Status) -> None:
    """As for IPv4."""
    assert _six(packet)["status"].tolist() == [status]


def test_a_malformed_total_length_leaves_the_addresses() -> None:
    """What is known stays: addresses and protocol, no ports."""
    batch = _four(ipv4(17, udp(b"x"), total_length=19))
    assert _ends(batch) == ("192.0.2.1", "192.0.2.2")
    assert batch["ip_protocol"].tolist() == [17]
    assert batch["source_port"].tolist() == [-1]


def test_version_6_under_the_type_of_ipv4_is_read_as_what_it_is() -> None:
    """The version nibble is believed, as Wireshark does."""
    batch = _four(ipv6(17, udp(b"six")))
    assert batch["network"].tolist() == [EtherType.IPV6]
    assert batch["destination_port"].tolist() == [9]


def test_later_fragments_have_no_header() -> None:
    """Later fragments begin in the middle of the payload; offsets count bytes; ports are not theirs to tell."""
    batch = decode(
        block_of(
            wire.FIRST_FRAGMENT,
            wire.MIDDLE_FRAGMENT,
            wire.LAST_FRAGMENT,
            wire.UDP_TICK,
            wire.FIRST_FRAGMENT_6,
            wire.LAST_FRAGMENT_6,
        )
    )
    assert batch["fragment_offset"].tolist() == [0, 1480, 2960, -1, 0, 2896]
    assert batch["source_port"].tolist() == [49153, -1, -1, 49152, 49155, -1]
    assert batch["protocol"].tolist() == [
        Protocol.DISCARD,
        Protocol.IPV4,
        Protocol.IPV4,
        Protocol.DISCARD,
        Protocol.DISCARD,
        Protocol.IPV6,
    ]
    assert batch["payload_length"].tolist() == [1472, 1480, 48, 4, 1440, 112]
    assert batch["ip_protocol"].tolist() == [17] * 6
    assert set(batch["status"].tolist()) == {Status.COMPLETE}


def test_an_unfragmented_packet_with_fragment_header() -> None:
    """An atomic fragment (RFC 6946) is no fragment."""
    batch = _six(ipv6(44, b"\x11\0\0\0\0\0\0\x07" + udp(b"atom")))
    assert batch["fragment_offset"].tolist() == [-1]
    assert batch["destination_port"].tolist() == [9]


OPTIONS = b"\x00\x01\x04\0\0\0\0"  # length 0 (8 bytes), PadN; the next header goes before


@pytest.mark.parametrize(
    ("chain", "first"),
    [
        (b"\x11" + OPTIONS, IpProtocol.HOP_BY_HOP),
        (b"\x11\x02" + bytes(22), IpProtocol.ROUTING),
        (b"\x11" + OPTIONS, IpProtocol.DESTINATION_OPTIONS),
        (b"\x11\x01" + bytes(14), IpProtocol.MOBILITY),
        (b"\x11\x04" + bytes(22), IpProtocol.AH),
        (
            b"\x2b" + OPTIONS + b"\x3c\0" + bytes(6) + b"\x33" + OPTIONS + b"\x11\x01" + bytes(10),
            IpProtocol.HOP_BY_HOP,
        ),
    ],
)
def test_extension_headers_are_passed(chain: bytes, first: IpProtocol) -> None:
    """Alone and in a chain; AH counts its length in four bytes (RFC 4302 section 2.2)."""
    batch = _six(ipv6(first, chain + udp(b"deep")))
    assert batch["ip_protocol"].tolist() == [17]
    assert batch["destination_port"].tolist() == [9]
    assert batch["payload_length"].tolist() == [4]
    assert batch["status"].tolist() == [Status.COMPLETE]


def test_captured_extension_headers() -> None:
    """Destination options before UDP and hop-by-hop before a multicast listener report, as Linux sends them."""
    batch = decode(block_of(wire.UDP_6_DESTINATION_OPTIONS, wire.MULTICAST_REPORT_6))
    assert batch["source_port"].tolist() == [49156, -1]
    assert batch["message_type"].tolist() == [-1, 143]
    assert batch["ip_protocol"].tolist() == [17, 58]


@pytest.mark.parametrize(
    ("packet", "protocol", "status"),
    [
        (ipv6(59, b""), 59, Status.COMPLETE),
        (ipv6(60, b"\x11\x00\x01"), 60, Status.MALFORMED),
        (ipv6(60, b"\x11\x20" + bytes(6)), 17, Status.MALFORMED),
        (ipv6(60, (b"\x3c" + OPTIONS) * 180), 60, Status.MALFORMED),
    ],
)
def test_chains_that_end_early(packet: bytes, protocol: int, status: Status) -> None:
    """No next header is complete; headers longer than the packet and an endless chain contradict it."""
    batch = _six(packet)
    assert batch["ip_protocol"].tolist() == [protocol]
    assert batch["source_port"].tolist() == [-1]
    assert batch["status"].tolist() == [status]


def test_ah_in_ipv4_leaves_the_protocol_number() -> None:
    """IPv4 has no extension headers: the number stays the header's, the ports are found behind AH."""
    batch = _four(
        ipv4(51, b"\x06\x04" + bytes(22) + tcp(b"\0")), ipv4(51, b"\x32\x04" + bytes(22) + bytes(16))
    )
    assert batch["ip_protocol"].tolist() == [51, 51]
    assert batch["destination_port"].tolist() == [8080, -1]
    assert batch["protocol"].tolist() == [Protocol.TCP, Protocol.ESP]


def test_arp_addresses_and_operation() -> None:
    """RFC 826: sender and target protocol address."""
    batch = decode(block_of(wire.ARP_REQUEST, wire.ARP_REPLY + bytes(18)))
    assert [_ends(batch, row) for row in (0, 1)] == [("192.0.2.1", "192.0.2.2"), ("192.0.2.2", "192.0.2.1")]
    assert batch["message_type"].tolist() == [1, 2]
    assert batch["network"].tolist() == [EtherType.ARP] * 2
    assert batch["ip_protocol"].tolist() == [-1, -1]
    assert batch["payload_length"].tolist() == [0, 0]
    assert batch["status"].tolist() == [Status.COMPLETE] * 2


def test_rarp_is_told_from_arp() -> None:
    """RFC 903 has ARP's format under another EtherType."""
    batch = decode(block_of(ethernet(0x8035, wire.ARP_REQUEST[14:20] + b"\0\x03" + wire.ARP_REQUEST[22:])))
    assert batch["protocol"].tolist() == [Protocol.RARP]
    assert batch["message_type"].tolist() == [3]
    assert _ends(batch)[0] == "192.0.2.1"


@pytest.mark.parametrize(
    ("packet", "status"),
    [
        (wire.ARP_REQUEST[14:-1], Status.TRUNCATED),
        (wire.ARP_REQUEST[14:20], Status.TRUNCATED),
        (wire.ARP_REQUEST[14:16] + b"\x80\x9b" + wire.ARP_REQUEST[18:], Status.UNSUPPORTED),
        (wire.ARP_REQUEST[14:18] + b"\x06\x10" + wire.ARP_REQUEST[20:], Status.UNSUPPORTED),
    ],
)
def test_arp_that_is_cut_or_not_for_ipv4(packet: bytes, status: Status) -> None:
    """Half an address is none; AppleTalk's ARP has no IPv4 addresses."""
    batch = decode(block_of(ethernet(0x0806, packet)))
    assert batch["status"].tolist() == [status]
    assert _ends(batch)[1] == "::"


def test_arp_with_other_hardware_addresses() -> None:
    """Addresses are found behind hardware addresses of any length (here InfiniBand's 20 bytes, RFC 4391)."""
    packet = (
        struct.pack(">HHBBH", 32, 0x0800, 20, 4, 1) + bytes(20) + b"\xc0\0\2\7" + bytes(20) + b"\xc0\0\2\x08"
    )
    batch = decode(block_of(bytes(14) + b"\x08\x06" + packet, link_type=LinkType.LINUX_SLL))
    assert _ends(batch) == ("192.0.2.7", "192.0.2.8")
