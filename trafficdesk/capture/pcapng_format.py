"""pcapng: sections, each in its own byte order, with interfaces, each with its own link type and clock.

Source: draft-ietf-opsawg-pcapng (2025). Packets come in enhanced, simple and obsolete packet blocks; every other
block is skipped.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.capture.record_walk import RecordShape, u32, walk
from trafficdesk.capture.records import Cursor, Fault, Frames, Reading, join, longest_packet

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECTION_HEADER: Final = 0x0A0D0D0A
_BYTE_ORDER_MAGIC: Final = 0x1A2B3C4D
_INTERFACE, _OBSOLETE_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET = 1, 2, 3, 6
_SMALLEST_BLOCK: Final = {_INTERFACE: 20, _OBSOLETE_PACKET: 32, _SIMPLE_PACKET: 16, _ENHANCED_PACKET: 32}
_BLOCK_NAMES: Final = {
    _INTERFACE: "an interface description",
    _OBSOLETE_PACKET: "a packet block",
    _SIMPLE_PACKET: "a simple packet block",
    _ENHANCED_PACKET: "an enhanced packet block",
}
_LONGEST_BLOCK: Final = (128 << 20) + 131_072 + 32
"""The longest packet (D-Bus), its options and the block around it: Wireshark's bound."""
_OPTION_END, _OPTION_TIME_RESOLUTION, _OPTION_TIME_OFFSET = 0, 9, 14
_INT64_SECONDS: Final = 9_223_372_035
"""Seconds whose nanoseconds still fit into int64."""


@dataclass(frozen=True, slots=True)
class _Interface:
    """What an interface description block says of its packets."""

    link_type: int
    snap_length: int
    """0 = unlimited."""
    resolution: int = 6
    """if_tsresol: negative power of 10, or of 2 where the top bit is set."""
    offset_s: int = 0
    """if_tsoffset: seconds to add."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section's byte order, and its interfaces as far as they were read."""

    big_endian: bool
    interfaces: list[_Interface] = field(default_factory=list)

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
    position = cursor.position
    head = data[position : position + 28].tobytes()
    if len(head) < 28:
        return cursor, _cut(position, len(head), "a section header") if complete else None
    big_endian = _order_of(head[8:12])
    if big_endian is None:
        return cursor, Fault(position, "a section header without a byte order mark follows")
    section = Section(big_endian)
    length, major, minor = struct.unpack(section.order + "4xI4xHH", head[:16])
    size = (length + 3) & ~3
    if not 28 <= size <= _LONGEST_BLOCK:
        return cursor, Fault(position, f"a section header claims {length:,} bytes")
    if (major, minor) not in {(1, 0), (1, 2)}:
        return cursor, Fault(position, f"a section of version {major}.{minor} of the pcapng format follows")
    if position + size > len(data):
        return cursor, _cut(position, len(data) - position, "a section header") if complete else None
    if fault := _trailer_faults(data, np.array([position]), np.array([size]), section):
        return cursor, fault
    return Cursor(position + size, section, 0, cursor.timestamp_ns), None


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
    counts = len(known) + np.cumsum(types == _INTERFACE)
    known += [
        _interface(data, int(at), int(size), section)
        for at, size in _rows(blocks, sizes, types == _INTERFACE)
    ]
    frames, found, timestamp = _frames(
        data, blocks, sizes, types, counts, known, section, cursor.timestamp_ns
    )
    if found:
        end, fault = found.position, found
        known = known[: int(counts[np.searchsorted(blocks, end)])]
    section.interfaces.extend(known[len(section.interfaces) :])
    return frames, Cursor(end, section, len(known), timestamp), fault


