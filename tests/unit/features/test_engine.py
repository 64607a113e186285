import numpy as np
import pytest

from trafficdesk.features.engine import KeyTable, Runs, linrec


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 10, 24, 25, 97, 1_000, 16_384])
def test_recurrence_equals_its_definition(rows):
    """The blocked scan gives what one multiplication and addition per row give, for any number of rows."""
    random = np.random.default_rng(rows)
    factors = random.random((2, rows))
    factors[:, random.random(rows) < 0.2] = 0.0
    inputs = random.normal(size=(3, 2, rows))
    expected = np.empty_like(inputs)
    state = np.zeros((3, 2))
    for row in range(rows):
        state = factors[:, row] * state + inputs[..., row]
        expected[..., row] = state
    np.testing.assert_allclose(linrec(factors, inputs), expected, rtol=1e-12, atol=1e-12)


def test_recurrence_survives_factors_that_underflow():
    """Half-lives long past multiply to zero, never to NaN or infinity."""
    sums = linrec(np.full((1, 5_000), 1e-300), np.full((1, 1, 5_000), 1e6))
    assert np.isfinite(sums).all()
    assert sums[0, 0, -1] == pytest.approx(1e6)


def test_runs_keep_the_order_of_arrival_within_a_key():
    """Sorting by key is stable and the bounds cover every row once."""
    runs = Runs(np.array([5, 3, 5, 3, 9], np.int64))
    assert runs.order.tolist() == [1, 3, 0, 2, 4]
    assert runs.keys.tolist() == [3, 5, 9]
    assert list(zip(runs.starts, runs.stops, strict=True)) == [(0, 2), (2, 4), (4, 5)]


def test_key_table_remembers_slots_and_renumbers_what_is_kept():
    """A key keeps its slot until others are forgotten, and a forgotten key gets a new one."""
    table = KeyTable()
    first = table.slots(np.array([-7, 2, 8], np.int64))
    assert sorted(first.tolist()) == [0, 1, 2]
    again = table.slots(np.array([2, 5], np.int64))
    assert again[0] == first[1]
    assert again[1] == 3
    kept = np.ones(4, bool)
    kept[first[0]] = False
    old = table.keep(kept)
    assert len(table) == 3
    slots = table.slots(np.array([-7, 2, 5, 8], np.int64))
    assert slots[0] == 3
    assert old[slots[1]] == first[1]
    assert old[slots[2]] == 3
