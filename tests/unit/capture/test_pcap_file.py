"""`CaptureFile`: numbering, frames by number, progress, compressed files, other formats, real captures."""

from __future__ import annotations

import gzip
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.capture_bytes import column, enhanced, frames_of, interface, pcap, read, section, simple
from tests.helpers.wire import ARP_REPLY, HTTP_GET, TCP_SYN
from trafficdesk.capture import pcap_file
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from pathlib import Path

MANY = [number.to_bytes(2, "big") * (30 + number % 500) for number in range(6_000)]
"""3.4 MB of frames."""


@pytest.fixture(params=["pcap", "pcapng", "pcap.gz"])
def many(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of several windows."""
    monkeypatch.setattr(pcap_file, "_FIRST_WINDOW", 1 << 16)
    monkeypatch.setattr(pcap_file, "_WINDOW", 1 << 18)
    content = {
        "pcap": lambda: pcap(*MANY),
        "pcapng": lambda: section() + interface() + b"".join(map(enhanced, MANY)),
        "pcap.gz": lambda: gzip.compress(pcap(*MANY), 1),
    }[request.param]()
    path = tmp_path / f"many.{request.param}"
    path.write_bytes(content)
    return path


def test_frames_are_numbered_through_all_blocks(many: Path) -> None:
    """Blocks hold at most as many frames as asked for and their numbers follow each other from 0."""
    blocks, fault = read(many, max_frames=100)
    assert fault is None
    assert frames_of(blocks) == MANY
    assert max(map(len, blocks)) <= 100
    ends = np.cumsum([len(found) for found in blocks])
    assert [found.first_id for found in blocks] == [0, *ends[:-1]]


def test_any_frame_is_had_again_by_its_number(many: Path) -> None:
    """After reading, every frame can be asked for in any order; other numbers give nothing."""
    with CaptureFile(many) as file:
        (first, *_) = blocks = list(file.blocks())
        for number in (5_999, 0, 3_000, 2_999, 5_999, 1):
            frame = file.frame(number)
            assert frame is not None
            assert frame.data == MANY[number]
        assert file.frame(0).timestamp_ns == int(first.timestamps_ns[0])  # type: ignore[union-attr]
        assert column(blocks, "wire_lengths")[77] == file.frame(77).wire_length  # type: ignore[union-attr]
        assert file.frame(6_000) is None
        assert file.frame(-1) is None
    assert file.frame(0) is None


def test_frames_not_yet_read_are_not_there(many: Path) -> None:
    """Only what `blocks` has yielded has a number."""
    with CaptureFile(many) as file:
        assert file.frame(0) is None
        first = next(file.blocks())
        assert file.frame(len(first) - 1) is not None
        assert file.frame(5_999) is None


def test_progress_rises_to_one(many: Path) -> None:
    """It never falls, and is 1 at the end."""
    with CaptureFile(many) as file:
        seen = [file.progress for _ in file.blocks()]
        seen.append(file.progress)
    assert seen == sorted(seen)
    assert seen[0] < 0.5
    assert seen[-1] == 1.0


def test_frames_of_simple_packets_keep_their_time(tmp_path: Path) -> None:
    """A frame asked for again has the time it had at first, which came from the packet before it."""
    (tmp_path / "x").write_bytes(
        section() + interface() + enhanced(b"a", 9) + simple(b"b") + section() + interface() + simple(b"c")
    )
    with CaptureFile(tmp_path / "x") as file:
        list(file.blocks())
        assert [file.frame(number).timestamp_ns for number in (2, 1, 0)] == [9_000] * 3  # type: ignore[union-attr]


def test_a_frame_longer_than_a_window_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows grow until the record fits."""
    monkeypatch.setattr(pcap_file, "_FIRST_WINDOW", 64)
    monkeypatch.setattr(pcap_file, "_WINDOW", 64)
    long = b"x" * 200_000
    for name, content in {
        "plain": pcap(TCP_SYN, long, ARP_REPLY),
        "packed": gzip.compress(pcap(TCP_SYN, long, ARP_REPLY)),
    }.items():
        blocks, fault = read(tmp_path / name, content)
        assert fault is None
        assert frames_of(blocks) == [TCP_SYN, long, ARP_REPLY]


def test_every_cut_of_a_small_file_is_clean_or_a_fault(tmp_path: Path) -> None:
    """Whatever is missing, the frames before it come, and a fault says where unless the cut is between records."""
    for whole in (pcap(TCP_SYN, HTTP_GET), section() + interface() + enhanced(TCP_SYN) + enhanced(HTTP_GET)):
        clean = 0
        for stop in range(24, len(whole) + 1):
            blocks, fault = read(tmp_path / "x", whole[:stop])
            frames = frames_of(blocks)
            assert frames == [TCP_SYN, HTTP_GET][: len(frames)]
            assert fault is None or (fault.packets == len(frames) and fault.offset <= stop)
            clean += fault is None
        assert clean in {3, 4}


def test_rubbish_never_raises_anything_else(tmp_path: Path) -> None:
    """Random bytes behind a good header, and good files with random bytes changed, end cleanly or with a fault."""
    choose = np.random.default_rng(7)
    whole = (
        section()
        + interface(resolution=9)
        + enhanced(TCP_SYN) * 3
        + simple(b"abc")
        + section(">")
        + interface(order=">")
    )
    for start in (pcap(TCP_SYN, HTTP_GET), whole):
        for _ in range(300):
            content = bytearray(start + choose.bytes(40))
            for at in choose.integers(24, len(content), 3):
                content[at] = choose.integers(256)
            blocks, _ = read(tmp_path / "x", bytes(content))
            assert sum(map(len, blocks)) <= len(content) // 16


def test_a_broken_compressed_file_says_where(tmp_path: Path) -> None:
    """Packets before the damage come, then a fault in terms of the decompressed data."""
    packed = gzip.compress(pcap(*MANY), 1)
    blocks, fault = read(tmp_path / "cut.gz", packed[: len(packed) // 2])
    frames = frames_of(blocks)
    assert 0 < len(frames) < len(MANY)
    assert frames == MANY[: len(frames)]
    assert fault is not None
    assert fault.packets == len(frames)
    assert fault.offset == 24 + sum(16 + len(frame) for frame in frames)
    assert "cut short" in fault.title
    assert "decompressed" in fault.title


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"snoop\0\0\0\0\0\0\2", "a Solaris snoop capture"),
        (b"hello, world\nthis is text\n", "it is text"),
        (b"\x28\xb5\x2f\xfd" + bytes(9), "compressed with zstd"),
        (b"PK\x03\x04" + bytes(9), "a zip archive"),
        (bytes(100), "of an unknown format"),
        (b"\xa1", "of an unknown format"),
        (b"\n\r\r\n" + bytes(100), "of an unknown format"),
        (gzip.compress(b"text, packed"), "it is text"),
    ],
)
def test_other_formats_are_named(tmp_path: Path, content: bytes, words: str) -> None:
    """What is no capture file is refused with a sentence that says what it seems to be, and how to go on."""
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(BadCaptureFile, match=words) as caught:
        CaptureFile(tmp_path / "x")
    assert "pcapng" in caught.value.hint


