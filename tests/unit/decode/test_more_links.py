"""Rarer link types, wireless frames and switches' tags: what they carry is found, and nothing when it is cut off."""

from __future__ import annotations

import struct

import pytest

from tests.helpers.wire import block_of, ipv4, udp
from trafficdesk.decode import decode
from trafficdesk.packets.address import address_texts, mac_texts
from trafficdesk.packets.protocol import EtherType, LinkType, Protocol, Status

PACKET = ipv4(17, udp(b"x" * 20, 40_000, 50_001))
MACS = bytes.fromhex("02005e00530202005e005301")
SNAP = b"\xaa\xaa\x03\0\0\0\x08\0"
WLAN_DATA = b"\x08\x01\0\0" + bytes.fromhex("02005e0053aa02005e00530102005e005302") + b"\0\0"
"""From a station to the network: receiver, source, destination."""
QOS_DATA = b"\x88\x01" + WLAN_DATA[2:] + b"\0\0"
CHECK = b"\xde\xad\xbe\xef"


def radiotap(frame: bytes, *, checked: bool = False) -> bytes:
    """A header with timer and flags before the frame."""
    head = struct.pack("<BBHI", 0, 0, 18, 3) + bytes(8) + bytes([0x10 * checked]) + b"\0"
    return head + frame + CHECK * checked


FRAMES = [
    (LinkType.FRAME_RELAY, b"\x18\x61\x08\0" + PACKET),
    (LinkType.FRAME_RELAY, b"\x18\x61\x03\xcc" + PACKET),
    (LinkType.FRAME_RELAY, b"\x18\x61\x03\0\x80\0\0\0\x08\0" + PACKET),
    (LinkType.ARCNET_LINUX, b"\xbe\x50\0\0\xf0" + PACKET),
    (LinkType.ARCNET_LINUX, b"\xbe\x50\0\0\xd4\0\x01\x66" + PACKET),
    (LinkType.IPOIB, bytes(40) + b"\x08\0\0\0" + PACKET),
    (LinkType.IPNET, b"\x01\x02" + bytes(22) + PACKET),
    (
        LinkType.NFLOG,
        b"\x02\0\0\0\x08\0\x01\0\x08\0\x03\x16" + struct.pack("<HH", 4 + len(PACKET), 9) + PACKET,
    ),
    (
        LinkType.NFLOG,
        b"\x02\0\0\0\0\x08\0\x01\x08\0\x03\x16" + struct.pack(">HH", 4 + len(PACKET), 9) + PACKET,
    ),
    (LinkType.PKTAP, struct.pack("<III", 108, 1, 1) + bytes(96) + MACS + b"\x08\0" + PACKET),
    (LinkType.JUNIPER_ETHER, b"MGC\x80\0\x04\0\0\0\0" + MACS + b"\x08\0" + PACKET),
    (LinkType.PPP_WITH_DIRECTION, b"\0\xff\x03\0\x21" + PACKET),
    (LinkType.IEEE1394, bytes(16) + b"\x08\0" + PACKET),
    (LinkType.TOKEN_RING, b"\x10\x40" + MACS + SNAP + PACKET),
    (LinkType.TOKEN_RING, b"\x10\x40" + MACS[:6] + b"\x82" + MACS[7:] + b"\x04\0\0\0" + SNAP + PACKET),
    (LinkType.FDDI, b"\x50" + MACS + SNAP + PACKET),
    (LinkType.IEEE802_11, WLAN_DATA + SNAP + PACKET),
    (LinkType.IEEE802_11, QOS_DATA + SNAP + PACKET),
    (LinkType.RADIOTAP, radiotap(WLAN_DATA + SNAP + PACKET)),
    (LinkType.RADIOTAP, radiotap(QOS_DATA + SNAP + PACKET, checked=True)),
    (LinkType.PPI, struct.pack("<BBHI", 0, 0, 8, 105) + WLAN_DATA + SNAP + PACKET),
    (LinkType.PPI, struct.pack("<BBHI", 0, 0, 8, 1) + MACS + b"\x08\0" + PACKET),
    (LinkType.AVS, struct.pack(">II", 0x80211001, 64) + bytes(56) + WLAN_DATA + SNAP + PACKET),
    (LinkType.PRISM, struct.pack("<II", 0x44, 144) + bytes(136) + WLAN_DATA + SNAP + PACKET),
    (LinkType.DSA_TAG, MACS + b"\xc0\x0a\0\0\x08\0" + PACKET),
    (LinkType.EDSA_TAG, MACS + b"\xda\xda\0\0\xc0\0\0\0\x08\0" + PACKET),
    (LinkType.BROADCOM_TAG, MACS + b"\0\0\x20\0\x08\0" + PACKET),
    (LinkType.BROADCOM_TAG_PREPENDED, b"\0\0\x20\x05" + MACS + b"\x08\0" + PACKET),
    (LinkType.ETHERNET, MACS + b"\xd2\x8b\0\x01\0\x10" + bytes(8) + b"\x08\0" + PACKET),
    (LinkType.ETHERNET, MACS + b"\xd2\x8b\0\x01\x01\x20" + bytes(6) + b"\x08\0" + PACKET),
    (LinkType.ETHERNET, MACS + b"\x89\x03\x40\x20" + MACS + b"\x08\0" + PACKET),
    (LinkType.ETHERNET, MACS + b"\x89\x09" + bytes(6) + b"\x08\0" + PACKET),
    (LinkType.ETHERNET, MACS + b"\x88\xe5\0\0\0\0\0\x01\x08\0" + PACKET + bytes(16)),
    (LinkType.ETHERNET, MACS + b"\x88\xe5\x20\0\0\0\0\x01" + bytes(8) + b"\x08\0" + PACKET + bytes(16)),
    (LinkType.ETHERNET, MACS + b"\x89\x4f\0\x06\x01\x01" + bytes(20) + PACKET),
    (LinkType.ETHERNET, MACS + b"\x88\xe7" + bytes(4) + MACS + b"\x08\0" + PACKET),
    (LinkType.ETHERNET, MACS + b"\x22\xf3\0\x40" + bytes(8) + MACS + b"\x08\0" + PACKET),
    (LinkType.ETHERNET, MACS + b"\x89\x26" + bytes(4) + b"\x08\0" + PACKET),
]
NAMES = [f"{link.name}-{number}" for number, (link, _) in enumerate(FRAMES)]


