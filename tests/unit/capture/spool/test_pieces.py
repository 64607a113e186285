"""Pieces of a spool: published whole, merged without loss, found again by number."""

from __future__ import annotations

import stat
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.spooler import numbered_frames
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.capture.spool.folder import part_name, piece_name, pieces_in
from trafficdesk.capture.spool.pieces import SpoolPieces
from trafficdesk.capture.spool.segments import JOINED_AT_ONCE, SEGMENT_S

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def write(pieces: SpoolPieces, first_id: int, count: int, *, size: int = 100, interface: int = 0) -> None:
    """Frames whose first bytes tell their number."""
    block = numbered_frames(count, size)
    data = block.data.copy()
    for row in range(count):
        at = int(block.offsets[row])
        data[at : at + 8] = np.frombuffer((first_id + row).to_bytes(8, "little"), np.uint8)
    pieces.write(
        replace(block, data=data, first_id=first_id, interfaces=np.full(count, interface, np.uint16)),
        ("eth0", "wlan0"),
    )


def numbers_in(folder: Path) -> list[int]:
    """The frames' numbers in all pieces, in order."""
    numbers = []
    for piece in pieces_in(folder)[0]:
        with CaptureFile(piece.path) as file:
            before = len(numbers)
            for block in file.blocks():
                numbers += [int.from_bytes(block.frame(row)[:8], "little") for row in range(len(block))]
            assert len(numbers) - before == piece.frames
    return numbers


def found(pieces: SpoolPieces, packet_id: int) -> int | None:
    """The number that the frame found under `packet_id` tells."""
    run = pieces.run(packet_id)
    block = pieces.read(run) if run else None
    return None if block is None else int.from_bytes(block.frame(packet_id - block.first_id)[:8], "little")


def test_nothing_is_visible_before_it_is_whole(tmp_path: Path) -> None:
    """A hidden file while written, a piece when published; for its owner only."""
    pieces = SpoolPieces(tmp_path)
    write(pieces, 0, 10)
    assert [path.name for path in tmp_path.iterdir()] == [part_name(1, 1)]
    assert found(pieces, 3) is None
    pieces.publish()
    (path,) = tmp_path.iterdir()
    assert path.name == piece_name(1, 1, 10)
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found(pieces, number) for number in (0, 9, 10)] == [0, 9, None]


def test_merging_moves_no_frame(tmp_path: Path) -> None:
    """Hundreds of flushes become a few files that hold all frames in order, each still found by its number."""
    pieces, total = SpoolPieces(tmp_path), 0
    for flush in range(300):
        write(pieces, total, 1 + flush % 3, interface=flush // 100 % 2)
        total += 1 + flush % 3
        pieces.publish()
        pieces.merge()
    assert len(list(tmp_path.iterdir())) <= 3 * JOINED_AT_ONCE
    assert numbers_in(tmp_path) == list(range(total))
    assert [found(pieces, number) for number in range(total)] == list(range(total))
    run = pieces.run(total // 2)
    assert run is not None
    block = pieces.read(run)
    assert block is not None
    assert set(block.interfaces.tolist()) == {1}


def test_a_full_segment_is_closed(tmp_path: Path) -> None:
    """No file grows much beyond the bound, however long the capture."""
    pieces = SpoolPieces(tmp_path, segment_bytes=50_000)
    for flush in range(60):
        write(pieces, flush * 10, 10, size=1_000)
        pieces.publish()
        pieces.merge()
    sizes = [piece.size for piece in pieces_in(tmp_path)[0]]
    assert max(sizes) <= 50_000 + 11_000
    assert len(sizes) >= 60 * 10_000 // 61_000
    assert numbers_in(tmp_path) == list(range(600))


def test_an_old_segment_is_closed(tmp_path: Path) -> None:
    """So that a quiet network's frames can leave when they are too old."""
    clock = Clock()
    pieces = SpoolPieces(tmp_path, clock=clock)
    for flush in range(3):
        write(pieces, flush, 1)
        pieces.publish()
        pieces.merge()
        clock.now += SEGMENT_S / 2
    assert [piece.frames for piece in pieces_in(tmp_path)[0]] == [3]
    write(pieces, 3, 1)
    pieces.publish()
    pieces.merge()
    assert [piece.frames for piece in pieces_in(tmp_path)[0]] == [3, 1]


def test_a_crash_between_rename_and_delete_duplicates_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names say which pieces a merged one holds."""
    pieces = SpoolPieces(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.unlink", lambda *_args, **_options: None)
        for flush in range(JOINED_AT_ONCE + 1):
            write(pieces, flush * 2, 2)
            pieces.publish()
            pieces.merge()
    assert len(list(tmp_path.glob("*.pcapng"))) == JOINED_AT_ONCE + 2
    kept, rubbish = pieces_in(tmp_path)
    assert [piece.frames for piece in kept] == [2 * JOINED_AT_ONCE, 2]
    assert len(rubbish) == JOINED_AT_ONCE
    assert numbers_in(tmp_path) == list(range(2 * JOINED_AT_ONCE + 2))


def test_a_crash_before_the_rename_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small pieces are all there, the unfinished one is rubbish."""
    pieces = SpoolPieces(tmp_path)

    def killed(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    for flush in range(JOINED_AT_ONCE):
        write(pieces, flush, 1)
        pieces.publish()
    monkeypatch.setattr("os.utime", killed)
    with pytest.raises(KeyboardInterrupt):
        pieces.merge()
    kept, rubbish = pieces_in(tmp_path)
    assert ([piece.frames for piece in kept], len(rubbish)) == ([1] * JOINED_AT_ONCE, 1)


def test_deleted_pieces_are_forgotten(tmp_path: Path) -> None:
    """The newest is never offered for deletion; the others' frames are gone, the rest is found."""
    pieces = SpoolPieces(tmp_path)
    for flush in range(3):
        write(pieces, flush * 10, 10)
        pieces.publish()
    assert [piece.frames for piece in pieces.pieces()] == [10, 10]
    pieces.forget([pieces.pieces()[0].path])
    assert pieces.first_id == 10
    assert [found(pieces, number) for number in (9, 10, 29)] == [None, 10, 29]
    assert pieces.following(3) == 10


def test_a_tidied_up_folder_does_no_harm(tmp_path: Path) -> None:
    """Pieces that somebody deleted are passed over when the others are merged."""
    pieces = SpoolPieces(tmp_path)
    for flush in range(JOINED_AT_ONCE):
        write(pieces, flush, 1)
        pieces.publish()
        if flush == 2:
            (tmp_path / piece_name(2, 2, 1)).unlink()
    pieces.merge()
    write(pieces, JOINED_AT_ONCE, 1)
    pieces.publish()
    pieces.merge()
    assert numbers_in(tmp_path) == [0, *range(2, JOINED_AT_ONCE + 1)]
    assert [found(pieces, number) for number in (0, 1, 2)] == [0, None, 2]


def test_holes_in_the_numbers_are_holes(tmp_path: Path) -> None:
    """Frames that were counted as dropped are not found under their neighbours' numbers."""
    pieces = SpoolPieces(tmp_path)
    write(pieces, 0, 5)
    write(pieces, 8, 5)
    pieces.publish()
    assert [found(pieces, number) for number in (4, 5, 7, 8, 12, 13)] == [4, None, None, 8, 12, None]
    assert pieces.following(5) == 8