def _rows(
    blocks: NDArray[np.int64], sizes: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> zip[tuple[np.int64, np.int64]]:
    return zip(blocks[chosen], sizes[chosen], strict=True)


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
    (length,) = struct.unpack_from(section.order + "I", data, position + 4)
    if not section.shape.shortest <= length <= section.shape.longest:
        return Fault(position, f"a block claims {length:,} bytes")
    return _cut(position, left, f"a block of {length:,} bytes")


def _cut(position: int, left: int, what: str) -> Fault:
    return Fault(position, f"the file ends in the middle of {what} ({left:,} bytes of it are there)")


def _interface(data: NDArray[np.uint8], position: int, size: int, section: Section) -> _Interface:
    """Read an interface description block; options that make no sense are left out."""
    body = data[position + 8 : position + size - 4].tobytes()
    order = section.order
    link_type, snap_length = struct.unpack_from(order + "HxxI", body)
    resolution, offset = 6, 0
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
        at += 4 + ((length + 3) & ~3)
    return _Interface(link_type, snap_length, resolution, offset)


def _frames(
    data: NDArray[np.uint8],
    blocks: NDArray[np.int64],
    sizes: NDArray[np.int64],
    types: NDArray[np.int64],
    counts: NDArray[np.int64],
    interfaces: list[_Interface],
    section: Section,
    timestamp_ns: int,
) -> tuple[Frames, Fault | None, int]:
    """Frames of the packet blocks before the first fault, that fault, and the time of the latest frame.

    Parameters
    ----------
    counts : interfaces described up to each block.
    timestamp_ns : time of the frame before these.
    """
    rows = np.flatnonzero(
        (types == _ENHANCED_PACKET) | (types == _SIMPLE_PACKET) | (types == _OBSOLETE_PACKET)
    )
    packets = _Packets.read(data, blocks[rows], types[rows], section)
    table = interfaces or [_Interface(0, 0)]
    known = packets.interface < counts[rows]
    used = np.where(known, packets.interface, 0)
    link_types = _column([interface.link_type for interface in table], used)
    snap_lengths = _column([interface.snap_length or _LONGEST_BLOCK for interface in table], used)
    longest = _column([longest_packet(interface.link_type) for interface in table], used)
    captured = np.where(packets.simple, np.minimum(packets.captured, snap_lengths), packets.captured)
    room = sizes[rows] - np.where(packets.simple, 16, 32)
    wrong = np.flatnonzero(~known | (captured > longest) | (((captured + 3) & ~3) > room))
    fault = None
    if len(wrong):
        row = int(wrong[0])
        reason = (
            f"a packet of interface {packets.interface[row]} follows, which no block describes"
            if not known[row]
            else f"a packet claims {captured[row]:,} bytes, its block has room for {room[row]:,}"
            if captured[row] > room[row]
            else f"a packet claims {captured[row]:,} bytes, more than the {longest[row]:,} a packet can have"
        )
        fault = Fault(int(blocks[rows[row]]), reason)
    end = int(wrong[0]) if len(wrong) else len(rows)
    timestamps = _timestamps(packets, used, table, timestamp_ns)[:end]
    frames = Frames(packets.offsets[:end], captured[:end], packets.wire[:end], timestamps, link_types[:end])
    return frames, fault, int(timestamps[-1]) if end else timestamp_ns


def _column(values: list[int], used: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.array(values, np.int64)[used]


@dataclass(frozen=True, slots=True, eq=False)
class _Packets:
    """Fields of packet blocks as they stand there; one int64 per block."""

    simple: NDArray[np.bool_]
    """Simple packet blocks: no interface, no time, no captured length of their own."""
    interface: NDArray[np.int64]
    ticks: NDArray[np.uint64]
    captured: NDArray[np.int64]
    wire: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @classmethod
    def read(
        cls, data: NDArray[np.uint8], blocks: NDArray[np.int64], types: NDArray[np.int64], section: Section
    ) -> _Packets:
        """Gather the fields; the sizes of the blocks have been checked."""
        simple = types == _SIMPLE_PACKET
        last = len(data) - 4
        # A simple block may end the file before the fields that only the others have.
        first, high, low, captured, wire = (
            u32(data, np.minimum(blocks + at, last), big_endian=section.big_endian)
            for at in (8, 12, 16, 20, 24)
        )
        short = first >> 16 if section.big_endian else first & 0xFFFF
        interface = np.where(types == _OBSOLETE_PACKET, short, np.where(simple, 0, first))
        ticks = (high.astype(np.uint64) << np.uint64(32)) | low.astype(np.uint64)
        return cls(
            simple,
            interface,
            ticks,
            np.where(simple, first, captured),
            np.where(simple, first, wire),
            blocks + np.where(simple, 12, 28),
        )


def _timestamps(
    packets: _Packets, used: NDArray[np.int64], interfaces: list[_Interface], before_ns: int
) -> NDArray[np.int64]:
    """Nanoseconds since the epoch; packets without a time take that of the packet before them."""
    clocks = [(interface.resolution, interface.offset_s) for interface in interfaces]
    distinct = sorted(set(clocks))
    if len(distinct) == 1:
        nanoseconds = _to_nanoseconds(packets.ticks, *distinct[0])
    else:
        clock_of = np.array([distinct.index(clock) for clock in clocks])[used]
        nanoseconds = np.empty(len(used), np.int64)
        for number in np.unique(clock_of):
            rows = clock_of == number
            nanoseconds[rows] = _to_nanoseconds(packets.ticks[rows], *distinct[number])
    if packets.simple.any():
        source = np.maximum.accumulate(np.where(packets.simple, -1, np.arange(len(used))))
        nanoseconds = np.where(source >= 0, nanoseconds[source], before_ns)
    return nanoseconds


def _to_nanoseconds(ticks: NDArray[np.uint64], resolution: int, offset_s: int) -> NDArray[np.int64]:
    """Nanoseconds of `ticks` of the clock that if_tsresol names; beyond what int64 holds, its bound."""
    exponent = resolution & 0x7F
    if resolution & 0x80:
        seconds = ticks >> np.uint64(exponent) if exponent < 64 else np.zeros_like(ticks)
        fraction = ticks & np.uint64((1 << min(exponent, 64)) - 1)
        drop = max(0, exponent - 34)  # 34 bits times 10^9 still fit into 64
        nanoseconds = (fraction >> np.uint64(min(drop, 63))) * np.uint64(10**9) >> np.uint64(
            min(exponent, 34)
        )
    elif exponent > 19:  # 10^20 ticks a second do not fit into 64 bits: all of them lie in the first second
        seconds = nanoseconds = np.zeros_like(ticks)
    else:
        seconds, fraction = np.divmod(ticks, np.uint64(10**exponent))
        nanoseconds = (
            fraction * np.uint64(10 ** (9 - exponent))
            if exponent <= 9
            else fraction // np.uint64(10 ** (exponent - 9))
        )
    whole = np.minimum(seconds, np.uint64(2 * _INT64_SECONDS)).astype(np.int64)
    whole = np.clip(
        whole + max(-4 * _INT64_SECONDS, min(offset_s, 4 * _INT64_SECONDS)), -_INT64_SECONDS, _INT64_SECONDS
    )
    return whole * 1_000_000_000 + nanoseconds.astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Guess:
    """Likely block starts: enhanced packet blocks whose two lengths agree."""

    section: Section
    data: NDArray[np.uint8]

    def __call__(self, low: int, high: int) -> int:
        order = self.section.order
        pattern = struct.pack(order + "I", _ENHANCED_PACKET)
        # Twice the usual longest frame: a block must begin in it.
        raw = self.data[low : min(low + 4_096, high)].tobytes()
        at = raw.find(pattern)
        while at >= 0:
            start = low + at
            if start % 4 == 0 and at + 8 <= len(raw):
                (size,) = struct.unpack_from(order + "I", raw, at + 4)
                if 32 <= size <= 262_144 and size % 4 == 0 and start + size <= len(self.data):
                    (trailer,) = struct.unpack_from(order + "I", self.data, start + size - 4)
                    if trailer == size:
                        return start
            at = raw.find(pattern, at + 1)
        return -1
