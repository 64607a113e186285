"""Later fragments take the ports of their packet's first one, wherever batches end."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers import wire
from trafficdesk.decode import Conversations, decode
from trafficdesk.decode.fragments import CAPACITY, LIFETIME_NS

if TYPE_CHECKING:
    from trafficdesk.packets import FrameBlock

PARTS = (
    wire.FIRST_FRAGMENT,
    wire.MIDDLE_FRAGMENT,
    wire.LAST_FRAGMENT,
    wire.UDP_TICK,
    wire.FIRST_FRAGMENT_6,
    wire.LAST_FRAGMENT_6,
)
SECOND_NS = 1_000_000_000


def part_of(number: int, offset: int, *, port: int = 7_000, protocol: int = 17, more: bool = True) -> bytes:
    """A fragment of the packet with identification `number`; the first one has a UDP header."""
    head = wire.udp(b"x" * 16, port) if offset == 0 else b"x" * 24
    frame = bytearray(wire.ethernet(0x0800, wire.ipv4(protocol, head, fragment=more << 13 | offset // 8)))
    frame[18:20] = number.to_bytes(2, "big")
    return bytes(frame)


def ports(block: FrameBlock, *ends: int) -> list[int]:
    """Source ports after following the block in batches that end at `ends`."""
    conversations = Conversations()
    borders = sorted({0, len(block), *ends})
    parts = (block.part(start, stop) for start, stop in pairwise(borders))
    batches = [conversations.follow(decode(part)) for part in parts]
    return [int(port) for batch in batches for port in batch["source_port"]]


@pytest.mark.parametrize("border", range(len(PARTS)))
def test_ports_reach_every_part_of_a_packet(border: int) -> None:
    """IPv4 and IPv6, in one batch or in two."""
    assert ports(wire.block_of(*PARTS), border) == [49153, 49153, 49153, 49152, 49155, 49155]


@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from([0, 24, 48]), st.integers(1, 3)), max_size=14),
    st.lists(st.integers(0, 14), max_size=3),
)
def test_where_batches_end_makes_no_difference(parts: list[tuple[int, int, int]], ends: list[int]) -> None:
    """Identifications that come round again belong to the last packet that began before, as in one pass by hand."""
    block = wire.block_of(*(part_of(number, offset, port=port) for number, offset, port in parts))
    expected, last = [], {}
    for number, offset, port in parts:
        if offset == 0:
            last[number] = port
        expected.append(last.get(number, -1))
    assert ports(block, *(end for end in ends if end <= len(parts))) == expected


def test_another_packet_is_another_packet() -> None:
    """Addresses, identification and IPv4's protocol tell packets apart."""
    other = bytearray(part_of(1, 24))
    other[29] ^= 1
    frames = (part_of(1, 0), part_of(2, 24), part_of(1, 24, protocol=47), bytes(other), part_of(1, 24))
    assert ports(wire.block_of(*frames)) == [7_000, -1, -1, -1, 7_000]


@pytest.mark.parametrize("ends", [(), (1,)])
def test_an_old_first_fragment_is_forgotten(ends: tuple[int, ...]) -> None:
    """What comes after the time a receiver would wait is part of another packet."""
    block = wire.block_of(part_of(1, 0), part_of(1, 24), part_of(1, 24))
    late = np.array([0, LIFETIME_NS, LIFETIME_NS + 1]) + 1_700_000_000 * SECOND_NS
    assert ports(replace(block, timestamps_ns=late), *ends) == [7_000, 7_000, -1]


def test_what_is_remembered_is_bounded() -> None:
    """Of a flood of first fragments the newest are remembered."""
    flood = wire.block_of(*(part_of(number, 0) for number in range(CAPACITY + 1)))
    conversations = Conversations()
    conversations.follow(decode(flood))
    later = decode(wire.block_of(part_of(0, 24), part_of(1, 24), part_of(CAPACITY, 24)))
    assert conversations.follow(later)["source_port"].tolist() == [-1, 7_000, 7_000]
