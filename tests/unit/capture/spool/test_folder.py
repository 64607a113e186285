"""Folders of the spool: whose owner lives, what a dead one left, and what may be deleted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from trafficdesk.capture.spool.folder import (
    MARKER,
    Marker,
    abandoned_captures,
    accept,
    discard,
    is_alive,
    new_folder,
    part_name,
    piece_name,
    pieces_in,
    trim,
)

if TYPE_CHECKING:
    from pathlib import Path

DIE = "import os, sys\nfrom pathlib import Path\nfrom trafficdesk.capture.spool.folder import Marker\nMarker(Path(sys.argv[1]), 'eth0'); os._exit(9)"


def piece(folder: Path, first: int, last: int, frames: int, *, age_s: float = 0, size: int = 100) -> Path:
    """A file under a piece's name; what is in it does not matter here."""
    path = folder / piece_name(first, last, frames)
    path.write_bytes(bytes(size))
    os.utime(path, (1_700_000_000 - age_s,) * 2)
    return path


def died(root: Path, started_s: float) -> Path:
    """Folder of a capture whose program died."""
    folder = new_folder(root, started_s)
    subprocess.run([sys.executable, "-c", DIE, folder], check=False)
    return folder


def test_a_dead_capture_is_offered_until_it_is_accepted(tmp_path: Path) -> None:
    """With title, count and span, newest first; unfinished files and duplicates are cleared away."""
    older, newer = died(tmp_path, 1_600_000_000), died(tmp_path, 1_650_000_000)
    for folder in (older, newer):
        piece(folder, 1, 8, 80)
        piece(folder, 1, 1, 10, age_s=5)
        piece(folder, 9, 9, 5)
        (folder / part_name(10, 10)).write_bytes(b"cut")
    found = abandoned_captures(tmp_path)
    assert [(capture.folder, capture.title, capture.frames) for capture in found] == [
        (newer, "eth0", 85),
        (older, "eth0", 85),
    ]
    assert found[0].stop_ns == 1_700_000_000 * 10**9
    assert len(list(newer.iterdir())) == 3
    accept(newer)
    discard(older)
    assert abandoned_captures(tmp_path) == []
    assert list(tmp_path.iterdir()) == [newer]


def test_a_living_capture_is_not_offered(tmp_path: Path) -> None:
    """Not even to the program that captures."""
    folder = new_folder(tmp_path, 0)
    marker = Marker(folder, "eth0")
    piece(folder, 1, 1, 1)
    assert is_alive(folder)
    assert abandoned_captures(tmp_path) == []
    with pytest.raises(BlockingIOError):
        Marker(folder, "eth1")
    marker.release()
    assert not is_alive(folder)
    assert abandoned_captures(tmp_path) == []


def test_a_dead_capture_without_frames_leaves_nothing(tmp_path: Path) -> None:
    """There is nothing to offer."""
    died(tmp_path, 0)
    assert abandoned_captures(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("said", [b"", b"{", b"[]", json.dumps({"title": 3, "started_ns": "x"}).encode()])
def test_a_marker_that_says_nonsense_is_believed_nothing(tmp_path: Path, said: bytes) -> None:
    """The frames are offered all the same."""
    folder = died(tmp_path, 0)
    (folder / MARKER).write_bytes(said)
    piece(folder, 1, 1, 1)
    (capture,) = abandoned_captures(tmp_path)
    assert (capture.title, capture.start_ns) == ("", capture.stop_ns)


def test_trimming_takes_the_oldest_of_all_and_spares_the_living(tmp_path: Path) -> None:
    """Own pieces are named for their owner to delete; a folder that becomes empty goes."""
    dead, own, other = (new_folder(tmp_path, 0) for _ in range(3))
    marker = Marker(other, "eth1")
    piece(dead, 1, 1, 1, age_s=50)
    piece(other, 1, 1, 1, age_s=99)
    mine = [piece(own, number, number, 1, age_s=40 - number) for number in (1, 2, 3)]
    leaving = trim(tmp_path, own, max_bytes=300, max_age_s=1e12, own_pieces=pieces_in(own)[0][:-1])
    assert leaving == mine[:1]
    assert not dead.exists()
    assert [path.exists() for path in mine] == [True] * 3
    assert len(pieces_in(other)[0]) == 1
    marker.release()


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    """Files of other names in a spool folder are neither read nor trimmed."""
    folder = new_folder(tmp_path, 0)
    (folder / "notes.txt").write_text("mine")
    (tmp_path / "stray.pcapng").write_text("mine")
    assert pieces_in(folder) == ([], [])
    trim(tmp_path, None, max_bytes=0, max_age_s=0)
    assert (folder / "notes.txt").exists()
    assert (tmp_path / "stray.pcapng").exists()
    assert abandoned_captures(tmp_path / "nowhere") == []