def test_importing_the_package_is_cheap() -> None:
    """Neither scapy nor psutil is loaded before an interface is asked for."""
    program = (
        "import sys, trafficdesk.capture; print(sorted({'scapy', 'psutil', 'pandas'} & sys.modules.keys()))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


@pytest.mark.shared
def test_malformed_captures_end_cleanly_or_with_a_sentence(shared_captures: Path) -> None:
    """Hostile files raise nothing but the one error, whose place lies in the file."""
    files = [path for path in sorted((shared_captures / "malformed").rglob("*")) if path.is_file()]
    assert len(files) > 200
    for path in files:
        blocks, fault = read(path)
        if fault is not None:
            assert fault.offset <= path.stat().st_size
            assert fault.packets == sum(map(len, blocks))


@pytest.mark.shared
def test_real_captures_give_as_many_frames_as_recorded(shared_captures: Path) -> None:
    """The corpus's index, made with tshark, counts the same frames; it also counts pcapng's custom blocks."""
    import csv

    index = shared_captures / "CORPUS_INDEX.csv"
    differing, compared = [], 0
    with index.open(newline="") as stream:
        for row in csv.DictReader(stream):
            path = shared_captures / row["path"]
            if not row["path"].startswith("decoder/") or not path.is_file() or row["tshark_rc"] != "0":
                continue
            compared += 1
            blocks, _ = read(path)
            if sum(map(len, blocks)) != int(row["packets"]):
                differing.append(path.name)
    assert compared > 1_000
    assert set(differing) <= {"test017.pcapng", "test018.pcapng", "test102.pcapng", "test202.pcapng"}
