"""The key table numbers keys as a dict would, until it is full, and says so."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.packets.key_table import KeyTable

KEYS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2**64 - 1) | st.integers(0, 20)), max_size=200)


def halves(keys: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array(keys, np.uint64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


@given(KEYS, KEYS)
def test_equal_keys_and_only_they_share_a_number(first: list, second: list) -> None:
    """Over two calls, rows have the same number exactly when their keys are equal, and keys come back."""
    table = KeyTable(10)
    numbers = [*table.numbers(*halves(first)), *table.numbers(*halves(second))]
    keys = [*first, *second]
    assert len({*zip(numbers, keys, strict=True)}) == len(set(numbers)) == len(set(keys)) == len(table)
    high, low = table.keys(np.array(numbers, np.int64))
    assert [(int(h), int(w)) for h, w in zip(high, low, strict=True)] == keys
    assert not table.overflowed


def test_full_table_keeps_what_it_has_and_says_so() -> None:
    """Beyond its capacity keys have no number; those known before still have theirs."""
    table = KeyTable(6)
    old = np.arange(32, dtype=np.uint64)
    before = table.numbers(old, old)
    after = table.numbers(*[np.arange(1_000, dtype=np.uint64)] * 2)
    assert len(table) == table.capacity == 32
    assert table.overflowed
    np.testing.assert_array_equal(after[:32], before)
    assert (after[32:] == -1).all()


def test_a_flood_in_one_call_fills_the_table_to_its_capacity() -> None:
    """Half a million distinct keys at once number exactly as many as there is room for, each once."""
    table = KeyTable(12)
    numbers = table.numbers(np.zeros(500_000, np.uint64), np.arange(500_000, dtype=np.uint64))
    placed = numbers[numbers >= 0]
    assert len(placed) == len(np.unique(placed)) == len(table)
    assert len(table) > table.capacity * 0.9
    assert table.overflowed
