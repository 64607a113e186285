"""Gathers never leave a frame, and a packet's end only ever moves forwards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.wire import block_of
from trafficdesk.decode.workspace import Workspace
from trafficdesk.packets.protocol import Status


def _one(frame: bytes, gap: bytes = b"\xee" * 16) -> tuple[Workspace, np.ndarray]:
    workspace = Workspace(block_of(frame, gap=gap))
    return workspace, np.zeros(1, np.int64)


def test_a_window_is_zero_beyond_the_frame_on_both_sides() -> None:
    """Bytes of neighbouring frames read as 0, before the frame as well as behind it."""
    workspace = Workspace(block_of(b"\x01\x02\x03", b"\x04\x05"))
    rows = np.array([0, 1, 1], np.int64)
    at = workspace.starts[rows] + np.array([1, 0, -2])
    assert workspace.window(rows, at, 4).tolist() == [[2, 3, 0, 0], [4, 5, 0, 0], [0, 0, 4, 5]]


def test_numbers_are_big_endian_and_zero_when_not_whole() -> None:
    """A number is read in network order; one byte missing makes it 0."""
    workspace, row = _one(bytes([0x12, 0x34, 0x56, 0x78]))
    start = workspace.starts
    assert workspace.u8(row, start + 3).tolist() == [0x78]
    assert workspace.be16(row, start + 1).tolist() == [0x3456]
    assert workspace.be32(row, start).tolist() == [0x12345678]
    assert workspace.u8(row, start + 4).tolist() == [0]
    assert workspace.be16(row, start + 3).tolist() == [0]
    assert workspace.be32(row, start + 1).tolist() == [0]
    assert workspace.be32(row, start - 1).tolist() == [0]


@given(
    st.lists(st.binary(max_size=20), min_size=1, max_size=5),
    st.binary(max_size=3),
    st.integers(-40, 60),
    st.integers(1, 40),
)
def test_every_gather_equals_slicing_a_padded_frame(
    frames: list[bytes], gap: bytes, shift: int, width: int
) -> None:
    """Whatever the position and width, also at both ends of the buffer, a window is a slice of the frame alone."""
    workspace = Workspace(block_of(*frames, gap=gap))
    rows = np.arange(len(frames))
    at = workspace.starts + shift
    pad = 100
    for frame, window in zip(frames, workspace.window(rows, at, width), strict=True):
        padded = bytes(pad) + frame + bytes(pad)
        assert window.tobytes() == padded[pad + shift : pad + shift + width]


def test_an_empty_buffer_reads_as_zero() -> None:
    """Frames without a single byte can be asked for anything."""
    workspace, row = _one(b"", gap=b"")
    assert workspace.be32(row, workspace.starts).tolist() == [0]
    assert workspace.heads(8).shape == (1,)


def test_narrow_ends_a_packet_before_its_padding() -> None:
    """Padding behind `stops` is no longer read, though it was captured."""
    workspace, row = _one(b"\x01\x02\x03\x04")
    workspace.narrow(row, workspace.starts + 2)
    assert workspace.u8(row, workspace.starts + 1).tolist() == [2]
    assert workspace.u8(row, workspace.starts + 2).tolist() == [0]
    assert workspace.columns["status"].tolist() == [Status.COMPLETE]


def test_narrow_marks_a_claim_beyond_the_end_and_never_widens() -> None:
    """A header that claims more than there is makes the packet truncated and leaves its end alone."""
    workspace, row = _one(b"\x01\x02")
    workspace.narrow(row, workspace.starts + 9)
    assert workspace.limits.tolist() == workspace.ends.tolist() == [int(workspace.starts[0]) + 2]
    assert workspace.columns["status"].tolist() == [Status.TRUNCATED]


@pytest.mark.parametrize(("wire", "stop", "status"), [(4, 4, Status.TRUNCATED), (4, 2, Status.MALFORMED)])
def test_reach_tells_a_cut_capture_from_a_contradiction(wire: int, stop: int, status: Status) -> None:
    """What the capture cuts off is truncated; what an enclosing length cuts off is malformed."""
    workspace = Workspace(block_of(b"\x01\x02\x03", wire_lengths=[wire]))
    row = np.zeros(1, np.int64)
    workspace.narrow(row, workspace.starts + stop)
    rows, at = workspace.reach(row, workspace.starts, 4)
    assert len(rows) == len(at) == 0
    assert workspace.columns["status"].tolist() == [status]


def test_the_first_fault_stays() -> None:
    """A status is lowered once; later faults follow from the first."""
    workspace, row = _one(b"\x01")
    workspace.mark(row, Status.UNSUPPORTED)
    workspace.mark(row, Status.TRUNCATED)
    assert workspace.columns["status"].tolist() == [Status.UNSUPPORTED]


def test_text_lies_where_the_columns_say() -> None:
    """Pieces of text added in several calls are found again through text_start and text_length."""
    workspace = Workspace(block_of(b"\x01", b"\x02", b"\x03"))
    workspace.add_text(np.array([2]), np.frombuffer(b"late", np.uint8), np.array([4]))
    workspace.add_text(np.array([0, 1]), np.frombuffer(b"abcde", np.uint8), np.array([2, 3]))
    arena = np.concatenate(workspace.text).tobytes()
    starts, lengths = workspace.columns["text_start"], workspace.columns["text_length"]
    assert [arena[s : s + n] for s, n in zip(starts, lengths, strict=True)] == [b"ab", b"cde", b"late"]
