"""The spool: safe within a second, bounded, never in the capture's way, and honest about what it did not keep."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.spooler import numbered_frames
from trafficdesk.capture.frame_store import RecentFrames, SpooledFrames
from trafficdesk.capture.spool import spool as module
from trafficdesk.capture.spool.folder import abandoned_captures, pieces_in
from trafficdesk.capture.spool.room import SpoolLimits
from trafficdesk.capture.spool.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trafficdesk.errors import SpoolError

NO_RESERVE = SpoolLimits(reserve_bytes=0)


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def spooling(root: Path, warnings: list[SpoolError] | None = None, limits: SpoolLimits = NO_RESERVE) -> Spool:
    told = [] if warnings is None else warnings
    return Spool(root, "eth0", names=lambda: ("eth0",), warn=told.append, limits=limits)


def add(spool: Spool, *first_ids: int, count: int = 10, size: int = 500) -> None:
    for first_id in first_ids:
        spool.add(replace(numbered_frames(count, size), first_id=first_id))


def test_frames_are_published_while_capturing(tmp_path: Path) -> None:
    """Without an end of the capture, in a folder for its owner only, offered while its owner is thought dead."""
    spool = spooling(tmp_path)
    add(spool, 0)
    until(lambda: spool.folder is not None and bool(pieces_in(spool.folder)[0]))
    assert spool.folder is not None
    if sys.platform != "win32":
        assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(tmp_path.stat().st_mode) & 0o077 == 0
    assert abandoned_captures(tmp_path) == []
    spool.close()
    assert [piece.frames for piece in pieces_in(spool.folder)[0]] == [10]
    assert [path.name for path in spool.folder.glob(".*")] == []


def test_a_capture_without_frames_leaves_nothing(tmp_path: Path) -> None:
    """No empty folders."""
    spool = spooling(tmp_path)
    spool.close()
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_what_waits_is_bounded_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that can't keep up costs frames of the spool and no time of who adds them."""
    block = numbered_frames(10)
    monkeypatch.setattr(module, "QUEUE_BYTES", 3 * block.data.nbytes)
    spool = spooling(tmp_path)
    with spool._news:  # the thread can't take anything
        for number in range(5):
            spool.add(replace(block, first_id=number * 10))
        assert spool.dropped == 20
    spool.finish()
    assert spool.run(29) is not None
    assert spool.run(30) is None
    spool.close()


def test_the_size_cap_holds_over_all_captures(tmp_path: Path) -> None:
    """The oldest pieces leave first, those of earlier captures before the present one's."""
    limits = SpoolLimits(max_bytes=1 << 20, reserve_bytes=0)
    earlier = spooling(tmp_path, limits=limits)
    add(earlier, 0, count=1_000)
    earlier.close()
    assert earlier.folder is not None
    os.utime(next(earlier.folder.glob("*.pcapng")), (1, time.time()))
    spool = spooling(tmp_path, limits=limits)
    for first_id in range(0, 6_000, 100):
        add(spool, first_id, count=100)
    spool.finish()
    spool._trim()
    assert not earlier.folder.exists()
    assert spool.folder is not None
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.pcapng")) <= 1 << 20
    assert spool.run(5_999) is not None
    assert spool.run(0) is None
    spool.close()


def test_old_pieces_leave(tmp_path: Path) -> None:
    """Beyond the age cap, however much room there is; a living capture's are left to its owner."""
    (earlier, other), now = (spooling(tmp_path), spooling(tmp_path)), time.time()
    for spool in (earlier, other):
        add(spool, 0)
        spool.finish()
        assert spool.folder is not None
        os.utime(next(spool.folder.glob("*.pcapng")), (now - 90_000, now - 90_000))
    earlier.close()
    spool = spooling(tmp_path)
    add(spool, 0)
    spool.close()
    assert {path.parent for path in tmp_path.rglob("*.pcapng")} == {other.folder, spool.folder}
    assert len(list(tmp_path.rglob("*.pcapng"))) == 2
    assert other.run(0) is not None
    other.close()


