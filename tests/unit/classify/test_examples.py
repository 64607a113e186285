"""Examples: few rows of each incident, fairly drawn, and incidents told apart by silence and by capture."""

from __future__ import annotations

import numpy as np

from trafficdesk.classify.classifier import NORMAL
from trafficdesk.classify.examples import INCIDENT_GAP_S, NORMAL_ROWS, ROWS_PER_INCIDENT, Collector

NAMES = (NORMAL, "scan", "flood")


def given(collector, seconds, name, event=0, names=NAMES):
    """Rows at `seconds`, whose only value is their time."""
    seconds = np.asarray(seconds, float)
    rows = len(seconds)
    collector.add(
        seconds.astype(np.float32)[:, None],
        seconds,
        np.full(rows, name, np.int32),
        np.full(rows, event, np.int32),
        names,
    )


def test_silence_makes_another_incident():
    """Two minutes of silence, another event's number or another capture; a batch's edge does not."""
    collector = Collector(1)
    collector.begin_capture()
    given(collector, [0, 1, 2], 1)
    given(collector, [3, 3 + INCIDENT_GAP_S + 1], 1)
    given(collector, [200, 201], 1, event=7)
    collector.begin_capture()
    given(collector, [202], 1)
    examples = collector.examples()
    assert examples.groups_of(0) == 4
    of = dict(zip(examples.values[:, 0].tolist(), examples.groups.tolist(), strict=True))
    assert of[0] == of[1] == of[3] != of[124]
    assert len({of[3], of[124], of[200], of[202]}) == 4


def test_an_incident_gives_fifty_rows_drawn_from_all_of_it():
    """However its rows come; the first ones are not preferred."""
    collector = Collector(2)
    for start in range(0, 10_000, 100):
        given(collector, np.arange(start, start + 100) / 100, 1)
    examples = collector.examples()
    assert examples.rows_of(0) == ROWS_PER_INCIDENT
    assert 35 < examples.values.mean() < 65


def test_normal_rows_are_bounded_and_held_out_by_stretches():
    """Two thousand at most, in groups of five minutes, ordered first; what is not learned from stays out."""
    collector = Collector(3)
    given(collector, np.arange(0, 3_000, 0.5), 0)
    given(collector, np.arange(100), -1)
    given(collector, np.arange(0, 60), 2)
    examples = collector.examples()
    assert examples.names == (NORMAL, "flood")
    assert examples.rows_of(0) == NORMAL_ROWS
    assert examples.groups_of(0) == 10


def test_files_that_number_names_otherwise_mean_the_same():
    """A name is one class, wherever it stands in a file's list."""
    collector = Collector(4)
    given(collector, [0, 1], 1)
    given(collector, [0.5], 0, names=("scan", "else"))
    assert collector.examples().names == ("scan",)
    assert collector.examples().rows_of(0) == 3


def test_without_rows_there_are_no_examples():
    """Nothing labelled, nothing gathered."""
    assert not len(Collector(1).examples())
