"""Ethernet, VLAN tags, LLC and SNAP."""

from __future__ import annotations

import pytest

from tests.helpers.wire import UDP_TICK, block_of, ethernet
from trafficdesk.decode import decode
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.protocol import EtherType, Protocol, Status

IP = UDP_TICK[14:]
TAG = b"\x20\x2a"  # priority 1, VLAN 42


@pytest.mark.parametrize(
    ("size", "receiver", "sender"),
    [
        (14, 0x02005E005302, 0x02005E005301),
        (12, 0x02005E005302, 0x02005E005301),
        (11, 0x02005E005302, NO_MAC),
        (6, 0x02005E005302, NO_MAC),
        (5, NO_MAC, NO_MAC),
        (0, NO_MAC, NO_MAC),
    ],
)
def test_a_cut_header_keeps_the_addresses_that_are_whole(size: int, receiver: int, sender: int) -> None:
    """An address of which a byte is missing is no address."""
    batch = decode(block_of(UDP_TICK[:size], wire_lengths=[len(UDP_TICK)]))
    assert batch["destination_mac"].tolist() == [receiver]
    assert batch["source_mac"].tolist() == [sender]
    assert batch["status"].tolist() == [Status.TRUNCATED]


@pytest.mark.parametrize(
    ("frame", "vlan"),
    [
        (ethernet(0x8100, TAG + b"\x08\x00" + IP), 42),
        (ethernet(0x88A8, b"\x00\x64\x81\x00" + TAG + b"\x08\x00" + IP), 100),
        (ethernet(0x9100, b"\x0f\xff\x81\x00" + TAG + b"\x08\x00" + IP), 4095),
        (ethernet(0x8100, b"\xe0\x00\x08\x00" + IP), 0),
        (UDP_TICK, -1),
    ],
)
def test_the_outermost_tag_counts(frame: bytes, vlan: int) -> None:
    """VLAN and QinQ stacks are passed; the identifier is the outermost one's 12 bits."""
    batch = decode(block_of(frame))
    assert batch["vlan"].tolist() == [vlan]
    assert batch["destination_port"].tolist() == [9]
    assert batch["status"].tolist() == [Status.COMPLETE]


def test_a_cut_tag_is_truncated() -> None:
    """A frame that ends inside its tag has no VLAN."""
    batch = decode(block_of(ethernet(0x8100, b"\x00\x2a\x08")))
    assert batch["vlan"].tolist() == [-1]
    assert batch["status"].tolist() == [Status.TRUNCATED]


SNAP = b"\xaa\xaa\x03\x00\x00\x00\x08\x00"


@pytest.mark.parametrize("oui", [b"\x00\x00\x00", b"\x00\x00\xf8"])
def test_snap_holds_an_ethertype(oui: bytes) -> None:
    """RFC 1042 and 802.1H encapsulation lead to IP; the 802.3 length cuts the padding off."""
    inner = b"\xaa\xaa\x03" + oui + b"\x08\x00" + IP
    batch = decode(block_of(ethernet(len(inner), inner + bytes(20))))
    assert batch["network"].tolist() == [EtherType.IPV4]
    assert batch["payload_length"].tolist() == [4]
    assert batch["status"].tolist() == [Status.COMPLETE]


def test_bridged_ethernet_in_snap_keeps_the_outer_addresses() -> None:
    """RFC 2684 bridging: the inner frame's packet, the outer frame's hardware addresses."""
    inner = b"\xaa\xaa\x03\x00\x80\xc2\x00\x07" + bytes(12) + b"\x08\x00" + IP
    batch = decode(block_of(ethernet(len(inner), inner)))
    assert batch["source_mac"].tolist() == [0x02005E005301]
    assert batch["destination_port"].tolist() == [9]


def test_internet_protocol_directly_in_llc() -> None:
    """SAP 6 is IP."""
    batch = decode(block_of(ethernet(3 + len(IP), b"\x06\x06\x03" + IP)))
    assert batch["destination_port"].tolist() == [9]


@pytest.mark.parametrize(
    ("body", "protocol", "status"),
    [
        (b"\x42\x42\x03" + bytes(35), Protocol.STP, Status.COMPLETE),
        (b"\xaa\xaa\x03\x00\x00\x0c\x01\x0b" + bytes(35), Protocol.STP, Status.COMPLETE),
        (b"\xfe\xfe\x03" + bytes(35), Protocol.LLC, Status.UNSUPPORTED),
        (b"\xaa\xaa\x03\x00\x00\x0c\x20\x00" + bytes(35), Protocol.CDP, Status.COMPLETE),
        (b"\x42", Protocol.LLC, Status.TRUNCATED),
        (b"\xaa\xaa\x03\x00\x00", Protocol.LLC, Status.TRUNCATED),
    ],
)
def test_what_else_llc_carries(body: bytes, protocol: Protocol, status: Status) -> None:
    """Spanning tree, also Cisco's per VLAN, has a name; other service access points are LLC."""
    batch = decode(block_of(ethernet(len(body), body)))
    assert batch["protocol"].tolist() == [protocol]
    assert batch["status"].tolist() == [status]


def test_a_length_beyond_the_frame_is_truncated() -> None:
    """An 802.3 length that claims more than there is."""
    batch = decode(block_of(ethernet(200, b"\x42\x42\x03" + bytes(35))))
    assert batch["status"].tolist() == [Status.TRUNCATED]
    assert batch["protocol"].tolist() == [Protocol.STP]


@pytest.mark.parametrize("value", [1501, 1535])
def test_neither_length_nor_type(value: int) -> None:
    """Values between lengths and EtherTypes mean nothing (IEEE 802.3 section 3.2.6)."""
    batch = decode(block_of(ethernet(value, bytes(46))))
    assert batch["status"].tolist() == [Status.UNSUPPORTED]
    assert batch["network"].tolist() == [EtherType.NONE]
