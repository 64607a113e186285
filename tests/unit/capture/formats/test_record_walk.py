"""The walk of many records at a time finds the same records as a walk one by one."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest

from trafficdesk.capture.formats.record_walk import RecordShape, u32, walk

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPE = RecordShape(big_endian=False, header=16, length_at=8, overhead=16, longest=262_144)


def records(seed: int, total: int, sizes: tuple[int, ...]) -> tuple[np.ndarray, list[int]]:
    """Bytes of records whose payloads are full of things that look like records, and where the true ones begin."""
    choose = random.Random(seed)
    false = struct.pack("<IIII", SECONDS, 0, 60, 60)
    out, starts = bytearray(), []
    while len(out) < total:
        size = choose.choice(sizes)
        starts.append(len(out))
        out += struct.pack("<IIII", SECONDS, 0, size, size) + (false * (size // 16 + 1))[:size]
    return np.frombuffer(bytes(out), np.uint8), starts


SECONDS = 1_700_000_000


def never(_low: int, _high: int) -> int:
    return -1


def at_once(low: int, _high: int) -> int:
    """Wrong nearly always."""
    return low


def test_agrees_with_the_records_written_whatever_the_guess() -> None:
    """Right guesses, wrong guesses, no guesses and random guesses all give exactly the records that were written."""
    data, starts = records(1, 600_000, (0, 1, 60, 77, 400, 1_514))
    choose = random.Random(2)
    known = np.array(starts)

    def right(low: int, high: int) -> int:
        after = known[np.searchsorted(known, low) :]
        return int(after[0]) if len(after) and after[0] < high else -1

    def random_place(low: int, high: int) -> int:
        return choose.choice((right(low, high), choose.randrange(low, high), -1))

    guesses: tuple[Callable[[int, int], int], ...] = (right, never, at_once, random_place)
    for guess in guesses:
        positions, end = walk(data, SHAPE, 0, len(data), guess)
        assert positions.tolist() == starts
        assert end == len(data)


@pytest.mark.parametrize("cut", [1, 15, 16, 700])
def test_stops_before_a_record_that_is_cut_off(cut: int) -> None:
    """The last record, cut anywhere, is not reported, and the end is where it would begin."""
    data, starts = records(3, 300_000, (800,))
    for guess in (never, at_once):
        positions, end = walk(data[:-cut], SHAPE, 0, len(data), guess)
        assert positions.tolist() == starts[:-1]
        assert end == starts[-1]


def test_stops_before_a_record_that_is_too_long() -> None:
    """A length beyond the shape's bound ends the walk there, also in the middle of a lane."""
    data, starts = records(4, 400_000, (60, 500))
    broken = data.copy()
    at = starts[len(starts) // 2]
    broken[at + 8 : at + 12] = 255
    known = np.array(starts)

    def right(low: int, _high: int) -> int:
        return int(known[min(np.searchsorted(known, low), len(known) - 1)])

    for guess in (never, right):
        positions, end = walk(broken, SHAPE, 0, len(data), guess)
        assert positions.tolist() == starts[: len(starts) // 2]
        assert end == at


def test_reports_no_record_that_begins_at_stop_or_later() -> None:
    """A window's walk and the next one's give together what one walk gives."""
    data, starts = records(5, 500_000, (60, 90, 1_000))
    first, middle = walk(data, SHAPE, 0, 250_000, at_once)
    second, end = walk(data, SHAPE, middle, len(data), at_once)
    assert [*first, *second] == starts
    assert all(position < 250_000 for position in first)
    assert end == len(data)


def test_numbers_are_read_at_any_alignment_in_both_orders() -> None:
    """`u32` reads four bytes wherever they lie."""
    data = np.arange(8, dtype=np.uint8)
    at = np.array([0, 1, 4], np.int64)
    assert u32(data, at, big_endian=True).tolist() == [0x00010203, 0x01020304, 0x04050607]
    assert u32(data, at, big_endian=False).tolist() == [0x03020100, 0x04030201, 0x07060504]
