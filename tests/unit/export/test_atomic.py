"""Files are whole or not there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from trafficdesk.errors import ExportError
from trafficdesk.export.atomic import atomic_file


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_file_appears_at_the_end(tmp_path: Path) -> None:
    """While it is written there is no file of that name; afterwards there is nothing else."""
    target = tmp_path / "rows.csv"
    with atomic_file(target) as file:
        file.write(b"rows")
        assert not target.exists()
    assert target.read_bytes() == b"rows"
    assert names(tmp_path) == ["rows.csv"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), ValueError("bug"), KeyboardInterrupt()]
)
def test_failure_leaves_what_was_there(tmp_path: Path, error: BaseException) -> None:
    """A full disk, a bug, Ctrl-C: the old file is whole, nothing half-written lies beside it."""
    target = tmp_path / "rows.csv"
    target.write_bytes(b"old")

    def write_half() -> None:
        with atomic_file(target) as file:
            file.write(b"half")
            raise error

    with pytest.raises((ExportError, ValueError, KeyboardInterrupt)):
        write_half()
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["rows.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_full_disk_is_a_sentence() -> None:
    """A real full device names file, cause and remedy."""
    with (
        pytest.raises(ExportError, match="/dev/full can't be written: No space left") as caught,
        atomic_file("/dev/full") as file,
    ):
        file.write(b"x" * 100_000)
    assert "space" in caught.value.hint


def test_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    """A folder that is not there is named with what to do."""
    with pytest.raises(ExportError) as caught, atomic_file(tmp_path / "no" / "rows.csv"):
        pass
    assert "rows.csv" in caught.value.title
    assert "Create the folder" in caught.value.hint


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such devices")
def test_devices_are_not_replaced() -> None:
    """/dev/null stays a device."""
    with atomic_file("/dev/null") as file:
        file.write(b"gone")
    assert Path("/dev/null").is_char_device()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no symbolic links by default")
def test_links_stay_links(tmp_path: Path) -> None:
    """Writing to a link writes the file it points to."""
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    link.symlink_to(real)
    with atomic_file(link) as file:
        file.write(b"rows")
    assert link.is_symlink()
    assert real.read_bytes() == b"rows"


def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """`-` is standard output."""
    with atomic_file("-") as file:
        file.write(b"rows\n")
    assert capfdbinary.readouterr().out == b"rows\n"
