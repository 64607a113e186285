"""Which files a collection has: whatever a folder holds, each capture once, and nothing that is none."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import pytest

from tests.helpers.capture_bytes import pcap
from trafficdesk.cli.collection.finding import find

CAPTURE = pcap(bytes(60))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "b.pcap").write_bytes(CAPTURE)
    (tmp_path / "deep" / "er" / "without-ending").write_bytes(CAPTURE)
    (tmp_path / "deep" / "a.bin").write_bytes(gzip.compress(CAPTURE))
    (tmp_path / "notes.txt").write_text("no capture")
    (tmp_path / ".hidden.pcap").write_bytes(CAPTURE)
    return tmp_path


def names(folder: Path, *arguments: object) -> list[str]:
    found = find(map(str, arguments or (folder,)))
    return [os.path.relpath(one.path, folder) for one in found.files]


def test_captures_are_told_by_their_content(folder: Path) -> None:
    """Below a folder every capture is found, whatever it is called, compressed ones too; others are counted."""
    assert names(folder) == ["b.pcap", "deep/a.bin", "deep/er/without-ending"]
    assert find([str(folder)]).skipped == 1


def test_a_broken_capture_is_not_passed_over(folder: Path) -> None:
    """What is called a capture is told of, though it holds none; so is whatever was named itself."""
    (folder / "empty.pcapng").touch()
    (folder / "packed.pcap.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    assert {"empty.pcapng", "packed.pcap.zst"} < set(names(folder))
    assert names(folder, folder / "notes.txt", folder / "absent") == ["absent", "notes.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_lead_nowhere_twice(folder: Path) -> None:
    """A link back to a folder above ends, and a file with two names is taken once."""
    (folder / "deep" / "loop").symlink_to(folder)
    (folder / "zz.pcap").symlink_to(folder / "b.pcap")
    (folder / "dangling.pcap").symlink_to(folder / "gone")
    assert names(folder) == ["b.pcap", "dangling.pcap", "deep/a.bin", "deep/er/without-ending"]
    assert names(folder, folder, folder / "deep", folder / "b.pcap") == names(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_nothing_blocks(folder: Path) -> None:
    """A named pipe in the folder is not opened: nobody may ever write to it."""
    os.mkfifo(folder / "pipe")
    assert names(folder) == ["b.pcap", "deep/a.bin", "deep/er/without-ending"]


def test_patterns(folder: Path) -> None:
    """A pattern that the shell left alone stands for files, `**` for folders below; one that fits nothing is said."""
    assert names(folder, folder / "*.pcap") == ["b.pcap"]
    assert names(folder, folder / "**" / "*") == ["b.pcap", "deep/a.bin", "deep/er/without-ending"]
    assert "No file is like" in str(find([str(folder / "*.cap")]).faults[0])


def test_a_file_called_like_a_pattern_is_that_file(folder: Path) -> None:
    """`a[1].pcap` that exists is no pattern."""
    (folder / "a[1].pcap").write_bytes(CAPTURE)
    assert names(folder, folder / "a[1].pcap") == ["a[1].pcap"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_closed_folder_is_said(folder: Path) -> None:
    """A folder that may not be read is told of, and the rest found."""
    (folder / "deep").chmod(0)
    try:
        found = find([str(folder)])
    finally:
        (folder / "deep").chmod(0o700)
    assert [Path(one.path).name for one in found.files] == ["b.pcap"]
    assert "can't be looked through" in str(found.faults[0])


def test_the_same_file_changed_is_another_one(folder: Path) -> None:
    """Place, size, time and first bytes are what a file is known by."""
    path = folder / "b.pcap"
    (before,) = find([str(path)]).files
    assert find([str(path)]).files == (before,)
    status = path.stat()
    path.write_bytes(CAPTURE[:-1] + b"\1")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert find([str(path)]).files[0].identity != before.identity
