import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.detect.what_if import MOST_TOGETHER, calm_from, calm_together, moved

USUAL = np.zeros(4, np.float32)
ROW = np.array([8.0, 6.0, 4.0, 2.0], np.float32)


def column(number):
    return np.array([number], np.intp)


@given(st.floats(0.01, 7.99))
def test_the_limit_is_where_nothing_is_flagged_any_more(limit):
    """Just there it is usual, a 1/4096 of the way before it is not."""
    share = calm_from(ROW, USUAL, [column(0)], lambda rows: rows[:, 0] > np.float32(limit))[0]
    assert ROW[0] * (1 - share) == pytest.approx(limit, abs=8 / 4096 + 1e-6)
    assert ROW[0] * (1 - share) <= limit + 1e-5


def test_who_comes_late_is_not_believed():
    """Usual for a while, flagged again nearer to what is usual: what counts is the end from which on it stays calm."""

    def flags(rows):
        return (rows[:, 0] > 6) | ((rows[:, 0] > 1) & (rows[:, 0] < 3))

    share = calm_from(ROW, USUAL, [column(0)], flags)[0]
    assert ROW[0] * (1 - share) == pytest.approx(1.0, abs=0.01)


def test_no_single_change_may_suffice():
    """Two that each flag: neither alone makes it usual, both together do, and no more than these are asked for."""

    def flags(rows):
        return (rows[:, 0] > 1) | (rows[:, 1] > 1)

    assert np.isnan(calm_from(ROW, USUAL, [column(0), column(1), column(2)], flags)).all()
    count, share = calm_together(ROW, USUAL, [column(0), column(1), column(2)], flags)
    assert count == 2
    assert ROW[0] * (1 - share) == pytest.approx(1.0, abs=0.01)


def test_what_can_never_be_usual_is_said_so():
    """A judge that flags everything: no number, however many change."""

    def flags(rows):
        return np.ones(len(rows), np.bool_)

    assert np.isnan(calm_from(ROW, USUAL, [column(0)], flags)).all()
    assert calm_together(ROW, USUAL, [column(0)] * (2 * MOST_TOGETHER), flags)[0] == 0
    assert len(calm_from(ROW, USUAL, [], flags)) == 0


def test_a_row_that_is_usual_need_not_move():
    """Nothing has to change where nothing is flagged."""
    assert calm_from(ROW, USUAL, [column(0)], lambda rows: np.zeros(len(rows), np.bool_))[0] == 0


def test_only_the_group_moves():
    """The others stay as they are, on the whole way."""
    shares = np.array([[0.0, 0.5, 1.0]])
    out = moved(ROW, USUAL, [np.array([1, 2])], shares)
    assert out.shape == (1, 3, 4)
    assert out[0, :, 0].tolist() == [8, 8, 8]
    assert out[0, :, 1].tolist() == [6, 3, 0]
    assert out[0, :, 2].tolist() == [4, 2, 0]
