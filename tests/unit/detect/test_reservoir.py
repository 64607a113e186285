import numpy as np
import pytest

from trafficdesk.detect.reservoir import (
    LEAST_QUOTA,
    LONG_SHARE,
    ROWS_PER_SECOND,
    Admission,
    Lesson,
    LongMemory,
    Reservoir,
    joined,
)


def lesson(rows=500, *, lasts=100.0, ruled=None, far=None, source=None, destination=None, start=0.0):
    none = np.zeros(rows, bool)
    return Lesson(
        np.zeros((rows, 2), np.float32),
        np.arange(rows, dtype=np.int64) if source is None else source,
        np.arange(rows, dtype=np.int64) + 10_000 if destination is None else destination,
        start + np.linspace(0, lasts, rows),
        none if ruled is None else ruled,
        none if far is None else far,
        np.arange(rows, dtype=np.int64),
    )


def admission():
    return Admission(np.random.default_rng(0))


def test_slow_ordinary_traffic_is_all_learned():
    """Below the quota, nothing flagged: every row comes in."""
    assert len(admission().choose(lesson())) == 500


def test_the_quota_is_per_second_of_traffic():
    """Two seconds of dense traffic give two seconds' quota, and an instant the least quota."""
    assert len(admission().choose(lesson(lasts=2.0))) == 2 * ROWS_PER_SECOND
    assert len(admission().choose(lesson(lasts=0.001))) == LEAST_QUOTA


def test_rare_hosts_come_first():
    """Of one host with 450 rows and fifty with one each, the fifty are favoured beyond their share."""
    source = np.where(np.arange(500) < 450, 7, np.arange(500) + 100)
    chosen = admission().choose(lesson(lasts=1.0, source=source))
    assert (source[chosen] != 7).mean() > 0.5


def test_flagged_and_far_rows_stay_out_but_for_a_few():
    """About 2 % of refused rows come in all the same, so that a lasting change is learned in time."""
    flags = np.arange(500) % 2 == 0
    for refused in ({"far": flags}, {"ruled": flags & (np.arange(500) < 8)}):
        chosen = admission().choose(lesson(**refused))
        wrong = next(iter(refused.values()))
        assert 0 <= np.isin(chosen, np.flatnonzero(wrong)).sum() <= max(1, 0.05 * wrong.sum())
        assert np.isin(np.flatnonzero(~wrong), chosen).all()


def test_a_host_with_many_flagged_rows_is_in_quarantine_for_a_minute():
    """Its unflagged rows stay out, too, in later lessons until the minute is over; others come in."""
    source = np.where(np.arange(500) < 100, 7, np.arange(500) + 100)
    ruled = np.arange(500) < 50
    gate = admission()
    chosen = gate.choose(lesson(source=source, ruled=ruled))
    assert np.isin(source[chosen], 7).sum() <= 5
    assert len(chosen) >= 390
    soon = gate.choose(lesson(source=source, start=110.0, lasts=40.0))
    assert np.isin(source[soon], 7).sum() <= 6
    later = gate.choose(lesson(source=source, start=170.0))
    assert np.isin(source[later], 7).sum() == 100


def test_chance_comes_from_the_seed_alone():
    """Two gates with the same seed choose the same rows."""
    assert np.array_equal(admission().choose(lesson(lasts=1.0)), admission().choose(lesson(lasts=1.0)))


@pytest.mark.parametrize("sizes", [[3], [10], [4, 4, 4], [25], [9, 1, 9]])
def test_the_reservoir_holds_the_newest_rows_in_order(sizes):
    """Like the tail of a list, however the rows come."""
    reservoir = Reservoir(10, 1)
    every: list[float] = []
    for size in sizes:
        new = np.arange(len(every), len(every) + size, dtype=np.float32)
        every += new.tolist()
        reservoir.add(new[:, None])
    assert reservoir.rows()[:, 0].tolist() == every[-10:]
    assert reservoir.admitted == len(every)
    assert len(reservoir) == min(10, len(every))


def test_a_resized_reservoir_keeps_the_newest():
    """Smaller or larger."""
    reservoir = Reservoir(10, 1)
    reservoir.add(np.arange(15, dtype=np.float32)[:, None])
    assert reservoir.resized(4).rows()[:, 0].tolist() == [11, 12, 13, 14]
    assert reservoir.resized(20).rows()[:, 0].tolist() == list(range(5, 15))


def test_lessons_join_end_to_end():
    """Rows in order, nothing lost."""
    whole = joined([lesson(3), lesson(2, start=5.0)])
    assert len(whole) == 5
    assert whole.source.tolist() == [0, 1, 2, 0, 1]


def test_the_reservoir_knows_which_packets_it_holds():
    """The span is that of the oldest and newest row still there, also in another size; rows of before have none."""
    reservoir = Reservoir(10, 1)
    assert reservoir.span == (-1, -1)
    reservoir.add(np.zeros((3, 1), np.float32))
    assert reservoir.span == (-1, -1)
    reservoir.add(np.zeros((9, 1), np.float32), np.arange(100, 109))
    assert reservoir.span == (-1, 108)
    reservoir.add(np.zeros((4, 1), np.float32), np.arange(200, 204))
    assert reservoir.span == (103, 203)
    assert reservoir.resized(5).span == (108, 203)


def test_the_long_memory_keeps_some_of_everything():
    """A fifth of what is offered comes in, and of ten times its size a good part is old."""
    memory = LongMemory(1_000, 1, np.random.default_rng(0))
    for start in range(0, 50_000, 500):
        memory.add(np.arange(start, start + 500, dtype=np.float32)[:, None])
        if start == 2_000:
            assert 0.8 < len(memory) / (2_500 * LONG_SHARE) < 1.2
    held = memory.rows()[:, 0]
    assert len(memory) == 1_000
    # After five half-lives (3.5 times its size each, of what is offered) a thirtieth is older than that.
    assert 0.4 < (held >= 50_000 - 3_500).mean() < 0.6
    assert 0.01 < (held < 50_000 - 5 * 3_500).mean() < 0.06


def test_what_is_put_into_the_long_memory_is_there():
    """What an earlier start remembered fills it first."""
    memory = LongMemory(1_000, 2, np.random.default_rng(0))
    rows = np.arange(1_200, dtype=np.float32).reshape(600, 2)
    memory.put(rows)
    np.testing.assert_array_equal(memory.rows(), rows)
    memory.put(rows)
    assert len(memory) == 1_000
