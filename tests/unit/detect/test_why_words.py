import numpy as np
import pytest

from tests.helpers.explained import a_why, a_why_reason
from trafficdesk.features import FEATURES, INDEX, Scale

NAN = float("nan")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Would be usual below 12."),
        ({"name": "upload_60s", "value": 9e7, "limit": 1.3e6}, "Would be usual below 1.3 MB."),
        ({"limit": 0.2}, "Would be usual without any."),
        ({"name": "gap_mean", "value": 0.2, "limit": 4.0}, "Would be usual above 4 s."),
        ({"limit": NAN}, ""),
        (
            {"limit": NAN, "because": ("a packet of 9.0 kB",)},
            "Unusual even at 3, because of a packet of 9.0 kB.",
        ),
        (
            {"limit": NAN, "because": ("X", "Y"), "unnamed": 12.0, "family": "port scan"},
            "No port scan below 12. Unusual even at 3, because of X and Y.",
        ),
    ],
)
def test_counterfactuals_in_words(changes, words):
    """A limit with its unit and its side; where there is none, what stands in the way."""
    assert a_why_reason(**changes).what_if == words


def test_where_the_row_lies():
    """Among all, among most, and before anything is known; never 100 % where it is not all."""
    assert (
        a_why_reason().place == "Higher than all of 500 usual packets; usually ≤ 6, half of them 3 or less."
    )
    inside = a_why_reason(value=5.999)
    assert inside.share < 1
    assert inside.place.startswith("Higher than 99.")
    low = a_why_reason(value=0.5, median=3.0)
    assert low.place.startswith("Lower than 9")
    assert a_why_reason(sample=np.empty(0, np.float32)).place == "Nothing is known yet of what is usual here."


def test_the_state_says_who_judged_and_whether_it_still_holds():
    """The model that flagged the row, another one where that has gone, and today's opinion."""
    assert a_why().state == (
        "Port scan · score 3.4 · model 12 · its rule would name it today as well, score 1.4 without it"
    )
    still = a_why(family="unusual")
    assert still.state == "Unusual traffic · score 3.4 · model 12 · still unusual today (score 1.4)"
    assert "model 12 (seed 13) · " in a_why(seed=13).state
    gone = a_why(told_by=40, unusual_today=False, score_today=0.4, family="unusual", together=True)
    assert gone.state == (
        "Unusual traffic · score 3.4 · model 12, explained by model 40 · only the combination is unusual · "
        "no longer unusual today (score 0.4)"
    )
    rules = a_why(judged_by=0, told_by=0, unusual_today=None, score=NAN)
    assert rules.state == "Port scan · no model yet"


def test_many_that_must_change_are_counted():
    """Three by name, the others as a number."""
    enough = tuple(
        (INDEX[name], 2.0) for name in ("new_ports_60s", "opened_60s", "icmp_out_60s", "length", "gap_mean")
    )
    said = a_why(enough=enough).what_if
    assert said.startswith(
        "Would be usual only with all of this together: about 2 newly tried ports in 60 s, "
    )
    assert said.endswith("and 2 more behaviours like that.")
    assert a_why().what_if == ""
    assert a_why(holds=False).what_if.startswith("By itself it is usual")


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_stored_is_the_inverse_of_said(feature):
    """What is said and stored again is the same, for every scale."""
    values = np.array([0.5, 1.0, 12.0, 30.0])
    assert feature.said(feature.stored(values)) == pytest.approx(values)
    if feature.scale is not Scale.RATIO:
        assert feature.stored(np.array([0.0]))[0] == 0
