import numpy as np
import pytest

from trafficdesk.features.state import IDLE_S, Damped, LastSeen, MultiDamped


def keys(*values):
    return np.array(values, np.int64)


@pytest.mark.parametrize("shape", [(2,), (2, 2)], ids=["the same for both windows", "each window its own"])
def test_damped_sums_equal_the_sequential_definition_however_cut(shape):
    """One row, 200 rows or all at once: the same sums as a loop over rows, to 1e-9."""
    random = np.random.default_rng(3)
    rows = 1_200
    key = random.integers(0, 25, rows)
    seconds = np.cumsum(random.exponential(0.5, rows))
    values = random.normal(size=(*shape, rows))
    expected = np.empty((2, 2, rows))
    state: dict[int, tuple[float, np.ndarray]] = {}
    for row in range(rows):
        last, sums = state.get(int(key[row]), (seconds[row], np.zeros((2, 2))))
        decay = np.exp2(-(seconds[row] - last) / np.array([5.0, 60.0]))
        sums = decay * sums + values[..., row].reshape(2, -1)
        state[int(key[row])] = (seconds[row], sums)
        expected[..., row] = sums
    for size in (1, 200, rows):
        damped = MultiDamped((5.0, 60.0), 2)
        parts = [
            damped.update(key[at : at + size], seconds[at : at + size], values[..., at : at + size])
            for at in range(0, rows, size)
        ]
        np.testing.assert_allclose(np.concatenate(parts, axis=-1), expected, rtol=1e-9, atol=1e-9)


def test_damped_statistics_are_weight_mean_and_variance():
    """Without time passing they are those of the plain sample."""
    weight, mean, variance = Damped((10.0,)).update(keys(1, 1, 1), np.zeros(3), np.array([2.0, 4.0, 9.0]))
    assert weight[0, -1] == 3
    assert mean[0, -1] == 5
    assert variance[0, -1] == pytest.approx(np.var([2, 4, 9]))


def test_a_half_life_halves():
    """After one half-life half of the sum is left."""
    sums = MultiDamped((5.0,), 1).update(keys(1, 1), np.array([0.0, 5.0]), np.array([[1.0, 0.0]]))
    assert sums[0, 0].tolist() == [1.0, 0.5]


def test_time_going_backwards_counts_as_no_time():
    """A negative interval decays nothing and never amplifies."""
    sums = MultiDamped((5.0,), 1).update(keys(1, 1, 1), np.array([10.0, 4.0, 9.0]), np.ones((1, 3)))
    assert sums[0, 0, 1] == 2.0
    assert sums[0, 0, 2] == pytest.approx(2.0 * 0.5 + 1.0)


def test_last_seen_gives_the_interval_or_infinity():
    """Per key and over batches; rows left out say nothing and leave no trace."""
    seen = LastSeen()
    assert seen.update(keys(1, 2, 1), np.array([0.0, 1.0, 3.0])).tolist() == [np.inf, np.inf, 3.0]
    where = np.array([False, True])
    assert np.array_equal(seen.update(keys(1, 2), np.array([5.0, 5.0]), where), [np.nan, 4.0], equal_nan=True)
    assert seen.update(keys(1), np.array([6.0])).tolist() == [3.0]


@pytest.mark.parametrize("cut", [1, 2])
def test_an_idle_key_is_forgotten_whether_tidied_or_not(cut):
    """Beyond the idle time a key is new, within one batch as across batches."""
    seconds = np.array([0.0, IDLE_S + 1.0])
    seen = LastSeen()
    damped = MultiDamped((1e6,), 1)
    ages = [seen.update(keys(1, 1)[at : at + cut], seconds[at : at + cut]) for at in range(0, 2, cut)]
    sums = [
        damped.update(keys(1, 1)[at : at + cut], seconds[at : at + cut], np.ones((1, cut)))
        for at in range(0, 2, cut)
    ]
    assert np.concatenate(ages).tolist() == [np.inf, np.inf]
    assert np.concatenate(sums, axis=-1)[0, 0].tolist() == [1.0, 1.0]


def test_a_million_forged_keys_stay_within_the_bound():
    """State is bounded however many keys come, the newest are kept, and an old busy key that goes on is kept, too."""
    seen = LastSeen(max_keys=20_000)
    for start in range(0, 1_000_000, 50_000):
        forged = np.arange(start, start + 50_000, dtype=np.int64) + 10
        seen.update(
            np.append(forged, 1), np.append(np.linspace(start, start + 1, 50_000) / 1e5, start / 1e5 + 1e-4)
        )
        assert len(seen) <= 20_000 + 50_001
    assert len(seen) <= 20_000
    ages = seen.update(keys(1, 10, 1_000_009), np.full(3, 11.0))
    assert np.isfinite(ages[[0, 2]]).all()
    assert ages[1] == np.inf


def test_an_empty_batch_changes_nothing():
    """No rows in, no rows out."""
    assert MultiDamped((5.0,), 3).update(keys(), np.empty(0), np.empty((3, 0))).shape == (3, 1, 0)
    assert len(LastSeen().update(keys(), np.empty(0))) == 0
