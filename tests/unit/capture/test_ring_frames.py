"""Ring headers made into blocks: fields at their places, tags and cooked headers written over what was read."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from tests.helpers.wire import HTTP_GET, TCP_SYN, UDP_TICK
from trafficdesk.capture.ring_frames import RingFrames, link_type_of
from trafficdesk.packets.protocol import LinkType


def ring_packet(
    frame: bytes,
    *,
    mac: int = 82,
    status: int = 1,
    tag: int = 0,
    protocol: int = 0,
    hardware: int = 1,
    kind: int = 0,
) -> bytes:
    """struct tpacket3_hdr, struct sockaddr_ll, filler, and the frame, as the kernel lays them."""
    head = struct.pack(
        "=IIIIIIHHIIHH8x", 0, 100, 7, len(frame), len(frame) + 4, status, mac, mac + 14, 0, tag, protocol, 0
    )
    address = struct.pack("=HHiHBB8s", 17, 0x0008, 3, hardware, kind, 6, frame[6:12])
    return (head + address).ljust(mac, b"\xee") + frame


def ring(*packets: bytes) -> RingFrames:
    data = np.frombuffer(bytearray(b"".join(packets)), np.uint8)
    lengths = np.cumsum([0, *map(len, packets[:-1])])
    return RingFrames(data, lengths.astype(np.int64))


def test_fields_are_read_where_the_kernel_puts_them() -> None:
    """Length, wire length and time of each packet."""
    block = ring(ring_packet(TCP_SYN), ring_packet(HTTP_GET)).block(1)
    assert [block.frame(0), block.frame(1)] == [TCP_SYN, HTTP_GET]
    assert block.wire_lengths.tolist() == [len(TCP_SYN) + 4, len(HTTP_GET) + 4]
    assert block.timestamps_ns.tolist() == [100_000_000_007] * 2


def test_tags_go_back_into_tagged_frames_only() -> None:
    """The tag's protocol is the one given, 802.1Q where the kernel gives none; a frame of 11 bytes has no place for it."""
    block = ring(
        ring_packet(TCP_SYN, status=0x11, tag=0x2005, protocol=0x9999),
        ring_packet(UDP_TICK),
        ring_packet(TCP_SYN, status=0x51, tag=0xE006, protocol=0x88A8),
        ring_packet(TCP_SYN[:11], status=0x11, tag=5),
    ).block(1)
    assert block.frame(0) == TCP_SYN[:12] + bytes.fromhex("81002005") + TCP_SYN[12:]
    assert block.frame(1) == UDP_TICK
    assert block.frame(2) == TCP_SYN[:12] + bytes.fromhex("88a8e006") + TCP_SYN[12:]
    assert block.frame(3) == TCP_SYN[:11]
    assert block.wire_lengths.tolist() == [len(TCP_SYN) + 8, len(UDP_TICK) + 4, len(TCP_SYN) + 8, 15]


def test_cooked_headers_say_where_a_packet_comes_from() -> None:
    """LINKTYPE_LINUX_SLL2: protocol, interface, hardware type, packet type and address in network order."""
    block = ring(ring_packet(UDP_TICK[14:], mac=96, hardware=512, kind=4)).block(None)
    assert block.link_types.tolist() == [LinkType.LINUX_SLL2]
    address = UDP_TICK[20:26] + bytes(2)
    assert block.frame(0) == struct.pack(">HHIHBB", 0x0800, 0, 3, 512, 4, 6) + address + UDP_TICK[14:]


def test_what_goes_out_through_loopback_is_left_out() -> None:
    """Only there: what goes out through other interfaces is traffic."""
    echo, back, out = (
        ring_packet(TCP_SYN, hardware=772, kind=4),
        ring_packet(UDP_TICK, hardware=772),
        ring_packet(HTTP_GET, kind=4),
    )
    block = ring(echo, back, out).block(1)
    assert [block.frame(row) for row in range(len(block))] == [UDP_TICK, HTTP_GET]


def test_an_empty_block_has_no_frames() -> None:
    """The kernel's timer may hand over a block without packets."""
    assert len(RingFrames(np.zeros(48, np.uint8), np.empty(0, np.int64)).block(1)) == 0


@pytest.mark.parametrize(
    ("hardware", "expected"), [(1, 1), (772, 1), (65534, 101), (803, 127), (512, None), (9_999, None)]
)
def test_hardware_types_have_link_types(hardware: int, expected: int | None) -> None:
    """Those whose headers can't be relied on are captured cooked."""
    assert link_type_of(hardware) == expected
