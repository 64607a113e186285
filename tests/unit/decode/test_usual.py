"""The short way and the long way say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.wire import (
    CAPTURED,
    FIRST_FRAGMENT,
    TCP_SYN,
    TCP_SYN_6,
    UDP_6,
    UDP_ROUTER_ALERT,
    UDP_TICK,
    block_of,
)
from trafficdesk.decode import decode, frames
from trafficdesk.decode.usual import read_usual
from trafficdesk.decode.workspace import Workspace

if TYPE_CHECKING:
    from trafficdesk.packets.block import FrameBlock


def _assert_same(block: FrameBlock) -> None:
    short = decode(block)
    with patch.object(frames, "read_usual", lambda workspace: np.arange(len(workspace))):
        long = decode(block)
    for name, column in short.columns.items():
        assert column.tobytes() == long[name].tobytes(), name


@pytest.mark.parametrize("frame", [TCP_SYN, TCP_SYN_6, UDP_TICK, UDP_6, UDP_TICK + bytes(14)])
def test_usual_frames_are_taken(frame: bytes) -> None:
    """TCP and UDP over both IP versions, padded or not, go the short way."""
    assert len(read_usual(Workspace(block_of(frame)))) == 0


@pytest.mark.parametrize("frame", [UDP_ROUTER_ALERT, FIRST_FRAGMENT, TCP_SYN[:-1], CAPTURED["ARP_REPLY"]])
def test_unusual_frames_are_left(frame: bytes) -> None:
    """Options, fragments, frames cut short and everything else go the long way."""
    assert read_usual(Workspace(block_of(frame))).tolist() == [0]


def test_both_ways_agree_on_captured_frames() -> None:
    """Every column of every frame, alone and padded."""
    _assert_same(block_of(*CAPTURED.values()))
    _assert_same(block_of(*(frame + bytes(20) for frame in CAPTURED.values())))


@given(st.data())
def test_both_ways_agree_on_damaged_frames(data: st.DataObject) -> None:
    """Whatever bytes are changed in the headers, wherever the capture ends, and whatever length it claims."""
    frame = bytearray(data.draw(st.sampled_from([TCP_SYN, TCP_SYN_6, UDP_TICK, UDP_6])))
    for _ in range(data.draw(st.integers(0, 4))):
        frame[data.draw(st.integers(12, len(frame) - 1))] = data.draw(st.integers(0, 255))
    kept = bytes(frame[: data.draw(st.integers(0, len(frame)))])
    wire = data.draw(st.sampled_from([len(kept), len(frame), 40, 65_000]))
    _assert_same(block_of(kept, bytes(frame), wire_lengths=[wire, len(frame)]))
