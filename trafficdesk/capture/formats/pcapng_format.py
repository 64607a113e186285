"""pcapng: sections, each in its own byte order, with interfaces, each with its own link type and clock.

Source: draft-ietf-opsawg-pcapng (2025). Packets come in enhanced, simple and obsolete packet blocks; every other
block is skipped.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.capture.formats.pcapng_packets import (
    ENHANCED_PACKET,
    OBSOLETE_PACKET,
    SIMPLE_PACKET,
    Blocks,
    Interface,
    frames_of,
)
from trafficdesk.capture.formats.record_walk import RecordShape, u32, walk
from trafficdesk.capture.formats.records import Cursor, Fault, Frames, Reading, join

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECTION_HEADER: Final = 0x0A0D0D0A
_SECTION_HEADER_BYTES: Final = 28
_BYTE_ORDER_MAGIC: Final = 0x1A2B3C4D
_VERSIONS: Final = frozenset({(1, 0), (1, 2)})
"""1.2 was written by programs that meant 1.0 with newer blocks."""
_INTERFACE: Final = 1
_SMALLEST_BLOCK: Final = {_INTERFACE: 20, OBSOLETE_PACKET: 32, SIMPLE_PACKET: 16, ENHANCED_PACKET: 32}
_BLOCK_NAMES: Final = {
    _INTERFACE: "an interface description",
    OBSOLETE_PACKET: "a packet block",
    SIMPLE_PACKET: "a simple packet block",
    ENHANCED_PACKET: "an enhanced packet block",
}
_LONGEST_BLOCK: Final = (128 << 20) + 131_072 + 32
"""The longest packet (D-Bus), its options and the block around it: Wireshark's bound."""
_OPTION_END, _OPTION_NAME, _OPTION_TIME_RESOLUTION, _OPTION_TIME_OFFSET = 0, 2, 9, 14
_LONGEST_NAME: Final = 256
"""Bytes of an interface's name that are kept."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section's byte order, and its interfaces as far as they were read."""

    big_endian: bool
    interfaces: list[Interface] = field(default_factory=list)
    first_interface: int = 0
    """How many interfaces the sections before it described."""
    names: list[str] = field(default_factory=list)
    """Names of the file's interfaces so far by their number in the file; all its sections share the list."""

    @property
    def order(self) -> str:
        """The byte order as `struct` has it."""
        return ">" if self.big_endian else "<"

    @property
    def shape(self) -> RecordShape:
        """How a block tells its size."""
        return RecordShape(
            self.big_endian,
            header=12,
            length_at=4,
            overhead=0,
            longest=_LONGEST_BLOCK,
            shortest=12,
            padded=True,
        )


class PcapngReader:
    """Reader of one pcapng file; see `RecordReader`."""

    @property
    def start(self) -> Cursor:
        """Where the first section header begins."""
        return Cursor(0)

    def read(self, data: NDArray[np.uint8], cursor: Cursor, stop: int, *, complete: bool) -> Reading:
        """Frames of the blocks that begin between `cursor` and `stop`."""
        stop = min(stop, len(data))
        pieces: list[Frames] = []
        fault: Fault | None = None
        while fault is None and cursor.position < stop:
            before = cursor.position
            if cursor.section is None or _type_at(data, before) == SECTION_HEADER:
                cursor, fault = _open_section(data, cursor, complete=complete)
            else:
                frames, cursor, fault = _read_blocks(data, cursor, stop, complete=complete)
                pieces.append(frames)
            if cursor.position == before:
                break
        return Reading(join(pieces), cursor, fault)


def is_pcapng(head: bytes) -> bool:
    """Whether a file that begins with `head` is pcapng."""
    return (
        head[:4] == SECTION_HEADER.to_bytes(4, "big")
        and len(head) >= 12
        and _order_of(head[8:12]) is not None
    )


