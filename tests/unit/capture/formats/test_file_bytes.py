"""Files are mapped, decompressed as far as needed, and refused with a sentence."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from trafficdesk.capture.formats import file_bytes
from trafficdesk.capture.formats.file_bytes import FileBytes, printable_name
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = bytes(range(256)) * 20_000
"""5 MB."""


def all_of(path: Path) -> bytes:
    file = FileBytes(path)
    file.ensure(1 << 40)
    content = file.data.tobytes()
    assert file.complete
    file.close()
    return content


def test_plain_and_compressed_files_give_the_same_bytes(tmp_path: Path) -> None:
    """The content tells whether a file is compressed, not its name; several gzip members are one file."""
    (tmp_path / "plain.gz").write_bytes(CONTENT)
    (tmp_path / "packed.pcap").write_bytes(gzip.compress(CONTENT[:99], 1) + gzip.compress(CONTENT[99:], 1))
    assert all_of(tmp_path / "plain.gz") == CONTENT
    assert all_of(tmp_path / "packed.pcap") == CONTENT


def test_rubbish_after_the_last_member_is_ignored(tmp_path: Path) -> None:
    """As gunzip does."""
    (tmp_path / "x").write_bytes(gzip.compress(CONTENT) + b"rubbish")
    assert all_of(tmp_path / "x") == CONTENT


def test_only_what_is_asked_for_is_decompressed(tmp_path: Path) -> None:
    """The start of a compressed file is there before its end has been read."""
    (tmp_path / "x").write_bytes(gzip.compress(os.urandom(4 << 20), 1))
    file = FileBytes(tmp_path / "x")
    file.ensure(1_000)
    assert 1_000 <= len(file.data) < 4 << 20
    assert not file.complete
    assert 0 < file.share(len(file.data)) < 1
    file.ensure(1 << 40)
    assert (len(file.data), file.complete, file.share(len(file.data))) == (4 << 20, True, 1.0)
    file.close()


@pytest.mark.parametrize("damage", ["cut short", "damaged"])
def test_a_broken_compressed_file_gives_what_comes_before(tmp_path: Path, damage: str) -> None:
    """Decompression ends with its reason; what was unpacked stays."""
    packed = bytearray(gzip.compress(os.urandom(3 << 20), 1))
    if damage == "cut short":
        del packed[-100_000:]
    else:
        packed[2_500_000:2_500_100] = b"\xff" * 100
    (tmp_path / "x").write_bytes(packed)
    file = FileBytes(tmp_path / "x")
    file.ensure(1 << 40)
    assert file.complete
    assert damage in file.fault
    assert len(file.data) > 1 << 20
    file.close()


def test_a_bomb_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decompression stops while the temporary folder still has room for others."""
    (tmp_path / "bomb").write_bytes(gzip.compress(bytes(64 << 20)))
    monkeypatch.setattr(file_bytes, "_SPARE_DISK_BYTES", 1 << 60)
    file = FileBytes(tmp_path / "bomb")
    with pytest.raises(BadCaptureFile, match="is full"):
        file.ensure(1 << 40)
    file.close()


def test_a_file_that_shrinks_is_refused_before_it_is_touched(tmp_path: Path) -> None:
    """Touching a mapping behind the file's end would kill the process."""
    (tmp_path / "x").write_bytes(CONTENT)
    file = FileBytes(tmp_path / "x")
    os.truncate(tmp_path / "x", 10)
    with pytest.raises(BadCaptureFile, match="became shorter"):
        file.ensure(1)
    file.close()


def test_bytes_outlive_the_file(tmp_path: Path) -> None:
    """Arrays handed out stay readable after `close`, which may come twice."""
    (tmp_path / "x").write_bytes(CONTENT)
    file = FileBytes(tmp_path / "x")
    data = file.data
    file.close()
    file.close()
    assert data[:256].tobytes() == CONTENT[:256]


def test_what_is_no_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """Missing, folder, pipe, device, empty, impossible name: each says what it is; a pipe does not block."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, words in {
        tmp_path / "missing": "There is no file missing",
        tmp_path: "is a folder",
        tmp_path / "pipe": "is a pipe or a device",
        tmp_path / "empty": "is empty",
        tmp_path / ("x" * 300): "can't be opened",
        tmp_path / "a\0b": "can't be opened",
        loop: "can't be opened",
    }.items():
        with pytest.raises(BadCaptureFile, match=words) as caught:
            FileBytes(path)
        assert (caught.value.offset, caught.value.packets) == (0, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not read the file")
def test_a_file_of_somebody_else_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """No permission is told apart from not being there."""
    (tmp_path / "secret").write_bytes(CONTENT)
    (tmp_path / "secret").chmod(0o600)
    # pytest's own folders are private; the one for temporary files above them must keep its sticky bit.
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    program = (
        "import os, sys, pathlib\n"
        "from trafficdesk.capture.formats.file_bytes import FileBytes\n"
        "from trafficdesk.errors import BadCaptureFile\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try:\n    FileBytes(pathlib.Path(sys.argv[1]))\n"
        "except BadCaptureFile as error:\n    print(error.title)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "secret")], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "secret may not be read by you.\n"


def test_names_are_made_printable(tmp_path: Path) -> None:
    """A file's name can't move the cursor or hide its end."""
    assert printable_name(tmp_path / "a\x1b[2Jb\u202ec.pcap") == "a\ufffd[2Jb\ufffdc.pcap"
