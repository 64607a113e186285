"""PPP, PPPoE, Cisco HDLC, MPLS, cooked and loopback headers: what leads on, and what does not."""

from __future__ import annotations

import struct

import pytest

from tests.helpers.wire import SLL2_UDP_6, UDP_6, UDP_TICK, block_of, ethernet
from trafficdesk.decode import decode
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.protocol import EtherType, LinkType, Protocol, Status

IP, IP_6 = UDP_TICK[14:], UDP_6[14:]


def _pppoe(ppp: bytes, length: int | None = None) -> bytes:
    size = len(ppp) if length is None else length
    return ethernet(0x8864, struct.pack(">BBHH", 0x11, 0, 7, size) + ppp)


@pytest.mark.parametrize("ppp", [b"\x00\x21" + IP, b"\x21" + IP, b"\x00\x57" + IP_6])
def test_pppoe_sessions_carry_ip(ppp: bytes) -> None:
    """The PPPoE length ends the packet; a compressed protocol number is one byte."""
    batch = decode(block_of(_pppoe(ppp) + bytes(8)))
    assert batch["destination_port"].tolist() == [9]
    assert batch["status"].tolist() == [Status.COMPLETE]


def test_a_pppoe_length_beyond_the_frame_is_truncated() -> None:
    """The packet inside is read all the same."""
    batch = decode(block_of(_pppoe(b"\x00\x21" + IP, length=1000)))
    assert batch["destination_port"].tolist() == [9]
    assert batch["status"].tolist() == [Status.TRUNCATED]


@pytest.mark.parametrize(
    ("ppp", "protocol", "status"),
    [
        (b"\xc0\x21\x01\x01\x00\x04", Protocol.LCP, Status.COMPLETE),
        (b"\x00\x2b" + bytes(20), Protocol.PPP, Status.UNSUPPORTED),
        (b"\x00", Protocol.PPP, Status.TRUNCATED),
        (b"", Protocol.PPP, Status.TRUNCATED),
        (b"\xff\x03", Protocol.PPP, Status.TRUNCATED),
    ],
)
def test_ppp_without_ip(ppp: bytes, protocol: Protocol, status: Status) -> None:
    """PPP's own control protocols are recognised; foreign network protocols are not; nothing is invented."""
    batch = decode(block_of(ppp, link_type=LinkType.PPP))
    assert batch["protocol"].tolist() == [protocol]
    assert batch["status"].tolist() == [status]
    assert batch["network"].tolist() == [EtherType.NONE]


def test_ppp_carries_mpls() -> None:
    """RFC 3032 section 4.3."""
    batch = decode(block_of(b"\x02\x81" + struct.pack(">I", 16 << 12 | 0x140) + IP, link_type=LinkType.PPP))
    assert batch["destination_port"].tolist() == [9]


@pytest.mark.parametrize("labels", [1, 2, 5])
def test_mpls_stacks_end_at_the_bottom_bit(labels: int) -> None:
    """Every label is passed; IP follows by its version nibble."""
    stack = b"".join(struct.pack(">I", 16 << 12 | (index == labels - 1) << 8 | 64) for index in range(labels))
    assert decode(block_of(ethernet(0x8847, stack + IP)))["destination_port"].tolist() == [9]
    assert decode(block_of(ethernet(0x8848, stack + IP_6)))["destination_port"].tolist() == [9]


def test_mpls_with_something_else_inside_is_unsupported() -> None:
    """A pseudo-wire has no version nibble of IP."""
    batch = decode(block_of(ethernet(0x8847, struct.pack(">I", 0x140) + bytes(40))))
    assert batch["status"].tolist() == [Status.UNSUPPORTED]
    assert batch["network"].tolist() == [EtherType.NONE]


def test_slarp_is_not_rarp() -> None:
    """Cisco's keep-alive has the number of RARP."""
    batch = decode(block_of(b"\x8f\x00\x80\x35" + bytes(18), link_type=LinkType.C_HDLC))
    assert batch["network"].tolist() == [EtherType.NONE]
    assert batch["status"].tolist() == [Status.COMPLETE]
    assert batch["protocol"].tolist() == [Protocol.SLARP]


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        (b"\x07\0\0\0" + bytes(30), Status.UNSUPPORTED),
        (b"\x02\0\0", Status.TRUNCATED),
        (b"\x02\0\0\0", Status.TRUNCATED),
        (b"\x02\0\0\0" + b"\x50" + bytes(30), Status.UNSUPPORTED),
    ],
)
def test_loopback_without_ip(frame: bytes, status: Status) -> None:
    """Other families, cut headers and wrong versions leave a row without network."""
    batch = decode(block_of(frame, link_type=LinkType.NULL))
    assert batch["network"].tolist() == [EtherType.NONE]
    assert batch["status"].tolist() == [status]


def test_cooked_hardware_addresses_have_six_bytes_or_none() -> None:
    """A sender's address of another length is no MAC."""
    other = SLL2_UDP_6[:11] + b"\x04" + SLL2_UDP_6[12:]
    batch = decode(block_of(SLL2_UDP_6, other, link_type=LinkType.LINUX_SLL2))
    assert batch["source_mac"].tolist() == [0x02005E005301, NO_MAC]


def test_cooked_llc() -> None:
    """Protocol 4 of a cooked header is LLC."""
    frame = bytes.fromhex("00020001000602005e00530100000004") + b"\x42\x42\x03" + bytes(35)
    assert decode(block_of(frame, link_type=LinkType.LINUX_SLL))["protocol"].tolist() == [Protocol.STP]
