"""Which incidents go on: opened once, changed now and then, closed once, and never more than are kept."""

from __future__ import annotations

from tests.helpers.incidents import an_incident
from trafficdesk.cli.going_incidents import CHANGE_S, MOST, GoingIncidents, Turn

S = 1_000_000_000
END_NS = an_incident().end_ns


def test_an_incident_opens_changes_and_closes() -> None:
    """Of many changes one is told at a time, and its end when its family's quiet time has passed."""
    going = GoingIncidents()
    assert going.take([an_incident()], 0.0) == [(Turn.OPENED, an_incident())]
    newest = an_incident(packets=900)
    assert going.take([an_incident(packets=500)], 1.0) == going.take([newest], 2.0) == []
    assert going.settle(3.0, END_NS) == []
    assert going.settle(CHANGE_S, END_NS) == [(Turn.CHANGED, newest)]
    assert going.settle(2 * CHANGE_S, END_NS + 600 * S) == []
    assert going.newest == (newest,)
    assert going.settle(3 * CHANGE_S, END_NS + 601 * S) == [(Turn.CLOSED, newest)]
    assert going.newest == ()


def test_quiet_times_are_the_families() -> None:
    """A beacon may rest for hours; what no rule names may not."""
    going = GoingIncidents()
    going.take([an_incident(id=1, family="beacon"), an_incident(id=2, family="unusual")], 0.0)
    assert [incident.id for _, incident in going.settle(1.0, END_NS + 121 * S)] == [2]
    assert [incident.id for incident in going.newest] == [1]


def test_what_comes_late_of_a_closed_one_is_a_change() -> None:
    """Nobody is told of the same incident as of a new one."""
    going = GoingIncidents()
    going.take([an_incident()], 0.0)
    going.settle(0.0, END_NS + 3_600 * S)
    assert going.take([an_incident(packets=900)], 1.0) == [(Turn.CHANGED, an_incident(packets=900))]


def test_the_last_values_are_told_at_the_end() -> None:
    """A change that waits for its turn is not lost with the run."""
    going = GoingIncidents()
    going.take([an_incident()], 0.0)
    going.take([an_incident(packets=900)], 1.0)
    assert going.rest() == [(Turn.CHANGED, an_incident(packets=900))]
    assert going.rest() == []


def test_memory_is_bounded() -> None:
    """A flood of incidents that never end closes the oldest."""
    going = GoingIncidents()
    closed = []
    for first in range(1, 4 * MOST, 100):
        told = going.take([an_incident(id=number) for number in range(first, first + 100)], 0.0)
        closed += [incident.id for turn, incident in told if turn is Turn.CLOSED]
    assert len(going.newest) == len(going._ended) == MOST
    assert closed == list(range(1, len(closed) + 1))