def test_too_little_room_is_said_once_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reserve is respected, frames are counted, and when there is room again they are kept."""
    monkeypatch.setattr(module, "RETRY_S", 0.05)
    free = [100]
    usage = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(path)._replace(free=free[0]))
    warnings: list[SpoolError] = []
    spool = spooling(tmp_path, warnings, SpoolLimits(reserve_bytes=200))
    add(spool, 0)
    until(lambda: spool.dropped == 10)
    add(spool, 10)
    time.sleep(0.3)
    assert [("MiB are free" in told.title, bool(told.hint)) for told in warnings] == [(True, True)]
    free[0] = 300

    def is_kept() -> bool:
        add(spool, 100)
        return spool.run(100) is not None

    until(is_kept)
    assert spool.dropped >= 20
    spool.close()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    """Cause and remedy; every frame is counted."""
    tmp_path.chmod(0o500)
    warnings: list[SpoolError] = []
    spool = spooling(tmp_path / "spool", warnings)
    add(spool, 0)
    until(lambda: spool.dropped == 10)
    spool.close()
    tmp_path.chmod(0o700)
    assert "Permission denied" in warnings[0].title


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    """Whatever stands in the way: the capture goes on, with one sentence."""
    (tmp_path / "spool").write_text("in the way")
    warnings: list[SpoolError] = []
    spool = spooling(tmp_path / "spool", warnings)
    add(spool, 0, 10)
    until(lambda: spool.dropped == 20)
    spool.close()
    assert [str(tmp_path / "spool") in told.title for told in warnings] == [True]


def test_a_deleted_folder_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tidies up while a capture runs loses what was there, not what comes."""
    monkeypatch.setattr(module, "RETRY_S", 0.05)
    spool, first_id = spooling(tmp_path / "spool"), 0

    def is_kept() -> bool:
        nonlocal first_id
        first_id += 10
        add(spool, first_id)
        return spool.folder is not None and bool(pieces_in(spool.folder)[0])

    until(is_kept)
    shutil.rmtree(tmp_path / "spool")
    until(is_kept)
    spool.close()
    assert spool.run(first_id) is not None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux: a small tmpfs")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.root
def test_a_really_full_disk(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written stays valid, what was not is counted, it is said, and room lets it go on."""
    monkeypatch.setattr(module, "RETRY_S", 0.2)
    warnings: list[SpoolError] = []
    spool = spooling(small_disk / "spool", warnings)
    total = 0
    while not spool.dropped:
        add(spool, total, count=200)
        total += 200
        time.sleep(0.01)
    until(lambda: bool(warnings))
    assert "No space left" in warnings[0].title
    assert spool.folder is not None
    kept = sum(piece.frames for piece in pieces_in(spool.folder)[0])
    assert 3_000 < kept < total
    for piece in pieces_in(spool.folder)[0]:
        if subprocess.run(["which", "capinfos"], capture_output=True, check=False).returncode == 0:
            subprocess.run(["capinfos", "-c", piece.path], check=True, capture_output=True)
    subprocess.run(["mount", "-o", "remount,size=30m", small_disk], check=True)

    def goes_on() -> bool:
        add(spool, total, count=1)
        return spool.run(total) is not None

    until(goes_on)
    spool.close()
    assert len(warnings) == 1


def test_a_store_finds_frames_in_memory_and_on_disk(tmp_path: Path) -> None:
    """By number, singly and in order, with interface, whichever of the two has them; what neither has is left out."""
    spool = spooling(tmp_path)
    store = SpooledFrames(RecentFrames(1, lambda: ("eth0",)), spool)
    for first_id in (0, 10, 40):
        store.add(replace(numbered_frames(10, 100 + first_id), first_id=first_id))
    store.finish()
    assert store.interfaces == ("eth0",)
    assert store.first_id == 0
    assert store.dropped_disk == 0
    lengths = [len(frame.data) if (frame := store.frame(number)) else None for number in (0, 19, 20, 49, 50)]
    assert lengths == [100, 110, None, 140, None]
    wanted = np.array([3, 7, 12, 15, 25, 41, 44, 60])
    parts = list(store.kept(wanted))
    assert np.concatenate([ids for ids, _ in parts]).tolist() == [3, 7, 12, 15, 41, 44]
    told = [len(block.frame(row)) for _, block in parts for row in range(len(block))]
    assert told == [100, 100, 110, 110, 140, 140]
    store.close()
