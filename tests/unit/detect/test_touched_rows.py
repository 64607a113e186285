"""`detect.touched_rows`: what rows would be without the corrections that touch them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.detect import touched_rows
from trafficdesk.detect.touched_rows import TouchedRows

if TYPE_CHECKING:
    import pytest


def put(rows: TouchedRows, ids: list[int], by: list[int]) -> None:
    """Each row's score is its id, its verdict the id's last two bits."""
    numbers = np.array(ids, np.int64)
    rows.put(numbers, np.array(by, np.int32), numbers.astype(np.float32), (numbers & 3).astype(np.uint8))


def test_the_newest_word_counts_and_untouched_rows_leave() -> None:
    """Rows come in any order of calls; 0 = nothing speaks of the row any more."""
    rows = TouchedRows()
    put(rows, [5, 9], [1, -2])
    put(rows, [3, 5, 7], [4, 4, 1])
    put(rows, [9], [0])
    assert rows.by_of(np.array([3, 4, 5, 7, 9])).tolist() == [4, 0, 4, 1, 0]
    assert rows.suppressed_ids().tolist() == [3, 5, 7]
    assert rows.hits() == {1: 1, 4: 2}


def test_known_bad_rows_are_hits_and_not_suppressed() -> None:
    """Their correction's number is negative."""
    rows = TouchedRows()
    put(rows, [1, 2], [-3, 3])
    assert rows.suppressed_ids().tolist() == [2]
    assert rows.hits() == {3: 2}


def test_what_a_row_would_be_is_written_over_what_it_is() -> None:
    """Of touched rows alone."""
    rows = TouchedRows()
    put(rows, [2, 7], [1, 1])
    score, verdict = np.zeros(3, np.float32), np.zeros(3, np.uint8)
    rows.restore(np.array([2, 3, 7]), score, verdict)
    assert score.tolist() == [2, 0, 7]
    assert verdict.tolist() == [2, 0, 3]


def test_the_oldest_leave_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is said of a flood, memory stays bounded."""
    monkeypatch.setattr(touched_rows, "MAX_ROWS", 10)
    rows = TouchedRows()
    for start in (0, 8, 16):
        put(rows, list(range(start, start + 8)), [1] * 8)
    assert rows.suppressed_ids().tolist() == list(range(14, 24))
