"""`detect.budget`: a wish for so many incidents a day becomes a severity, learned from the network's own history."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.detect.budget import DAY_S, LOUD, QUIET, AlertBudget


def after(per_day: int, days: float, incidents: list[int]) -> AlertBudget:
    """A budget that has watched for `days` in which `incidents` (severities) ended evenly."""
    budget = AlertBudget(per_day)
    budget.watch(0.0)
    for number, severity in enumerate(incidents, 1):
        budget.watch(days * DAY_S * number / (len(incidents) + 1))
        budget.count(severity)
    budget.watch(days * DAY_S)
    return budget


@given(st.lists(st.integers(0, 100), max_size=60), st.floats(0.01, 30))
def test_who_wants_more_hears_of_weaker_ones(incidents: list[int], days: float) -> None:
    """The line never rises with the number wanted, and stays within its bounds, whatever happened before."""
    lines = [after(per_day, days, incidents).line for per_day in range(1, 51)]
    assert lines == sorted(lines, reverse=True)
    assert QUIET <= lines[-1] <= lines[0] <= LOUD


def test_before_anything_is_known_quiet_networks_are_the_guide() -> None:
    """All there is for fifty a day, the grave ones only for one a day."""
    assert AlertBudget(50).line == QUIET
    assert AlertBudget(1).line == 37
    assert 25 < AlertBudget(10).line < 30


def test_a_noisy_network_raises_its_own_line() -> None:
    """Forty incidents of severity 40 a day: with ten wanted the line is soon above them."""
    assert AlertBudget(10).line < 40
    assert after(10, 3, [40] * 120).line > 40
    assert after(50, 3, [40] * 120).line < 40


def test_a_quiet_network_lowers_it() -> None:
    """After two weeks without any, ten a day leave room for weaker ones."""
    assert after(10, 14, []).line < AlertBudget(10).line


def test_noise_cannot_hide_what_is_loud() -> None:
    """A thousand incidents an hour raise the line to `LOUD` and not beyond."""
    assert after(10, 1, [100] * 24_000).line == LOUD


def test_what_was_long_ago_counts_less() -> None:
    """A noisy day is forgotten after two quiet months."""
    budget = after(10, 1, [45] * 100)
    noisy = budget.line
    budget.watch(61 * DAY_S)
    assert budget.line < noisy
    assert budget.line <= AlertBudget(10).line


def test_what_was_counted_can_be_carried_on() -> None:
    """A budget made from another's state has the same line, now and after the same incidents."""
    first = after(5, 2, [30, 35, 40])
    second = AlertBudget(5, *first.state)
    assert second.line == first.line
    np.testing.assert_array_equal(first.state[0], second.state[0])


@pytest.mark.parametrize("backwards", [-1.0, -DAY_S])
def test_a_clock_that_goes_back_changes_nothing(backwards: float) -> None:
    """Time is watched once."""
    budget = after(10, 2, [30])
    state = budget.state
    budget.watch(2 * DAY_S + backwards)
    budget.watch(2 * DAY_S)
    assert budget.state[1] == state[1]


def test_while_all_is_new_more_is_asked_of_what_has_no_name() -> None:
    """From the first packet to half an hour the line of the unnamed sinks to that of the others, which stands."""
    budget = AlertBudget(10)
    lines = []
    for seconds in range(0, 3_600, 60):
        budget.watch(float(seconds))
        lines.append(budget.line_for(named=False))
        assert budget.line_for(named=True) == budget.line
    assert lines == sorted(lines, reverse=True)
    assert lines[0] > 33 > lines[-1] == budget.line
