"""Packets of pcapng blocks: lengths, times and link types gathered from many blocks at once.

Source: draft-ietf-opsawg-pcapng (2025) sections 4.2 to 4.4 and appendix A.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.capture.formats.pcapng_comments import comment_spans
from trafficdesk.capture.formats.record_walk import u32
from trafficdesk.capture.formats.records import Fault, Frames, longest_packet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

OBSOLETE_PACKET: Final = 2
SIMPLE_PACKET: Final = 3
ENHANCED_PACKET: Final = 6
_AROUND_PACKET, _AROUND_SIMPLE_PACKET = 32, 16
"""Bytes of a block that are not the packet, its padding, or options."""
_TRAILER: Final = 4
"""Bytes behind the options: the block's length again."""
_UNLIMITED: Final = 0xFFFFFFFF
_MOST_INTERFACES: Final = 0xFFFF
"""Numbers of interfaces that a column holds; a file that describes more has the rest under the last one."""
_INT64_SECONDS: Final = 9_223_372_035
"""Seconds whose nanoseconds still fit into int64."""


@dataclass(frozen=True, slots=True)
class Interface:
    """What an interface description block says of its packets."""

    link_type: int
    snap_length: int
    """0 = unlimited."""
    resolution: int = 6
    """if_tsresol: negative power of 10, or of 2 where the top bit is set."""
    offset_s: int = 0
    """if_tsoffset: seconds to add."""
    name: str = ""
    """if_name; hostile until escaped."""


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Consecutive blocks of one section; each array has one int64 per block."""

    data: NDArray[np.uint8]
    """The file."""
    big_endian: bool
    positions: NDArray[np.int64]
    sizes: NDArray[np.int64]
    types: NDArray[np.int64]
    interfaces_known: NDArray[np.int64]
    """How many interfaces the section had described by then."""
    first_interface: int = 0
    """Number within the file of the section's first interface."""


def frames_of(
    blocks: Blocks, interfaces: Sequence[Interface], timestamp_ns: int
) -> tuple[Frames, Fault | None]:
    """Frames of the packet blocks before the first fault, and that fault.

    Parameters
    ----------
    interfaces : those of the section, up to the last one described in `blocks`.
    timestamp_ns : time of the frame before these.
    """
    kinds = blocks.types
    rows = np.flatnonzero((kinds == ENHANCED_PACKET) | (kinds == SIMPLE_PACKET) | (kinds == OBSOLETE_PACKET))
    packets = _Packets.read(blocks, rows)
    table = interfaces or [Interface(0, 0)]
    known = packets.interface < blocks.interfaces_known[rows]
    used = np.where(known, packets.interface, 0)
    link_types = _column([interface.link_type for interface in table], used)
    snap_lengths = _column([interface.snap_length or _UNLIMITED for interface in table], used)
    longest = _column([longest_packet(interface.link_type) for interface in table], used)
    captured = np.where(packets.simple, np.minimum(packets.captured, snap_lengths), packets.captured)
    room = blocks.sizes[rows] - np.where(packets.simple, _AROUND_SIMPLE_PACKET, _AROUND_PACKET)
    wrong = np.flatnonzero(~known | (captured > longest) | (((captured + 3) & ~3) > room))
    end = int(wrong[0]) if len(wrong) else len(rows)
    timestamps = _timestamps(packets, used, table, timestamp_ns)
    frames = Frames(
        packets.offsets[:end],
        captured[:end],
        packets.wire[:end],
        timestamps[:end],
        link_types[:end],
        np.minimum(blocks.first_interface + used[:end], _MOST_INTERFACES),
        _comments(blocks, packets, captured[:end], rows[:end]),
    )
    if not len(wrong):
        return frames, None
    claim = f"a packet claims {captured[end]:,} bytes"
    if not known[end]:
        reason = f"a packet of interface {packets.interface[end]} follows, which no block describes"
    elif captured[end] > longest[end]:
        reason = f"{claim}, more than the {longest[end]:,} a packet can have"
    else:
        reason = f"{claim}, its block has room for {room[end]:,}"
    return frames, Fault(int(blocks.positions[rows[end]]), reason)


def _comments(
    blocks: Blocks, packets: _Packets, captured: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """`comment_spans` of the packets at `rows`; simple packet blocks have no options."""
    starts = packets.offsets[: len(rows)] + ((captured + 3) & ~3)
    stops = blocks.positions[rows] + blocks.sizes[rows] - _TRAILER
    stops = np.where(packets.simple[: len(rows)], starts, stops)
    return comment_spans(blocks.data, starts, stops, big_endian=blocks.big_endian)


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
    def read(cls, blocks: Blocks, rows: NDArray[np.int64]) -> _Packets:
        """Gather the fields of packet blocks whose sizes have been checked."""
        positions, types = blocks.positions[rows], blocks.types[rows]
        simple = types == SIMPLE_PACKET
        last = len(blocks.data) - 4
        # A simple block may end the file before the fields that only the others have.
        first, high, low, captured, wire = (
            u32(blocks.data, np.minimum(positions + at, last), big_endian=blocks.big_endian)
            for at in (8, 12, 16, 20, 24)
        )
        short = first >> 16 if blocks.big_endian else first & 0xFFFF
        interface = np.where(types == OBSOLETE_PACKET, short, np.where(simple, 0, first))
        ticks = (high.astype(np.uint64) << np.uint64(32)) | low.astype(np.uint64)
        return cls(
            simple,
            interface,
            ticks,
            np.where(simple, first, captured),
            np.where(simple, first, wire),
            positions + np.where(simple, 12, 28),
        )


def _timestamps(
    packets: _Packets, used: NDArray[np.int64], interfaces: Sequence[Interface], before_ns: int
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
