"""Where the records of a mapped capture file begin: an exact walk, many records at a time.

Each record's header says where the next one begins, so a walk is sequential by nature, and one step of it in Python
costs 0.3 µs. Here a window of the file is cut into lanes; in each lane a likely record start is guessed, and all
lanes are walked in lockstep with numpy. The guess needs no trust: a lane's records are believed only if the walk of
the lane before it, which began at a true record, ends exactly on the guessed start. Measured 2026-11 on 1 million
packets in 531 MB, guesses included: 0.12 s of CPU against 0.37 s one by one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_LANES: Final = 384
"""Where guessing the starts costs about as much as walking the lanes, at 500 bytes a record (measured)."""
_FEWEST_LANES: Final = 32
"""With fewer, a step of numpy's costs more than walking their records one by one (10 µs against 0.3 each)."""
_LANE_BYTES: Final = 16_384
"""A lane shorter than this holds too few records to be worth its guess."""


@dataclass(frozen=True, slots=True)
class RecordShape:
    """How a record tells its own size: `overhead + length`, where `length` is an unsigned 32-bit field."""

    big_endian: bool
    header: int
    """Bytes that must be there before the length can be read."""
    length_at: int
    """Offset of the length in the record."""
    overhead: int
    """Bytes of the record that the length does not count."""
    longest: int
    """Greatest length believed."""
    shortest: int = 0
    """Least length believed."""
    other_length_at: int = -1
    """Offset of a second length; the smaller one counts. -1 = there is none."""
    padded: bool = False
    """Whether records fill up to a multiple of four bytes."""


def u32(data: NDArray[np.uint8], at: NDArray[np.int64], *, big_endian: bool) -> NDArray[np.int64]:
    """Unsigned 32-bit numbers at any (unaligned) positions of `data`, all of which must lie inside."""
    view = np.ndarray((max(0, len(data) - 3),), ">u4" if big_endian else "<u4", buffer=data, strides=(1,))
    return view[at].astype(np.int64)


def words(
    data: NDArray[np.uint8], at: NDArray[np.int64], count: int, *, big_endian: bool
) -> NDArray[np.int64]:
    """(count, positions) consecutive unsigned 32-bit numbers from each position on, fetched together.

    Memory of a file that was just mapped is slow to reach: once per record instead of once per number.
    """
    size = 4 * count
    pieces = np.ndarray((max(0, len(data) - size + 1),), f"V{size}", buffer=data, strides=(1,))[at]
    return pieces.view(">u4" if big_endian else "<u4").reshape(-1, count).T.astype(np.int64)


def walk(
    data: NDArray[np.uint8],
    shape: RecordShape,
    start: int,
    stop: int,
    guess: Callable[[int, int], int],
) -> tuple[NDArray[np.int64], int]:
    """Positions of the whole records that begin in `start` .. `stop`, and where the next one would begin.

    Parameters
    ----------
    start : where a record is known to begin.
    stop : no record beginning here or later is reported.
    guess : a likely record start in [low, high), or -1; may be wrong.

    Returns
    -------
    (records,) int64 positions, and the end of the last of them. If that end is before `stop`, the record there is cut
    off by the end of `data` or has a length outside of the shape's bounds.
    """
    stop = min(stop, len(data))
    lane_bytes = max(_LANE_BYTES, (stop - start) // _LANES)
    bounds = range(start + lane_bytes, stop - lane_bytes, lane_bytes)
    anchors = [start, *(at for low in bounds if (at := guess(low, low + lane_bytes)) >= 0)]
    if len(anchors) < 8:  # too few to pay for numpy's calls
        return _walk_singly(data, shape, start, stop)
    starts = np.array(anchors, np.int64)
    stops = np.append(starts[1:], stop)
    positions, lanes, ends = _walk_lanes(data, shape, starts, stops)
    joined = np.append(ends[:-1] == starts[1:], False)
    last = int(np.argmin(joined))
    positions = np.sort(positions[lanes <= last])
    if last == len(starts) - 1:
        return positions, int(ends[-1])
    rest, end = _walk_singly(data, shape, int(ends[last]), stop)
    return np.concatenate([positions, rest]), end


def _walk_lanes(
    data: NDArray[np.uint8], shape: RecordShape, starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Walk every lane from its start until its stop; a lane also ends at a record that can't be believed.

    Lanes of small records take many more steps than those of large ones: the last few are walked one by one.

    Returns
    -------
    (records,) positions, in no order, (records,) the lane of each, and (lanes,) where each lane ended.
    """
    last = len(data) - shape.header
    lane, position, stop = np.arange(len(starts)), starts, stops
    ends = starts.copy()
    found, found_in = [starts[:0]], [lane[:0]]
    while len(lane) >= _FEWEST_LANES:
        at = np.minimum(position, last)
        length = u32(data, at + shape.length_at, big_endian=shape.big_endian)
        if shape.other_length_at >= 0:
            other = u32(data, at + shape.other_length_at, big_endian=shape.big_endian)
            length = np.minimum(length, other)
        after = position + shape.overhead + ((length + 3) & ~3 if shape.padded else length)
        walking = (position < stop) & (length <= shape.longest) & (after <= len(data)) & (position <= last)
        if shape.shortest:
            walking &= length >= shape.shortest
        if not walking.all():
            ends[lane] = position
            lane, position, stop, after = lane[walking], position[walking], stop[walking], after[walking]
        found.append(position)
        found_in.append(lane)
        position = after
    for number, begin, limit in zip(lane.tolist(), position.tolist(), stop.tolist(), strict=True):
        rest, ends[number] = _walk_singly(data, shape, begin, limit)
        found.append(rest)
        found_in.append(np.full(len(rest), number))
    return np.concatenate(found), np.concatenate(found_in), ends


def _walk_singly(
    data: NDArray[np.uint8], shape: RecordShape, start: int, stop: int
) -> tuple[NDArray[np.int64], int]:
    unpack = struct.Struct(">I" if shape.big_endian else "<I").unpack_from
    view = data.data
    positions: list[int] = []
    append = positions.append
    at, other_at, overhead, padding = (
        shape.length_at,
        shape.other_length_at,
        shape.overhead,
        3 if shape.padded else 0,
    )
    shortest, longest, end = shape.shortest, shape.longest, len(data)
    last_start = min(stop, end - shape.header + 1)
    position = start
    while position < last_start:
        (length,) = unpack(view, position + at)
        if other_at >= 0:
            length = min(length, unpack(view, position + other_at)[0])
        after = position + overhead + ((length + padding) & ~padding)
        if length > longest or length < shortest or after > end:
            break
        append(position)
        position = after
    return np.array(positions, np.int64), position
