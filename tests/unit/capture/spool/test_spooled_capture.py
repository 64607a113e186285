"""A spooled capture read as one file: numbered through, found by number, whole as far as its pieces are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.unit.capture.spool.test_pieces import write
from trafficdesk.capture.spool.folder import pieces_in
from trafficdesk.capture.spool.pieces import SpoolPieces
from trafficdesk.capture.spool.spooled_capture import SpooledCapture
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pieces of ten frames, the second interface first heard in the last of them."""
    pieces = SpoolPieces(tmp_path)
    for number in range(3):
        write(pieces, number * 10, 10, size=100 + number, interface=number // 2)
        pieces.publish()
    return tmp_path


def read_all(capture: SpooledCapture) -> tuple[list[int], BadCaptureFile | None]:
    """Numbers of all frames, and the fault said after them."""
    numbers: list[int] = []
    try:
        for block in capture.blocks():
            numbers += range(block.first_id, block.first_id + len(block))
    except BadCaptureFile as fault:
        return numbers, fault
    return numbers, None


def test_pieces_are_one_capture(folder: Path) -> None:
    """Every frame under its number, with its interface, in blocks of any size."""
    capture = SpooledCapture(pieces_in(folder)[0])
    assert capture.progress == 0
    blocks = list(capture.blocks(4))
    assert [(block.first_id, len(block)) for block in blocks[:4]] == [(0, 4), (4, 4), (8, 2), (10, 4)]
    assert capture.progress == 1
    assert capture.interfaces == ("eth0", "wlan0")
    assert [int(number) for block in blocks for number in block.interfaces] == [0] * 20 + [1] * 10
    lengths = [len(frame.data) if (frame := capture.frame(number)) else 0 for number in (-1, 0, 19, 29, 30)]
    assert lengths == [0, 100, 101, 102, 0]
    kept = list(capture.kept(np.array([5, 9, 10, 28, 31])))
    assert [number for ids, _ in kept for number in ids.tolist()] == [5, 9, 10, 28]
    assert [length for _, block in kept for length in block.captured_lengths.tolist()] == [100, 100, 101, 102]
    capture.close()
    assert capture.frame(5) is None


def test_a_piece_that_lost_its_end_costs_only_that(folder: Path) -> None:
    """As after a loss of power: all other frames are there, and the fault is said at the end."""
    pieces, _ = pieces_in(folder)
    pieces[1].path.write_bytes(pieces[1].path.read_bytes()[:-20])
    capture = SpooledCapture(pieces)
    numbers, fault = read_all(capture)
    assert fault is not None
    assert "broken" in fault.title
    assert numbers == list(range(29))
    frame = capture.frame(28)
    assert frame is not None
    assert len(frame.data) == 102
    capture.close()


def test_a_piece_that_is_gone_or_empty_costs_only_that(folder: Path) -> None:
    """Numbers go on without a hole."""
    pieces, _ = pieces_in(folder)
    pieces[0].path.unlink()
    pieces[1].path.write_bytes(b"")
    capture = SpooledCapture(pieces)
    numbers, fault = read_all(capture)
    assert fault is not None
    assert numbers == list(range(10))
    frame = capture.frame(0)
    assert frame is not None
    assert len(frame.data) == 102
    capture.close()
