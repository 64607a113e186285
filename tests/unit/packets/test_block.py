from __future__ import annotations

import numpy as np
import pytest

from trafficdesk.packets import FrameBlock


def block(offsets: list[int], lengths: list[int], size: int = 10, **changes: object) -> FrameBlock:
    frames = len(offsets)
    parts = {
        "data": np.arange(size, dtype=np.uint8),
        "offsets": np.array(offsets, np.int64),
        "captured_lengths": np.array(lengths, np.int64),
        "wire_lengths": np.array(lengths, np.int64),
        "timestamps_ns": np.zeros(frames, np.int64),
        "link_types": np.ones(frames, np.uint16),
    }
    return FrameBlock(**parts | changes)


def test_gives_each_frame_its_bytes():
    """Frames may lie in any order, leave gaps, be empty and touch the buffer's end."""
    frames = block([6, 0, 10], [4, 3, 0])
    assert [frames.frame(index) for index in range(len(frames))] == [
        bytes((6, 7, 8, 9)),
        bytes((0, 1, 2)),
        b"",
    ]


def test_may_be_empty():
    """No frames in no bytes is a block."""
    assert len(block([], [], size=0)) == 0


@pytest.mark.parametrize(
    ("offsets", "lengths"), [([-1], [2]), ([7], [4]), ([0, 0], [11, 1]), ([3], [-1]), ([2**62], [1])]
)
def test_refuses_frames_outside_its_buffer(offsets, lengths):
    """Whatever a file claims, no frame reaches beyond the bytes that are there."""
    with pytest.raises(ValueError, match="outside"):
        block(offsets, lengths)


@pytest.mark.parametrize(
    "name", ["captured_lengths", "wire_lengths", "timestamps_ns", "link_types", "interfaces"]
)
def test_refuses_arrays_of_different_lengths(name):
    """Every array has one entry per frame."""
    with pytest.raises(ValueError, match="one entry per frame"):
        block([0, 1], [1, 1], **{name: np.zeros(3, np.int64)})


def test_numbers_parts_and_joins_frames():
    """A part keeps its frames and numbers; joined blocks give all frames under the numbers of the first."""
    first, second = block([6, 0, 3], [4, 3, 0]).numbered(40), block([1, 2], [2, 8])
    assert first.first_id == 40
    part = first.part(1, 3)
    assert (part.first_id, part.data is first.data) == (41, True)
    assert [part.frame(0), part.frame(1)] == [first.frame(1), b""]
    joined = FrameBlock.joined([part, second])
    assert joined.first_id == 41
    assert [joined.frame(index) for index in range(4)] == [
        first.frame(1),
        b"",
        second.frame(0),
        second.frame(1),
    ]
    assert FrameBlock.joined([second]) is second


def test_frames_are_of_the_first_interface_unless_said_otherwise():
    """Interfaces stay with their frames in parts and joined blocks."""
    plain, two = block([0, 1], [1, 1]), block([0, 1], [1, 1], interfaces=np.array([0, 1], np.uint16))
    assert plain.interfaces.tolist() == [0, 0]
    assert FrameBlock.joined([plain, two.part(1, 2)]).interfaces.tolist() == [0, 0, 1]
