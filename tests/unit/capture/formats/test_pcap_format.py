"""Classic pcap: every variant gives the same frames, every fault is named with its place."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest

from tests.helpers.capture_bytes import SECONDS, column, frames_of, pcap, read
from tests.helpers.wire import ARP_REPLY, HTTP_GET, TCP_SYN

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = (TCP_SYN, HTTP_GET, ARP_REPLY)
PATCHED = struct.pack("<IHBB", 2, 0x0800, 0, 0)
VARIANTS: dict[str, tuple[dict[str, Any], int]] = {
    "little-endian, microseconds": ({}, 1_000),
    "big-endian, microseconds": ({"order": ">"}, 1_000),
    "little-endian, nanoseconds": ({"magic": 0xA1B23C4D}, 1),
    "big-endian, nanoseconds": ({"order": ">", "magic": 0xA1B23C4D}, 1),
    "Kuznetzov's patches": ({"magic": 0xA1B2CD34, "extra": PATCHED}, 1_000),
    "Kuznetzov's patches of September 1999": ({"magic": 0xA1B2CD34, "extra": PATCHED + b"\xff" * 4}, 1_000),
    "Kuznetzov's first patch, usual magic": ({"extra": PATCHED}, 1_000),
    "Nokia's": ({"extra": struct.pack("<I", 0x9FBFB602)}, 1_000),
    "Ixia hardware": ({"magic": 0x1C0001AC, "after_header": b"\0\1\0\0"}, 1),
    "Ixia software, big-endian": ({"magic": 0x1C0001AB, "order": ">", "after_header": b"\0\1\0\0"}, 1_000),
    "version 2.2, lengths swapped": ({"version": (2, 2), "wire_first": True}, 1_000),
    "version 2.3, lengths swapped": ({"version": (2, 3), "wire_first": True}, 1_000),
    "version 2.3, lengths not swapped": ({"version": (2, 3)}, 1_000),
    "DG/UX": ({"version": (543, 0), "wire_first": True}, 1_000),
    "AIX": ({"version": (2, 2), "link_word": 6, "wire_first": True}, 1),
    "FCS bits beside the link type": ({"link_word": 0x24000001}, 1_000),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_gives_the_frames_written(tmp_path: Path, name: str) -> None:
    """Frames, lengths, times and link type come out as they went in."""
    arguments, unit_ns = VARIANTS[name]
    blocks, fault = read(tmp_path / "x", pcap(*FRAMES, **arguments))
    assert fault is None
    assert frames_of(blocks) == list(FRAMES)
    assert column(blocks, "wire_lengths") == [len(frame) + 4 for frame in FRAMES]
    assert column(blocks, "timestamps_ns") == [(SECONDS + i) * 10**9 + i * unit_ns for i in range(3)]
    assert column(blocks, "link_types") == [1, 1, 1]


@pytest.mark.parametrize("link_type", [0, 12, 101, 228, 281, 9_999, 0xFFFF])
def test_link_types_stay_numbers(tmp_path: Path, link_type: int) -> None:
    """A link type is taken as it stands, known to anybody or not."""
    blocks, fault = read(tmp_path / "x", pcap(b"frame", link_word=link_type))
    assert fault is None
    assert column(blocks, "link_types") == [link_type]


def test_seconds_are_unsigned(tmp_path: Path) -> None:
    """Times after 2038 are not before 1970."""
    content = pcap() + struct.pack("<IIII", 0xFFFFFFFF, 999_999, 1, 1) + b"x"
    blocks, _ = read(tmp_path / "x", content)
    assert column(blocks, "timestamps_ns") == [0xFFFFFFFF * 10**9 + 999_999_000]


def test_only_a_header_is_a_capture_without_packets(tmp_path: Path) -> None:
    """A file that ends after its header ends cleanly."""
    blocks, fault = read(tmp_path / "x", pcap())
    assert (blocks, fault) == ([], None)


LAST = 24 + 2 * 16 + len(TCP_SYN) + len(HTTP_GET)
"""Byte of the third record."""
CUTS = {
    "in the last packet": (-1, "in the middle of a packet (41 of its 42 bytes"),
    "before the last packet's data": (-len(ARP_REPLY), "in the middle of a packet (0 of its 42 bytes"),
    "in the last header": (-len(ARP_REPLY) - 1, "in the middle of a packet's header (15 bytes"),
}


@pytest.mark.parametrize("name", CUTS)
def test_a_cut_file_gives_what_comes_before(tmp_path: Path, name: str) -> None:
    """Cut anywhere in the third record, two packets come, then the fault with that record's place."""
    stop, reason = CUTS[name]
    blocks, fault = read(tmp_path / "cut.pcap", pcap(*FRAMES)[:stop])
    assert frames_of(blocks) == list(FRAMES[:2])
    assert fault is not None
    assert (fault.offset, fault.packets) == (LAST, 2)
    assert reason in fault.title
    assert f"byte {LAST:,}, after 2 packets" in fault.title


def test_an_impossible_length_is_a_fault(tmp_path: Path) -> None:
    """A packet longer than any capture holds is named, not believed; the longest one is read."""
    head = pcap(TCP_SYN)
    too_long = struct.pack("<IIII", SECONDS, 0, 262_145, 262_145) + bytes(262_145)
    blocks, fault = read(tmp_path / "x", head + too_long)
    assert frames_of(blocks) == [TCP_SYN]
    assert fault is not None
    assert (fault.offset, fault.packets) == (len(head), 1)
    assert "262,145" in fault.title
    longest = struct.pack("<IIII", SECONDS, 0, 262_144, 262_144) + bytes(262_144)
    assert read(tmp_path / "y", head + longest)[1] is None


def test_usb_packets_may_be_longer(tmp_path: Path) -> None:
    """Link types with long packets have a higher bound, as in Wireshark."""
    content = pcap(link_word=249) + struct.pack("<IIII", SECONDS, 0, 300_000, 300_000) + bytes(300_000)
    blocks, fault = read(tmp_path / "x", content)
    assert fault is None
    assert column(blocks, "captured_lengths") == [300_000]


@pytest.mark.parametrize("size", [4, 23])
def test_half_a_file_header_is_a_fault(tmp_path: Path, size: int) -> None:
    """A file cut in its header can't be opened and says so."""
    _, fault = read(tmp_path / "x", pcap()[:size])
    assert fault is not None
    assert (fault.offset, fault.packets) == (0, 0)
    assert "in the middle of its header" in fault.title


def test_an_unknown_version_is_a_fault(tmp_path: Path) -> None:
    """Version 1 was never described by anybody."""
    _, fault = read(tmp_path / "x", pcap(TCP_SYN, version=(1, 0)))
    assert fault is not None
    assert "version 1.0" in fault.title
