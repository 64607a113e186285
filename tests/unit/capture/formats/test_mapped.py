"""`capture.formats.mapped`: pages are there before they are touched, and asking for too much does no harm."""

from __future__ import annotations

import mmap
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from trafficdesk.capture.formats.mapped import fetch

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PAGES = 256


@pytest.fixture
def data(tmp_path: Path) -> NDArray[np.uint8]:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * (PAGES * mmap.PAGESIZE // 256) + b"end")
    with path.open("rb") as file:
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)


def resident(data: NDArray[np.uint8]) -> int:
    """Pages of the mapping that this process has; mincore(2) would count those of the page cache, too."""
    address, inside = data.ctypes.data, False
    with open("/proc/self/smaps", encoding="ascii", errors="replace") as lines:  # noqa: PTH123  # a line at a time
        for line in lines:
            head = line.split(maxsplit=1)[0]
            if "-" in head and not head.endswith(":"):
                low, high = (int(part, 16) for part in head.split("-"))
                inside = low <= address < high
            elif inside and head == "Rss:":
                return int(line.split()[1]) * 1024 // mmap.PAGESIZE
    return 0


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone fetches pages on demand")
def test_pages_are_there_before_they_are_touched(data: NDArray[np.uint8]) -> None:
    """What was asked for is this process's memory; how much beyond it comes along is the system's choice."""
    before = resident(data)
    if not fetch(data, 5, 64 * mmap.PAGESIZE):
        pytest.skip("this kernel is older than 5.14")
    assert before < 64 <= resident(data)


def test_asking_beyond_the_end_does_no_harm(data: NDArray[np.uint8]) -> None:
    """Neither more than there is, nor nothing, nor what lies behind it; the bytes stay what they are."""
    for start, stop in (
        (0, 10 * len(data)),
        (len(data) - 1, len(data)),
        (5, 5),
        (2 * len(data), 3 * len(data)),
    ):
        fetch(data, start, stop)
    assert data[-3:].tobytes() == b"end"
    assert data[:256].tobytes() == bytes(range(256))


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere a mapped file can't become shorter, or nothing is fetched"
)
def test_a_file_that_became_shorter_is_no_signal(tmp_path: Path) -> None:
    """What a touch would be killed for is an error here."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 4 * mmap.PAGESIZE)
    with path.open("r+b") as file:
        data = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
        file.truncate(mmap.PAGESIZE)
    assert not fetch(data, 2 * mmap.PAGESIZE, 4 * mmap.PAGESIZE)
