"""`pcapng_blocks`: whole blocks of frames laid out as one by one, with their interfaces and comments."""

from __future__ import annotations

import io
import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.wire import HTTP_GET, TCP_SYN, block_of
from trafficdesk.capture.formats.pcapng_blocks import InterfaceTable, encode, section_header
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.capture.pcap_writer import PcapngWriter
from trafficdesk.capture.source import Frame
from trafficdesk.packets.block import FrameBlock

if TYPE_CHECKING:
    from pathlib import Path

TIME = 1_700_000_000_123_456_789
lengths = st.lists(st.one_of(st.integers(0, 5), st.integers(0, 400), st.just(128)), max_size=40)


def block_with(sizes: list[int], gaps: list[int], seed: int, link_types: list[int]) -> FrameBlock:
    """Frames of the given sizes, scattered over a buffer of random bytes in any order."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(sizes))
    offsets, at = np.zeros(len(sizes), np.int64), 0
    for row in order:
        at += gaps[row % len(gaps)] if gaps else 0
        offsets[row] = at
        at += sizes[row]
    captured = np.array(sizes, np.int64)
    return FrameBlock(
        random.integers(0, 256, at, np.uint8),
        offsets,
        captured,
        captured + random.integers(0, 3, len(sizes)),
        TIME + random.integers(0, 10**12, len(sizes)),
        np.array([link_types[row % len(link_types)] for row in range(len(sizes))], np.uint16),
    )


def one_by_one(block: FrameBlock, snap_length: int) -> bytes:
    stream = io.BytesIO()
    writer = PcapngWriter(stream, snap_length=snap_length)
    for row in range(len(block)):
        writer.write(
            Frame(
                block.frame(row),
                int(block.timestamps_ns[row]),
                int(block.wire_lengths[row]),
                int(block.link_types[row]),
            )
        )
    return stream.getvalue()


def whole(
    block: FrameBlock, names: tuple[str, ...] = (), *, snap_length: int = 0, **options: object
) -> bytes:
    table = InterfaceTable(snap_length=snap_length)
    numbers, descriptions = table.number(block, names)
    encoded = encode(block, numbers, snap_length=snap_length, **options)  # type: ignore[arg-type]
    return section_header() + descriptions + encoded.data.tobytes()


@settings(max_examples=200, deadline=None)
@given(lengths, st.lists(st.integers(0, 90), max_size=5), st.integers(0, 9), st.sampled_from([0, 1, 64, 129]))
def test_a_block_is_written_as_its_frames_one_by_one(
    sizes: list[int], gaps: list[int], seed: int, snap_length: int
) -> None:
    """Byte for byte, whatever the sizes, the gaps and the order of the frames in the buffer."""
    block = block_with(sizes, gaps, seed, [1])
    assert whole(block, snap_length=snap_length) == one_by_one(block, snap_length)


@given(lengths, st.integers(0, 9))
def test_starts_are_where_blocks_begin(sizes: list[int], seed: int) -> None:
    """The first word there is the block's type, the second its length."""
    encoded = encode(block_with(sizes, [7], seed, [1]), np.zeros(len(sizes), np.uint32))
    ends = np.append(encoded.starts[1:], len(encoded.data))
    for start, end in zip(encoded.starts, ends[: len(sizes)], strict=True):
        assert encoded.data[start : start + 8].view("<u4").tolist() == [6, end - start]


def test_interfaces_and_link_types_come_back(tmp_path: Path) -> None:
    """One description per interface, name and link type, written before its first frame; a renamed one is new."""
    table, written = InterfaceTable(capture_filter="not port 22"), section_header()
    path = tmp_path / "x.pcapng"
    for names, interfaces, link_types in (
        (("eth0", "wlan0"), [1, 0, 1], [1, 1, 127]),
        (("eth7", "wlan0"), [0, 1, 0], [1, 1, 1]),
    ):
        block = block_of(TCP_SYN, HTTP_GET, TCP_SYN)
        block = FrameBlock(
            block.data, block.offsets, block.captured_lengths, block.wire_lengths, block.timestamps_ns,
            np.array(link_types, np.uint16), 0, np.array(interfaces, np.uint16),
        )  # fmt: skip
        numbers, descriptions = table.number(block, names)
        written += descriptions + encode(block, numbers).data.tobytes()
    path.write_bytes(written)
    with CaptureFile(path) as file:
        blocks = list(file.blocks())
    assert [int(kind) for found in blocks for kind in found.link_types] == [1, 1, 127, 1, 1, 1]
    told = [table.origins[number] for found in blocks for number in found.interfaces]
    assert told == [1, 0, 1, 0, 1, 0]
    assert [name in written for name in (b"eth0", b"wlan0", b"eth7")] == [True] * 3


@pytest.mark.skipif(shutil.which("tshark") is None, reason="needs tshark")
def test_tshark_reads_frames_comments_and_interfaces(tmp_path: Path) -> None:
    """The same count, the comments on their packets, the interface's name."""
    path = tmp_path / "x.pcapng"
    frames = [TCP_SYN, HTTP_GET, b"\0" * 15] * 30
    path.write_bytes(
        whole(block_of(*frames), ("eth0",), comments={1: ["wofür? ☂".encode()], 89: [b"x" * 70_000]})
    )
    said = subprocess.run(
        ["tshark", "-r", path, "-T", "fields", "-e", "frame.number", "-e", "frame.len", "-e", "frame.comment",
         "-e", "frame.interface_name"],
        capture_output=True, check=True, encoding="utf-8",
    )  # fmt: skip
    rows = [line.split("\t") for line in said.stdout.splitlines()]
    assert [int(row[1]) for row in rows] == [len(frame) for frame in frames]
    assert {row[3] for row in rows} == {"eth0"}
    assert [row[0] for row in rows if row[2]] == ["2", "90"]
    assert rows[1][2] == "wofür? ☂"


def test_a_time_before_1970_becomes_1970() -> None:
    """What the format can't say does no harm to the frames beside it."""
    block = block_of(TCP_SYN)
    early = FrameBlock(
        block.data, block.offsets, block.captured_lengths, block.wire_lengths, -block.timestamps_ns - 1,
        block.link_types,
    )  # fmt: skip
    assert encode(early, np.zeros(1, np.uint32)).data[12:20].tolist() == [0] * 8