def _order_of(magic: bytes) -> bool | None:
    """Whether a section is big-endian; None = no section header."""
    for big_endian in (False, True):
        if magic == _BYTE_ORDER_MAGIC.to_bytes(4, "big" if big_endian else "little"):
            return big_endian
    return None


def _type_at(data: NDArray[np.uint8], position: int) -> int:
    """Block type read big-endian, which is enough to know a section header (it reads the same both ways)."""
    return int.from_bytes(data[position : position + 4].tobytes(), "big")


def _open_section(data: NDArray[np.uint8], cursor: Cursor, *, complete: bool) -> tuple[Cursor, Fault | None]:
    """Read a section header; the cursor stays where it is if that can't be done (yet)."""
    position = cursor.position
    left = len(data) - position
    head = data[position : position + _SECTION_HEADER_BYTES].tobytes()
    big_endian = _order_of(head[8:12])
    fault: Fault | None = None
    if left < _SECTION_HEADER_BYTES:
        fault = _cut(position, left, "a section header") if complete else None
    elif big_endian is None:
        fault = Fault(position, "a section header without a byte order mark follows")
    else:
        before = cursor.section
        section = (
            Section(big_endian, [], before.first_interface + cursor.interfaces, before.names)
            if before
            else Section(big_endian)
        )
        length, major, minor = struct.unpack_from(section.order + "4xI4xHH", head)
        size = (length + 3) & ~3
        if not _SECTION_HEADER_BYTES <= size <= _LONGEST_BLOCK:
            fault = Fault(position, f"a section header claims {length:,} bytes")
        elif (major, minor) not in _VERSIONS:
            fault = Fault(position, f"a section of version {major}.{minor} of the pcapng format follows")
        elif size > left:
            fault = _cut(position, left, "a section header") if complete else None
        else:
            fault = _trailer_faults(data, np.array([position]), np.array([size]), section)
            if fault is None:
                cursor = Cursor(position + size, section, 0, cursor.timestamp_ns)
    return cursor, fault


def _read_blocks(
    data: NDArray[np.uint8], cursor: Cursor, stop: int, *, complete: bool
) -> tuple[Frames, Cursor, Fault | None]:
    """Frames up to the next section header, `stop`, or a fault."""
    section = cursor.section
    assert section is not None
    blocks, end = walk(data, section.shape, cursor.position, stop, _Guess(section, data))
    types = u32(data, blocks, big_endian=section.big_endian)
    fault = (
        _block_fault(data, section, end)
        if complete and end < stop and _type_at(data, end) != SECTION_HEADER
        else None
    )
    headers = np.flatnonzero(types == SECTION_HEADER)
    if len(headers):
        end, fault = int(blocks[headers[0]]), None
        blocks, types = blocks[: headers[0]], types[: headers[0]]
    sizes = np.diff(np.append(blocks, end))
    # Only what comes before the first fault counts; later checks then look at that part alone.
    known = section.interfaces[: cursor.interfaces]
    for check in (_trailer_faults, _size_faults):
        if found := check(data, blocks, sizes, section):
            end, fault = found.position, found
            keep = int(np.searchsorted(blocks, end))
            blocks, types, sizes = blocks[:keep], types[:keep], sizes[:keep]
    described = types == _INTERFACE
    counts = len(known) + np.cumsum(described)
    known += [
        _interface(data, int(at), int(size), section)
        for at, size in zip(blocks[described], sizes[described], strict=True)
    ]
    found_blocks = Blocks(data, section.big_endian, blocks, sizes, types, counts, section.first_interface)
    frames, found = frames_of(found_blocks, known, cursor.timestamp_ns)
    if found:
        end, fault = found.position, found
        known = known[: int(counts[np.searchsorted(blocks, end)])]
    section.interfaces.extend(known[len(section.interfaces) :])
    unnamed = len(section.names) - section.first_interface
    section.names.extend(interface.name for interface in known[max(0, unnamed) :])
    timestamp = int(frames.timestamps_ns[-1]) if len(frames) else cursor.timestamp_ns
    return frames, Cursor(end, section, len(known), timestamp), fault


