"""pcapng: sections and their byte orders, interfaces, skipped blocks; every fault is named with its place."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from tests.helpers.capture_bytes import (
    block,
    column,
    enhanced,
    frames_of,
    interface,
    obsolete,
    option,
    read,
    section,
    simple,
)
from tests.helpers.wire import ARP_REPLY, HTTP_GET, TCP_SYN, UDP_6

if TYPE_CHECKING:
    from pathlib import Path

CUSTOM = block(0xBAD, struct.pack("<I", 32_473) + b"anything")
NAMES = block(4, option(0, b""))


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_kind_of_packet_block_in_both_byte_orders(tmp_path: Path, order: str) -> None:
    """Enhanced, obsolete and simple packet blocks give their frames; options and padding are not part of them."""
    content = (
        section(order)
        + interface(order=order)
        + enhanced(
            TCP_SYN,
            5,
            order=order,
            wire=2_000,
            options=option(1, b"a comment", order) + option(0, b"", order),
        )
        + obsolete(HTTP_GET, 6, order=order)
        + simple(ARP_REPLY + b"!", order=order)
    )
    blocks, fault = read(tmp_path / "x", content)
    assert fault is None
    assert frames_of(blocks) == [TCP_SYN, HTTP_GET, ARP_REPLY + b"!"]
    assert column(blocks, "wire_lengths") == [2_000, len(HTTP_GET), len(ARP_REPLY) + 1]
    assert column(blocks, "timestamps_ns") == [5_000, 6_000, 6_000]


def test_sections_with_their_own_byte_order_and_interfaces(tmp_path: Path) -> None:
    """A new section forgets the interfaces before it and may change the byte order."""
    content = (
        section("<")
        + interface(1)
        + enhanced(TCP_SYN)
        + section(">")
        + interface(101, order=">")
        + enhanced(UDP_6[14:], order=">")
        + section("<")
        + interface(113)
        + enhanced(b"cooked")
    )
    blocks, fault = read(tmp_path / "x", content)
    assert fault is None
    assert frames_of(blocks) == [TCP_SYN, UDP_6[14:], b"cooked"]
    assert column(blocks, "link_types") == [1, 101, 113]
    assert column(blocks, "interfaces") == [0, 1, 2]


def test_a_section_without_interfaces_has_no_packets(tmp_path: Path) -> None:
    """The interfaces of the section before do not count."""
    head = section() + interface() + enhanced(TCP_SYN) + section()
    blocks, fault = read(tmp_path / "x", head + enhanced(HTTP_GET))
    assert frames_of(blocks) == [TCP_SYN]
    assert fault is not None
    assert (fault.offset, fault.packets) == (len(head), 1)
    assert "interface 0" in fault.title


def test_interfaces_may_come_between_packets(tmp_path: Path) -> None:
    """Each packet takes the link type of its own interface; an interface counts from its description on."""
    head = (
        section() + interface(1) + enhanced(b"a") + interface(101) + enhanced(b"b", number=1) + enhanced(b"c")
    )
    blocks, fault = read(tmp_path / "x", head)
    assert fault is None
    assert column(blocks, "link_types") == [1, 101, 1]
    assert column(blocks, "interfaces") == [0, 1, 0]
    early = section() + interface(1) + enhanced(b"a")
    blocks, fault = read(tmp_path / "y", early + enhanced(b"b", number=1) + interface(101))
    assert frames_of(blocks) == [b"a"]
    assert fault is not None
    assert fault.offset == len(early)


def test_other_blocks_are_skipped(tmp_path: Path) -> None:
    """Name resolution, custom and unknown blocks are passed over wherever they stand."""
    unknown = block(0x7FFFFFFF, b"x" * 33)
    content = (
        section() + CUSTOM + interface() + NAMES + enhanced(TCP_SYN) + unknown + enhanced(HTTP_GET) + CUSTOM
    )
    blocks, fault = read(tmp_path / "x", content)
    assert fault is None
    assert frames_of(blocks) == [TCP_SYN, HTTP_GET]


def test_a_block_length_that_is_no_multiple_of_four_is_rounded_up(tmp_path: Path) -> None:
    """Some writers give the length without the padding that they write."""
    size = 32 + 5
    odd = (
        struct.pack("<II", 6, size)
        + struct.pack("<IIIII", 0, 0, 0, 5, 5)
        + b"12345\0\0\0"
        + struct.pack("<I", size)
    )
    blocks, fault = read(tmp_path / "x", section() + interface() + odd + enhanced(TCP_SYN))
    assert fault is None
    assert frames_of(blocks) == [b"12345", TCP_SYN]


START = section() + interface() + enhanced(TCP_SYN)
BROKEN = {
    "a trailer that differs": (block(6, bytes(20), trailer=36), "at its end 36"),
    "a block of no size": (struct.pack("<III", 6, 0, 0), "claims 0 bytes"),
    "a huge block": (struct.pack("<III", 6, 0x7FFFFFFC, 0), "claims 2,147,483,644 bytes"),
    "a block cut short": (enhanced(HTTP_GET)[:-1], "in the middle of a block of"),
    "half a block header": (b"\x06\0\0\0\x20\0", "in the middle of a block's header (6 bytes"),
    "a packet longer than its block": (
        block(6, struct.pack("<IIIII", 0, 0, 0, 100, 100) + bytes(8)),
        "claims 100 bytes, its block has room for 8",
    ),
    "an unknown interface": (enhanced(b"x", number=7), "interface 7"),
    "an enhanced packet block without room": (
        block(6, bytes(8)),
        "an enhanced packet block of only 20 bytes",
    ),
    "an interface description without room": (block(1, b"\1\0"), "an interface description of only 16 bytes"),
    "a section without byte order": (block(0x0A0D0D0A, bytes(16)), "without a byte order mark"),
    "a section of an unknown version": (section(version=(2, 0)), "version 2.0"),
    "half a section": (section()[:20], "in the middle of a section header"),
    "a packet too long": (
        block(6, struct.pack("<IIIII", 0, 0, 0, 262_148, 262_148) + bytes(262_148)),
        "more than the 262,144",
    ),
    "a simple packet longer than its block": (block(3, struct.pack("<I", 99) + bytes(4)), "claims 99 bytes"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_comes_after_what_precedes_it(tmp_path: Path, name: str) -> None:
    """One packet comes, then the fault with its block's place, and nothing of what follows."""
    broken, reason = BROKEN[name]
    blocks, fault = read(tmp_path / "x", START + broken)
    assert frames_of(blocks) == [TCP_SYN]
    assert fault is not None
    assert (fault.offset, fault.packets) == (len(START), 1)
    assert reason in fault.title
    if "middle" not in reason:
        blocks, fault = read(tmp_path / "x", START + broken + enhanced(HTTP_GET) * 20)
        assert frames_of(blocks) == [TCP_SYN]
        assert fault is not None
        assert fault.offset == len(START)


def test_the_first_of_two_faults_counts(tmp_path: Path) -> None:
    """Reading stops at the earlier fault, whichever check finds it."""
    early, late = enhanced(b"x", number=7), block(6, bytes(20), trailer=36)
    for first, second in ((early, late), (late, early)):
        _, fault = read(tmp_path / "x", START + first + enhanced(HTTP_GET) + second)
        assert fault is not None
        assert (fault.offset, fault.packets) == (len(START), 1)


def test_many_blocks_are_found_in_lanes(tmp_path: Path) -> None:
    """A file long enough to be walked in lanes, whose packets look like blocks themselves, loses and invents nothing."""
    frames = [
        enhanced(b"bait", number=3)[: 20 + number % 24] + number.to_bytes(4, "big")
        for number in range(20_000)
    ]
    content = section() + interface() + b"".join(map(enhanced, frames))
    blocks, fault = read(tmp_path / "x", content)
    assert fault is None
    assert frames_of(blocks) == frames
