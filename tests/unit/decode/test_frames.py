"""`decode` as a whole: one row per frame, whatever the frames hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.wire import CAPTURED, HTTP_GET, SLL2_UDP_6, SLL_ARP, UDP_TICK, block_of
from trafficdesk.decode import decode
from trafficdesk.packets.block import FrameBlock
from trafficdesk.packets.fields import empty_columns
from trafficdesk.packets.protocol import LinkType, Status

LINK_TYPES = [*LinkType, 105, 127, 147, 65_535]


def test_no_frames_give_no_rows() -> None:
    """An empty block is a batch without rows."""
    assert len(decode(block_of())) == 0


def test_rows_are_numbered_and_timed_as_the_frames() -> None:
    """packet_id, time and lengths come from the block."""
    batch = decode(block_of(UDP_TICK, HTTP_GET[:60], first_id=70_000, wire_lengths=[46, 103]))
    assert batch.ids.tolist() == [70_000, 70_001]
    assert batch["timestamp_ns"].tolist() == [1_700_000_000_000_000_000, 1_700_000_000_000_000_001]
    assert batch["length"].tolist() == [46, 103]
    assert batch["captured_length"].tolist() == [46, 60]


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    """Frames decoded together, in any order, are what they are alone."""
    alone = {name: decode(block_of(frame)) for name, frame in CAPTURED.items()}
    names = list(CAPTURED) * 100
    np.random.default_rng(7).shuffle(names)
    together = decode(block_of(*(CAPTURED[name] for name in names)))
    same = [column for column in together.columns if column not in {"timestamp_ns", "text_start"}]
    for row in range(0, len(names), 97):
        for column in same:
            assert together[column][row].tobytes() == alone[names[row]][column][0].tobytes()
        assert together.text_of(row) == alone[names[row]].text_of(0)


def test_frames_may_lie_anywhere_in_the_buffer() -> None:
    """Offsets need not ascend, and frames may share bytes."""
    block = block_of(UDP_TICK, HTTP_GET, gap=b"")
    back = FrameBlock(
        block.data,
        block.offsets[::-1].copy(),
        block.captured_lengths[::-1].copy(),
        block.wire_lengths[::-1].copy(),
        block.timestamps_ns,
        block.link_types,
    )
    assert decode(back)["destination_port"].tolist() == [8080, 9]


@given(
    st.lists(
        st.tuples(st.sampled_from(LINK_TYPES), st.binary(max_size=90), st.integers(0, 70_000)), max_size=12
    ),
    st.binary(max_size=2),
)
def test_random_bytes_never_raise(frames: list[tuple[int, bytes, int]], gap: bytes) -> None:
    """Any bytes under any link type, with any wire length, are rows."""
    block = block_of(
        *(frame for _, frame, _ in frames), gap=gap, wire_lengths=[wire for _, _, wire in frames]
    )
    types = np.array([link_type for link_type, _, _ in frames], np.uint16)
    mixed = FrameBlock(
        block.data, block.offsets, block.captured_lengths, block.wire_lengths, block.timestamps_ns, types
    )
    batch = decode(mixed)
    assert len(batch) == len(frames)
    assert set(batch["status"].tolist()) <= set(Status)


@given(st.data())
def test_damaged_frames_never_raise(data: st.DataObject) -> None:
    """Captured frames with some bytes changed are rows, and payloads lie inside what was on the wire."""
    frame = bytearray(data.draw(st.sampled_from(list(CAPTURED.values()))))
    for _ in range(data.draw(st.integers(1, 6))):
        frame[data.draw(st.integers(12, min(len(frame), 120) - 1))] = data.draw(st.integers(0, 255))
    batch = decode(block_of(bytes(frame)))
    assert len(batch) == 1
    if batch["payload_length"][0]:
        assert int(batch["payload_offset"][0]) + int(batch["payload_length"][0]) <= len(frame)


@pytest.mark.parametrize("name", [*CAPTURED, "SLL_ARP", "SLL2_UDP_6"])
def test_a_truncated_frame_says_so_and_invents_nothing(name: str) -> None:
    """Cut at every length, a frame is truncated, and each column says what the whole frame says, or "none"."""
    link_type = {"SLL_ARP": LinkType.LINUX_SLL, "SLL2_UDP_6": LinkType.LINUX_SLL2}.get(
        name, LinkType.ETHERNET
    )
    frame = {"SLL_ARP": SLL_ARP, "SLL2_UDP_6": SLL2_UDP_6, **CAPTURED}[name]
    sizes = range(min(len(frame), 150))
    whole = decode(block_of(frame, link_type=link_type))
    cut = decode(
        block_of(
            *(frame[:size] for size in sizes), link_type=link_type, wire_lengths=[len(frame)] * len(sizes)
        )
    )
    assert set(cut["status"].tolist()) == {Status.TRUNCATED}
    none = empty_columns(1)
    for column in (
        "vlan",
        "source_mac",
        "destination_mac",
        "network",
        "source",
        "destination",
        "ttl",
        "fragment_offset",
        "source_port",
        "destination_port",
        "tcp_flags",
        "tcp_sequence",
        "tcp_acknowledgement",
        "tcp_window",
        "message_type",
        "message_code",
    ):
        allowed = {whole[column][0].tobytes(), none[column][0].tobytes()}
        assert {value.tobytes() for value in cut[column]} <= allowed, column


@pytest.mark.shared
def test_hostile_captures_never_raise(shared_captures: object) -> None:
    """Every byte of the malformed captures, taken as frames at a stride of odd sizes under every link type."""
    from pathlib import Path

    assert isinstance(shared_captures, Path)
    for path in sorted((shared_captures / "malformed").rglob("*.pcap*")):
        raw = path.read_bytes()[:20_000]
        pieces = [raw[start : start + 173] for start in range(0, len(raw), 97)]
        for link_type in LinkType:
            assert len(decode(block_of(*pieces, link_type=link_type))) == len(pieces)
