"""Several sources as one: merged in order of time, numbered, counted, and named by what a person wrote."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.wire import block_of
from trafficdesk.capture.interface_numbers import MAX_INTERFACES, InterfaceNumbers
from trafficdesk.capture.several import merged


def stamped(number: int, *times: int):
    """Frames that each hold their time and interface, so that they can be recognised."""
    block = block_of(*[f"{number} {time}".encode() for time in times])
    return replace(
        block,
        timestamps_ns=np.array(times, np.int64),
        interfaces=np.full(len(times), number, np.uint16),
    )


@given(st.lists(st.lists(st.integers(0, 1_000), min_size=1, max_size=20), min_size=1, max_size=4))
def test_frames_are_merged_in_order_of_time_with_their_own_bytes(times: list[list[int]]) -> None:
    """No frame is lost, and each keeps its interface, time and bytes."""
    whole = merged([stamped(number, *sorted(own)) for number, own in enumerate(times)])
    assert whole.timestamps_ns.tolist() == sorted(moment for own in times for moment in own)
    for row in range(len(whole)):
        assert whole.frame(row) == f"{whole.interfaces[row]} {whole.timestamps_ns[row]}".encode()


def test_indices_become_small_numbers_with_names() -> None:
    """In the order heard; one that comes back under its name keeps its number; one that has gone goes by its index."""
    names = {7: "eth0", 3: "wlan0", 9: "eth0"}
    numbers = InterfaceNumbers(lambda index: names.get(index, ""))
    assert numbers.of(np.array([7, 7])).tolist() == [0, 0]
    assert numbers.of(np.array([3, 7])).tolist() == [1, 0]
    assert numbers.of(np.array([9, 3])).tolist() == [0, 1]
    assert numbers.of(np.array([12, 12])).tolist() == [2, 2]
    assert numbers.of(np.array([], np.int64)).tolist() == []
    assert numbers.names == ("eth0", "wlan0", "interface 12")


def test_numbers_are_bounded() -> None:
    """More interfaces than the column has numbers share the last."""
    numbers = InterfaceNumbers(lambda index: f"veth{index}")
    numbers.names = tuple(f"x{index}" for index in range(MAX_INTERFACES))
    assert numbers.of(np.array([5, 6])).tolist() == [MAX_INTERFACES - 1] * 2
    assert len(numbers.names) == MAX_INTERFACES
