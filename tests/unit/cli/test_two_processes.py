"""Work shared by two processes gives what one gives, in the same order, and its faults too."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import psutil
import pytest

from trafficdesk.cli import two_processes
from trafficdesk.cli.two_processes import is_worthwhile, worked
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="done on Linux only")


def square(number: int) -> tuple[int, bytes]:
    return number * number, b"x" * 200_000


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_two_give_what_one_gives(count: int) -> None:
    """Results, larger than any pipe holds, come in the blocks' order."""
    alone = list(worked(lambda: range(count), square, by_two=False))
    assert list(worked(lambda: range(count), square, by_two=True)) == alone
    assert [number for number, _ in alone] == [number * number for number in range(count)]


@pytest.mark.parametrize("fault_at", [0, 1, 2, 5])
def test_a_fault_comes_after_what_precedes_it(fault_at: int) -> None:
    """A file that breaks off yields everything before the fault, then the fault."""

    def blocks() -> Iterator[int]:
        yield from range(fault_at)
        raise BadCaptureFile("cut")

    partial = []

    def collect() -> None:
        for number, _ in worked(blocks, square, by_two=True):
            partial.append(number)  # extend() would lose what precedes the fault

    with pytest.raises(BadCaptureFile, match="cut"):
        collect()
    assert partial == [number * number for number in range(fault_at)]


def test_a_second_process_that_dies_is_an_error_not_a_hang() -> None:
    """Killed, or ended by a bug, its missing answer is noticed."""
    parent = os.getpid()

    def work(number: int) -> int:
        if os.getpid() != parent:
            os._exit(9)
        return number

    with pytest.raises(ChildProcessError):
        list(worked(lambda: range(4), work, by_two=True))


def test_leaving_early_ends_the_second_process() -> None:
    """A consumer that stops reading does not wait for the rest."""
    before = set(psutil.Process().children())
    results = worked(lambda: range(1_000_000), square, by_two=True)
    assert next(results)[0] == 0
    assert len(set(psutil.Process().children()) - before) == 1
    results.close()
    assert not set(psutil.Process().children()) - before


def test_small_and_compressed_files_are_done_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forking pays for large plain files only."""
    monkeypatch.setattr(two_processes, "WORTHWHILE_BYTES", 100)
    large, small, packed = tmp_path / "large", tmp_path / "small", tmp_path / "packed"
    large.write_bytes(b"\xd4\xc3\xb2\xa1" + bytes(200))
    small.write_bytes(bytes(50))
    packed.write_bytes(b"\x1f\x8b" + bytes(200))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    assert [is_worthwhile(str(path)) for path in (large, small, packed, tmp_path / "none")] == [
        True,
        False,
        False,
        False,
    ]
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert not is_worthwhile(str(large))
