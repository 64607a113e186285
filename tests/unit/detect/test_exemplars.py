"""What is like a labelled row of a rule's family: as much of each measure, or a little more."""

from __future__ import annotations

import numpy as np
import pytest

from trafficdesk.detect.exemplars import Exemplars
from trafficdesk.detect.families import FAMILY_INDEX
from trafficdesk.features import FEATURES, INDEX

BEACON = FAMILY_INDEX["beacon"]
LABELLED = {
    "beat_count": np.log1p(12.0),
    "beat_mean": np.log1p(300.0),
    "beacon_gaps": np.log1p(18.0),
    "beacon_score": 0.92,
}


def row(**changed: float) -> np.ndarray:
    values = np.zeros((1, len(FEATURES)), np.float32)
    for name, value in {**LABELLED, **changed}.items():
        values[0, INDEX[name]] = value
    return values


@pytest.fixture
def expected() -> Exemplars:
    """One beacon that a person expects."""
    values = row()
    one = np.ones_like(values)
    return Exemplars(values, np.zeros_like(values), one, np.ones(1, np.float32), np.zeros(1, np.int32))


def test_a_beacon_that_goes_on_is_no_news(expected: Exemplars) -> None:
    """Hours later more of its beats and gaps are known: that says how long it was watched, not that it does more."""
    later = row(beat_count=np.log1p(90.0), beacon_gaps=np.log1p(64.0))
    assert expected.ruled(BEACON, later).tolist() == [0]


@pytest.mark.parametrize(("measure", "value"), [("beat_mean", np.log1p(900.0)), ("beacon_score", 3.0)])
def test_what_is_clearly_more_is_told_again(expected: Exemplars, measure: str, value: float) -> None:
    """Each measure of how much it is has its margin."""
    assert expected.ruled(BEACON, row(**{measure: value})).tolist() == [-1]
