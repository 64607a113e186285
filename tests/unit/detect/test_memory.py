"""`detect.memory`: what is kept of judged rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.detect.memory import RememberedRows, RowMemory


def _rows(first: int, count: int) -> RememberedRows:
    rows = RememberedRows.room(count)
    rows.ids[:] = np.arange(first, first + count)
    rows.values[:] = rows.ids[:, None]
    rows.score[:] = rows.ids
    return rows


@given(st.lists(st.integers(0, 40), max_size=8), st.integers(0, 2**32))
def test_the_newest_flagged_rows_are_kept_whole(sizes, seed):
    """However they come, the last flagged rows are known with their values, ascending."""
    memory, next_id, flagged_ids = RowMemory(1, flagged=30, ordinary=10), 0, []
    random = np.random.default_rng(seed)
    for size in sizes:
        flagged = random.random(size) < 0.6
        memory.add(_rows(next_id, size), flagged)
        flagged_ids += (next_id + np.flatnonzero(flagged)).tolist()
        next_id += size
    kept = memory.flagged
    assert kept.ids.tolist() == flagged_ids[-30:]
    assert (kept.values == kept.ids[:, None]).all()
    assert len(memory.ordinary) == min(10, next_id - len(flagged_ids))


def test_ordinary_rows_are_drawn_evenly():
    """Early and late rows of a capture have the same chance to be kept."""
    memory = RowMemory(3, flagged=1, ordinary=2_000)
    for first in range(0, 100_000, 1_000):
        memory.add(_rows(first, 1_000), np.zeros(1_000, np.bool_))
    ids = memory.ordinary.ids
    assert len(np.unique(ids)) == 2_000
    shares = np.histogram(ids, bins=4, range=(0, 100_000))[0] / 2_000
    assert shares == pytest.approx([0.25] * 4, abs=0.05)


def test_rows_are_found_again_by_their_packets():
    """Flagged and ordinary ones in one answer; what was never there is left out."""
    memory = RowMemory(1, flagged=10, ordinary=10)
    memory.add(_rows(0, 8), np.arange(8) % 2 == 0)
    found = memory.rows_of(np.array([99, 5, 2]))
    assert found.ids.tolist() == [2, 5]
    assert found.score.tolist() == [2.0, 5.0]