@pytest.mark.parametrize(("link_type", "frame"), FRAMES, ids=NAMES)
def test_the_packet_inside_is_found(link_type: LinkType, frame: bytes) -> None:
    """Addresses, ports and payload are those of the packet carried, whatever comes before it."""
    batch = decode(block_of(frame, link_type=link_type))
    assert address_texts(batch["source"]).tolist() == ["192.0.2.1"]
    assert batch["destination_port"].tolist() == [50_001]
    assert batch["payload_length"].tolist() == [20]
    assert batch["status"].tolist() == [Status.COMPLETE]


@pytest.mark.parametrize(("link_type", "frame"), FRAMES, ids=NAMES)
def test_a_frame_cut_anywhere_never_raises_and_invents_no_port(link_type: LinkType, frame: bytes) -> None:
    """A prefix of the frame is one row; ports are there only where they were captured."""
    batch = decode(block_of(*(frame[:size] for size in range(len(frame))), link_type=link_type))
    assert len(batch) == len(frame)
    found = batch["destination_port"]
    assert set(found.tolist()) <= {-1, 50_001}
    assert (batch["status"][found < 0] != Status.COMPLETE).sum() > 0


def test_wireless_addresses_follow_the_direction_bits() -> None:
    """To the network: source second, destination third; an acknowledgement has a receiver only."""
    acknowledgement = b"\xd4\0\0\0" + MACS[:6]
    batch = decode(block_of(WLAN_DATA + SNAP + PACKET, acknowledgement, link_type=LinkType.IEEE802_11))
    assert mac_texts(batch["source_mac"]).tolist() == ["02:00:5e:00:53:01", ""]
    assert mac_texts(batch["destination_mac"]).tolist() == ["02:00:5e:00:53:02", "02:00:5e:00:53:02"]
    assert batch["protocol"].tolist() == [Protocol.UDP, Protocol.WLAN]


def test_encrypted_wireless_data_is_named_and_not_read() -> None:
    """The protected bit ends the walk."""
    frame = b"\x08\x41" + WLAN_DATA[2:] + SNAP + PACKET
    batch = decode(block_of(frame, link_type=LinkType.IEEE802_11))
    assert (batch["protocol"][0], batch["network"][0]) == (Protocol.WLAN, EtherType.NONE)


def test_a_switchs_tag_holds_the_vlan() -> None:
    """Bit 5 of a DSA tag says that its last twelve bits are the frame's VLAN."""
    tagged = MACS + b"\xe0\x08\x00\x2a\x08\0" + PACKET
    assert decode(block_of(tagged, link_type=LinkType.DSA_TAG))["vlan"].tolist() == [42]


def test_encrypted_macsec_keeps_its_name() -> None:
    """What is encrypted is not taken for an EtherType."""
    batch = decode(block_of(MACS + b"\x88\xe5\x0c\0\0\0\0\x01\x08\0" + PACKET))
    assert (batch["protocol"][0], batch["source_port"][0]) == (Protocol.MACSEC, -1)


@pytest.mark.parametrize(
    ("frame", "protocol"),
    [
        (MACS + b"\0\x10\xfe\xfe\x03\x83\x1b\x01\0\x0f" + bytes(9), Protocol.ISIS_HELLO),
        (MACS + b"\0\x10\xfe\xfe\x03\x83\x1b\x01\0\x14" + bytes(9), Protocol.ISIS_LSP),
        (MACS + b"\0\x20\xff\xff" + bytes(14) + b"\x04\x55" + bytes(14), Protocol.NBIPX),
        (MACS + b"\x88\x8e\x01\0" + bytes(20), Protocol.EAP),
        (MACS + b"\x88\x8e\x01\x01" + bytes(20), Protocol.EAPOL),
        (MACS + b"\x88\x09\x01" + bytes(20), Protocol.LACP),
        (MACS + b"\x88\x09\x03" + bytes(20), Protocol.OAM),
    ],
)
def test_a_byte_of_the_header_decides_the_name(frame: bytes, protocol: Protocol) -> None:
    """Protocols that share a type are told apart."""
    assert decode(block_of(frame))["protocol"].tolist() == [protocol]


def test_lldp_tells_the_systems_name() -> None:
    """The element of type 5; a length beyond the frame gives what is there."""
    elements = b"\x02\x02\x04a\x04\x02\x05b\x06\x02\0\x78\x0a\x06switch\0\0"
    batch = decode(block_of(MACS + b"\x88\xcc" + elements, MACS + b"\x88\xcc\x0b\xffswi"))
    assert (batch.text_of(0), batch.text_of(1)) == (b"switch", b"swi")