def _trailer_faults(
    data: NDArray[np.uint8], blocks: NDArray[np.int64], sizes: NDArray[np.int64], section: Section
) -> Fault | None:
    """The first block whose two lengths differ."""
    trailers = u32(data, blocks + sizes - 4, big_endian=section.big_endian)
    wrong = np.flatnonzero(((trailers + 3) & ~3) != sizes)
    if not len(wrong):
        return None
    row = wrong[0]
    return Fault(
        int(blocks[row]),
        f"a block says at its start that it has {sizes[row]:,} bytes, at its end {trailers[row]:,}",
    )


def _size_faults(
    data: NDArray[np.uint8], blocks: NDArray[np.int64], sizes: NDArray[np.int64], section: Section
) -> Fault | None:
    """The first block that is too small for what it is."""
    types = u32(data, blocks, big_endian=section.big_endian)
    least = np.full(len(types), 12)
    for kind, size in _SMALLEST_BLOCK.items():
        least[types == kind] = size
    wrong = np.flatnonzero(sizes < least)
    if not len(wrong):
        return None
    row = wrong[0]
    return Fault(int(blocks[row]), f"{_BLOCK_NAMES[int(types[row])]} of only {sizes[row]} bytes follows")


def _block_fault(data: NDArray[np.uint8], section: Section, position: int) -> Fault:
    """Why the walk ended at `position`."""
    left = len(data) - position
    if left < section.shape.header:
        return _cut(position, left, "a block's header")
    (length,) = struct.unpack_from(section.order + "I", data.data, position + 4)
    if not section.shape.shortest <= length <= section.shape.longest:
        return Fault(position, f"a block claims {length:,} bytes")
    return _cut(position, left, f"a block of {length:,} bytes")


def _cut(position: int, left: int, what: str) -> Fault:
    return Fault(position, f"the file ends in the middle of {what} ({left:,} bytes of it are there)")


def _interface(data: NDArray[np.uint8], position: int, size: int, section: Section) -> Interface:
    """Read an interface description block; options that make no sense are left out."""
    body = data[position + 8 : position + size - 4].tobytes()
    order = section.order
    link_type, snap_length = struct.unpack_from(order + "HxxI", body)
    resolution, offset, name = 6, 0, ""
    at = 8
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + length]
        if code == _OPTION_END or len(value) < length:
            break
        if code == _OPTION_TIME_RESOLUTION and length == 1:
            resolution = value[0]
        elif code == _OPTION_TIME_OFFSET and length == 8:
            offset = struct.unpack(order + "q", value)[0]
        elif code == _OPTION_NAME:
            name = value[:_LONGEST_NAME].decode("utf-8", "replace")
        at += 4 + ((length + 3) & ~3)
    return Interface(link_type, snap_length, resolution, offset, name)


@dataclass(frozen=True, slots=True)
class _Guess:
    """Likely block starts: enhanced packet blocks whose two lengths agree."""

    section: Section
    data: NDArray[np.uint8]

    def __call__(self, low: int, high: int) -> int:
        order = self.section.order
        pattern = struct.pack(order + "I", ENHANCED_PACKET)
        # Twice the usual longest frame: a block must begin in it.
        raw = self.data[low : min(low + 4_096, high)].tobytes()
        at = raw.find(pattern)
        while at >= 0:
            start = low + at
            if start % 4 == 0 and at + 8 <= len(raw):
                (size,) = struct.unpack_from(order + "I", raw, at + 4)
                if 32 <= size <= 262_144 and size % 4 == 0 and start + size <= len(self.data):
                    (trailer,) = struct.unpack_from(order + "I", self.data.data, start + size - 4)
                    if trailer == size:
                        return start
            at = raw.find(pattern, at + 1)
        return -1
