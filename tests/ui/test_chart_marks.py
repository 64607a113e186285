"""`ui.charts.marks`: which flagged moments are marked and named."""

from __future__ import annotations

import itertools

from tests.helpers.incidents import an_incident
from trafficdesk.ui.charts.marks import MAX_MARKS, MAX_NAMED, Mark, marks_between, place_names

SECOND = 1_000_000_000


def test_only_what_touches_the_span_is_marked() -> None:
    """Before and after are left out; what began before stands at the left edge."""
    incidents = [
        an_incident(id=1, start_ns=10 * SECOND, end_ns=20 * SECOND),
        an_incident(id=2, start_ns=90 * SECOND, end_ns=110 * SECOND),
        an_incident(id=3, start_ns=150 * SECOND, end_ns=160 * SECOND),
        an_incident(id=4, start_ns=300 * SECOND, end_ns=310 * SECOND),
    ]
    assert [(mark.incident, mark.second) for mark in marks_between(incidents, 100, 200)] == [
        (2, 100),
        (3, 150),
    ]


def test_a_flood_of_incidents_is_bounded() -> None:
    """Of too many the most severe are marked, in order of time."""
    incidents = [an_incident(id=index, start_ns=index * SECOND, severity=index % 100) for index in range(500)]
    marks = marks_between(incidents, 0, 1_000)
    assert len(marks) == MAX_MARKS
    assert min(mark.severity for mark in marks) > 90
    assert [mark.second for mark in marks] == sorted(mark.second for mark in marks)


def test_a_family_is_told_from_the_model() -> None:
    """A rule's family is one colour, the model's judgement another, and both are named in words."""
    marks = marks_between([an_incident(family="dns tunnel"), an_incident(id=8, family="unusual")], 0, 2e9)
    assert {(mark.words, mark.is_family) for mark in marks} == {
        ("DNS tunnel", True),
        ("Unusual traffic", False),
    }


def test_names_never_overlap_and_stay_inside() -> None:
    """However close the marks, names keep apart, at most a few, the most severe among them."""
    marks = [Mark(index, "port scan", True, index, index) for index in range(20)]
    positions = [index * 17.0 for index in range(20)]
    placed = place_names(marks, positions, [60.0] * 20, 400.0)
    lefts = sorted(placed.values())
    assert 1 <= len(placed) <= MAX_NAMED
    assert 19 in placed
    assert all(later - earlier >= 60 for earlier, later in itertools.pairwise(lefts))
    assert lefts[0] >= 0
    assert lefts[-1] + 60 <= 400
