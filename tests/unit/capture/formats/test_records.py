"""What both formats share: bounds of packets, frames joined and cut into blocks."""

from __future__ import annotations

import numpy as np
import pytest

from trafficdesk.capture.formats.records import Frames, join, longest_packet


def frames(*lengths: int, start: int = 0) -> Frames:
    captured = np.array(lengths, np.int64)
    offsets = start + np.cumsum(captured) - captured
    return Frames(
        offsets,
        captured,
        captured + 4,
        offsets * 10,
        np.ones(len(captured), np.int64),
        np.zeros(len(captured), np.int64),
    )


@pytest.mark.parametrize(
    ("link_type", "expected"), [(1, 262_144), (9_999, 262_144), (231, 128 << 20), (249, 128 << 20)]
)
def test_packets_have_a_bound(link_type: int, expected: int) -> None:
    """D-Bus and USB allow more than networks do."""
    assert longest_packet(link_type) == expected


def test_pieces_are_joined_in_order() -> None:
    """None, one or many pieces give all frames."""
    assert len(join([])) == 0
    one = frames(3, 4)
    assert join([one]) is one
    both = join([one, frames(5, start=7)])
    assert both.offsets.tolist() == [0, 3, 7]
    assert both.captured_lengths.tolist() == [3, 4, 5]


def test_rows_become_a_block() -> None:
    """A slice of the frames over the file's bytes, numbered."""
    data = np.arange(12, dtype=np.uint8)
    block = frames(3, 4, 5).block(data, slice(1, 3), 41)
    assert (block.first_id, len(block)) == (41, 2)
    assert block.frame(0) == bytes([3, 4, 5, 6])
    assert block.wire_lengths.tolist() == [8, 9]
    assert block.link_types.dtype == np.uint16
