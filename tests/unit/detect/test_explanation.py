import numpy as np
import pytest

from trafficdesk.detect.explanation import TOLD, explain, of_rule
from trafficdesk.detect.reference import Reference
from trafficdesk.detect.rules import RULES
from trafficdesk.detect.words import reason_of
from trafficdesk.features import FEATURES, INDEX


@pytest.fixture(scope="module")
def reference():
    random = np.random.default_rng(0)
    rows = np.abs(random.normal(size=(3_000, len(FEATURES)))).astype(np.float32)
    return Reference.of(rows, random)


def middle(reference, rows=1):
    return reference.median[None].repeat(rows, axis=0).copy()


@pytest.mark.parametrize(
    "name", ["pair_ports_60s", "dns_missing_5s", "upload_60s", "gap_mean", "socket_spread_100s"]
)
def test_the_changed_behaviour_is_the_first_reason(reference, name):
    """One feature far beyond its tail is told first, in its unit, with what is usual."""
    rows = middle(reference)
    index = INDEX[name]
    rows[0, index] = 9.0
    reasons = explain(rows, reference)
    assert reasons.features[0].tolist() == [index, -1, -1]
    assert reasons.values[0, 0] == pytest.approx(float(FEATURES[index].said(np.array(9.0))), rel=1e-4)
    assert reasons.usual[0, 0] == pytest.approx(float(FEATURES[index].said(reference.q99[index])), rel=1e-4)


def test_twins_that_differ_by_window_are_one_reason(reference):
    """New ports in 5 s and in 60 s say the same thing once."""
    rows = middle(reference)
    rows[0, [INDEX["new_ports_5s"], INDEX["new_ports_60s"], INDEX["dns_names_60s"]]] = 9.0
    told = explain(rows, reference).features[0]
    names = {FEATURES[index].behaviour for index in told[told >= 0]}
    assert names == {"new_ports", "dns_names"}


def test_a_rare_combination_is_told_though_each_part_is_usual(reference):
    """Where nothing lies beyond its 99 % value, the two highest behaviours are given."""
    reasons = explain(middle(reference), reference)
    assert (reasons.features[0] >= 0).sum() == 2
    told = reasons.features[0] >= 0
    assert (reasons.values[0, told] <= reasons.usual[0, told]).all()


def test_untellable_features_are_never_a_reason(reference):
    """That a packet is UDP explains nothing."""
    rows = middle(reference)
    rows[0, [index for index, feature in enumerate(FEATURES) if not feature.tellable]] = 9.0
    told = explain(rows, reference).features[0]
    assert all(FEATURES[index].tellable for index in told[told >= 0])


def test_a_rule_gives_its_own_measures_that_hold(reference):
    """In the rule's order, those below their floor left out, what is usual never above the floor."""
    rows = np.zeros((1, len(FEATURES)), np.float32)
    rows[0, INDEX["pair_ports_60s"]] = np.log1p(40.0)
    rows[0, INDEX["unanswered_60s"]] = np.log1p(5.0)
    measures = {"unanswered_60s": 10.0, "pair_ports_60s": 12.0}
    for known in (None, reference):
        reasons = of_rule(rows, measures, known)
        assert reasons.features.shape == (1, TOLD)
        assert reasons.features[0].tolist() == [INDEX["pair_ports_60s"], -1, -1]
        assert reasons.values[0, 0] == pytest.approx(40.0, rel=1e-4)
        assert reasons.usual[0, 0] <= 12.0
    assert of_rule(rows, measures, None).usual[0, 0] == 12.0


def test_many_rows_at_once_equal_one_by_one(reference):
    """Vectorised over rows without mixing them."""
    random = np.random.default_rng(4)
    rows = np.abs(random.normal(size=(50, len(FEATURES)))).astype(np.float32) * 2
    whole = explain(rows, reference)
    for row in range(50):
        one = explain(rows[row : row + 1], reference)
        assert one.features[0].tolist() == whole.features[row].tolist()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.family)
def test_every_measure_of_a_rule_says_what_is_usual_unless_it_is_a_pause(reference, rule):
    """A floor of its own, or what the network shows; no sentence has a number that is none."""
    for name, floor in rule.measures.items():
        row = np.zeros((1, len(FEATURES)), np.float32)
        row[0, INDEX[name]] = FEATURES[INDEX[name]].stored(np.array(2 * floor))
        reasons = of_rule(row, rule.measures, reference)
        assert reasons.features[0, 0] == INDEX[name]
        words = reason_of(INDEX[name], float(reasons.values[0, 0]), float(reasons.usual[0, 0])).words
        assert "nan" not in words.split()
        assert ("usually" in words) == (FEATURES[INDEX[name]].unit != "s")
