"""`detect.acquaintance`: who began to talk lately teaches little, and a flood of strangers takes no memory."""

from __future__ import annotations

import numpy as np

from trafficdesk.detect.acquaintance import GRACE_S, LEAST_ROWS, MOST_ROWS, Acquaintance


def keys(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_who_was_there_from_the_beginning_teaches_most() -> None:
    """Pairs met within the first minute have the whole quota, then and later."""
    known = Acquaintance()
    assert known.rows_learned(keys(1, 2), 100.0).tolist() == [MOST_ROWS, MOST_ROWS]
    assert known.rows_learned(keys(2, 3), 100.0 + GRACE_S).tolist() == [MOST_ROWS, MOST_ROWS]


def test_a_newcomer_teaches_more_every_minute() -> None:
    """Four rows of its first lesson, one more after a minute, the whole quota in the end; each pair by itself."""
    known = Acquaintance()
    known.rows_learned(keys(1), 0.0)
    assert known.rows_learned(keys(1, 7), 100.0).tolist() == [MOST_ROWS, LEAST_ROWS]
    assert known.rows_learned(keys(7, 9), 160.0).tolist() == [LEAST_ROWS + 1, LEAST_ROWS]
    assert known.rows_learned(keys(1, 7, 9), 2_000.0).tolist() == [MOST_ROWS] * 3


def test_memory_is_bounded() -> None:
    """A million pairs leave those met last, and who keeps talking is not forgotten."""
    known = Acquaintance(max_pairs=1_000)
    known.rows_learned(keys(-5), 0.0)
    for lesson in range(1_000):
        strangers = np.arange(lesson * 1_000, lesson * 1_000 + 500, dtype=np.int64)
        known.rows_learned(np.concatenate([keys(-5), strangers]), 100.0 + lesson)
        assert len(known) <= 1_000
    assert known.rows_learned(keys(-5), 2_000.0).tolist() == [MOST_ROWS]
