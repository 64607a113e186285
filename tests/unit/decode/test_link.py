"""Every link type that is supported leads to the network header; every other is a row with a status."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.wire import CAPTURED, SLL2_UDP_6, SLL_ARP, UDP_6, UDP_TICK, block_of, ethernet
from trafficdesk.decode import decode
from trafficdesk.packets.address import address_text
from trafficdesk.packets.block import FrameBlock
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.protocol import EtherType, LinkType, Protocol, Status

RAW_4, RAW_6 = UDP_TICK[14:], UDP_6[14:]


@pytest.mark.parametrize(
    ("link_type", "frame"),
    [
        (LinkType.ETHERNET, UDP_TICK),
        (LinkType.RAW, RAW_4),
        (LinkType.RAW, RAW_6),
        (LinkType.RAW_BSD_12, RAW_4),
        (LinkType.RAW_OPENBSD_14, RAW_4),
        (LinkType.IPV4, RAW_4),
        (LinkType.IPV6, RAW_6),
        (LinkType.NULL, b"\x02\0\0\0" + RAW_4),
        (LinkType.NULL, b"\0\0\0\x02" + RAW_4),
        (LinkType.NULL, b"\x1e\0\0\0" + RAW_6),
        (LinkType.NULL, b"\0\0\0\x18" + RAW_6),
        (LinkType.LOOP, b"\0\0\0\x02" + RAW_4),
        (LinkType.LOOP, b"\0\0\0\x1c" + RAW_6),
        (LinkType.LINUX_SLL2, SLL2_UDP_6),
        (LinkType.PPP, b"\x00\x21" + RAW_4),
        (LinkType.PPP, b"\xff\x03\x00\x57" + RAW_6),
        (LinkType.PPP_HDLC, b"\xff\x03\x00\x21" + RAW_4),
        (LinkType.PPP_HDLC, b"\x0f\x00\x08\x00" + RAW_4),
        (LinkType.C_HDLC, b"\x8f\x00\x86\xdd" + RAW_6),
    ],
)
def test_every_link_type_leads_to_the_same_packet(link_type: int, frame: bytes) -> None:
    """Addresses, ports and payload do not depend on the link header before them."""
    batch = decode(block_of(frame, link_type=link_type))
    assert batch["status"].tolist() == [Status.COMPLETE]
    sender = address_text(batch["source"][0].tobytes())
    assert sender in {"192.0.2.1", "2001:db8::1"}
    assert batch["destination_port"].tolist() == [9]
    start, length = int(batch["payload_offset"][0]), int(batch["payload_length"][0])
    assert frame[start : start + length] in {b"tick", b"six"}


def test_cooked_frames_have_a_sender_and_no_receiver() -> None:
    """Linux's cooked headers hold the sender's hardware address only."""
    batch = decode(block_of(SLL_ARP, link_type=LinkType.LINUX_SLL))
    assert batch["source_mac"].tolist() == [0x02005E005301]
    assert batch["destination_mac"].tolist() == [NO_MAC]
    assert batch["protocol"].tolist() == [Protocol.ARP]


def test_an_unknown_link_type_keeps_what_is_known() -> None:
    """Lengths, time and link type of a frame that nobody can read stay; its status says why there is no more."""
    batch = decode(block_of(b"\x01" * 40, link_type=195))
    assert batch["status"].tolist() == [Status.UNSUPPORTED]
    assert batch["length"].tolist() == [40]
    assert batch["link_type"].tolist() == [195]
    assert batch["network"].tolist() == [EtherType.NONE]


def test_link_types_may_be_mixed_in_one_block() -> None:
    """Each frame is read by its own link type."""
    block = block_of(UDP_TICK, RAW_4, b"\xff" * 30, SLL2_UDP_6)
    types = np.array([LinkType.ETHERNET, LinkType.RAW, 195, LinkType.LINUX_SLL2], np.uint16)
    mixed = FrameBlock(
        block.data, block.offsets, block.captured_lengths, block.wire_lengths, block.timestamps_ns, types
    )
    assert decode(mixed)["destination_port"].tolist() == [9, 9, -1, 9]


@pytest.mark.parametrize(
    ("ether_type", "protocol"),
    [(0x88CC, Protocol.LLDP), (0x888E, Protocol.EAP), (0x8863, Protocol.PPPOE)],
)
def test_named_protocols_without_a_network_header_are_complete(ether_type: int, protocol: Protocol) -> None:
    """LLDP, 802.1X and PPPoE discovery are recognised by their EtherType, which stands in `network`."""
    batch = decode(block_of(ethernet(ether_type, bytes(46))))
    assert batch["protocol"].tolist() == [protocol]
    assert batch["network"].tolist() == [ether_type]
    assert batch["status"].tolist() == [Status.COMPLETE]


def test_an_unknown_ethertype_is_unsupported_ethernet() -> None:
    """A protocol nobody here knows leaves an Ethernet row with its addresses."""
    batch = decode(block_of(ethernet(0x88FF, bytes(46))))
    assert batch["protocol"].tolist() == [Protocol.ETHERNET]
    assert batch["source_mac"].tolist() == [0x02005E005301]
    assert batch["status"].tolist() == [Status.UNSUPPORTED]


def test_endless_nesting_ends() -> None:
    """A stack of tags as deep as the frame is called malformed, and its neighbours are read all the same."""
    deep = ethernet(0x8100, b"\x00\x01\x81\x00" * 350)
    batch = decode(block_of(CAPTURED["UDP_TICK"], deep, CAPTURED["UDP_TICK"]))
    assert batch["status"].tolist() == [Status.COMPLETE, Status.MALFORMED, Status.COMPLETE]
    assert batch["vlan"].tolist() == [-1, 1, -1]
