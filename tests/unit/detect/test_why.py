import pickle
from itertools import pairwise

import numpy as np
import pytest

from tests.helpers.planted import SYN, Traffic
from trafficdesk.detect.behaviours import BEHAVIOURS, OF_FEATURE
from trafficdesk.detect.combination import PER_MOMENT, Combinations, combination
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.explanation import explain
from trafficdesk.detect.forest import fit
from trafficdesk.detect.memory import RememberedRows
from trafficdesk.detect.process import AnalysisProcess
from trafficdesk.detect.rules import RULES
from trafficdesk.detect.shelf import KEPT, ModelShelf
from trafficdesk.detect.why_question import WhyQuestion, named_by, unusual
from trafficdesk.features import FEATURES, INDEX
from trafficdesk.packets.log import Verdict
from trafficdesk.settings import DetectionSettings


@pytest.fixture(scope="module")
def window():
    """Rows like those of a quiet network: every feature somewhere between 0 and 3."""
    random = np.random.default_rng(2)
    return random.uniform(0, 3, (3_000, len(FEATURES))).astype(np.float32)


@pytest.fixture(scope="module")
def model(window):
    return fit(window, DetectionSettings(), 1)


@pytest.fixture
def detector(model):
    made = Detector(DetectionSettings())
    made._learner.model = model
    made.models.keep(model)
    return made


def remember(detector, row, *, family, score=2.0, packet_id=7, number=1):
    rows = RememberedRows(
        np.array([packet_id]),
        row[None],
        np.zeros(1, np.int64),
        np.zeros(1, np.int64),
        np.zeros(1),
        np.array([score], np.float32),
        np.array([family], np.uint8),
        np.array([number], np.int32),
    )
    detector.memory.add(rows, np.array([True]))


def raised(model, names, by=6.0):
    row = model.reference.median.copy()
    for name in names:
        row[BEHAVIOURS[OF_FEATURE[INDEX[name]]].columns] += by
    return row


UNUSUAL = len(RULES) + 1


def asked(detector, packet_id=7):
    return pickle.loads(pickle.dumps(WhyQuestion(np.array([packet_id])).answered(detector)))


def test_the_limit_is_the_models_own(detector, model):
    """Below it the model that flagged the row finds it usual, a little above it does not."""
    row = raised(model, ["dns_names_60s"])
    assert unusual(model)(row[None])[0]
    remember(detector, row, family=UNUSUAL)
    why = asked(detector)
    reason = why.reasons[0]
    assert FEATURES[reason.feature].behaviour == "dns_names"
    assert reason.what_if.startswith("Would be usual below")
    columns = BEHAVIOURS[OF_FEATURE[reason.feature]].columns
    stored = FEATURES[reason.feature].stored(np.array(reason.limit))
    share = (row[reason.feature] - stored) / (row[reason.feature] - model.reference.median[reason.feature])
    for step, flagged in ((1e-4, False), (-2e-3, True)):
        tried = row.copy()
        tried[columns] += (share + step) * (model.reference.median[columns] - row[columns])
        assert unusual(model)(tried[None])[0] == flagged
    assert why.enough == ()
    assert why.told_by == why.judged_by == 1


def test_where_one_change_is_not_enough_it_says_why_and_what_would_be(detector, model):
    """Two behaviours far out: each names the other, and together they have a limit."""
    row = raised(model, ["dns_names_60s", "icmp_out_60s"], by=9.0)
    remember(detector, row, family=UNUSUAL)
    why = asked(detector)
    told = {FEATURES[reason.feature].behaviour: reason for reason in why.reasons}
    assert set(told) >= {"dns_names", "icmp_out"}
    assert "ICMP" in told["dns_names"].because[0]
    assert told["dns_names"].what_if.startswith("Unusual even at ")
    assert {FEATURES[index].behaviour for index, _ in why.enough} == {"dns_names", "icmp_out"}
    tried = row.copy()
    for index, value in why.enough:
        columns = BEHAVIOURS[OF_FEATURE[index]].columns
        stored = FEATURES[index].stored(np.array(value))
        share = (row[index] - stored) / (row[index] - model.reference.median[index])
        tried[columns] += (share + 1e-4) * (model.reference.median[columns] - row[columns])
    assert not unusual(model)(tried[None])[0]
    assert "all of this together" in why.what_if


def test_a_rules_row_is_usual_below_the_rules_floor(detector, model):
    """As many ports as the rule names a scan at: one fewer would not be one; that goes without a model, too."""
    for number, known in ((1, model), (0, None)):
        detector._learner.model = known
        row = model.reference.median.copy() if known else np.zeros(len(FEATURES), np.float32)
        row[INDEX["pair_ports_60s"]] = np.log1p(40.0)
        row[INDEX["unanswered_60s"]] = np.log1p(15.0)
        remember(detector, row, family=1, number=number, packet_id=number)
        why = asked(detector, number)
        assert why.family == "port scan"
        assert FEATURES[why.reasons[0].feature].name == "pair_ports_60s"
        assert why.reasons[0].limit == pytest.approx(12.0, rel=5e-3)
        assert why.reasons[0].limit <= 12.0
        assert why.unusual_today
    assert why.told_by == 0
    assert np.isnan(why.reasons[0].share)


def reaching(rule, names):
    row = np.zeros(len(FEATURES), np.float32)
    for name in names:
        row[INDEX[name]] = FEATURES[INDEX[name]].stored(np.array(2 * rule.measures[name]))
    return row


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.family)
def test_a_rule_that_holds_in_one_of_several_ways_is_calmed_by_any_measure_of_that_way(rule):
    """With the floors of one way reached each of its measures is needed; with all ways reached, no single measure is
    that isn't part of every way."""
    ways = rule.ways or (tuple(rule.measures),)
    assert {name for way in ways for name in way} == set(rule.measures)
    for way in ways:
        row = reaching(rule, way)
        holds = named_by(rule, row)
        assert holds(row[None])[0]
        for name in way:
            assert not holds(np.where(np.arange(len(row)) == INDEX[name], 0, row)[None])[0]
    row = reaching(rule, rule.measures)
    holds = named_by(rule, row)
    for name in rule.measures:
        needed = all(name in way for way in ways)
        assert holds(np.where(np.arange(len(row)) == INDEX[name], 0, row)[None])[0] != needed


def test_what_is_another_thing_does_not_move_along(detector):
    """How many connections were evenly spaced has a limit of its own, and how far apart they were another."""
    beacon = next(number for number, rule in enumerate(RULES) if rule.family == "beacon") + 1
    detector._learner.model = None
    row = np.zeros(len(FEATURES), np.float32)
    for name, value in (
        ("beat_count", 12.0),
        ("beat_mean", 60.0),
        ("beacon_gaps", 1.0),
        ("beacon_score", 0.0),
    ):
        row[INDEX[name]] = FEATURES[INDEX[name]].stored(np.array(value))
    remember(detector, row, family=beacon, number=0)
    limits = {FEATURES[reason.feature].name: reason.unnamed for reason in asked(detector).reasons}
    assert limits["beat_count"] == pytest.approx(6.0, rel=0.01)
    assert limits["beat_mean"] == pytest.approx(1.5, rel=0.02)


def test_of_several_rows_the_one_that_stands_out_most_is_explained(detector, model):
    """An incident is explained by its strongest row; what is not remembered has no explanation."""
    for packet_id, score in ((3, 1.2), (4, 3.4), (5, 2.0)):
        row = raised(model, ["dns_names_60s"])
        remember(detector, row, family=UNUSUAL, score=score, packet_id=packet_id)
    assert WhyQuestion(np.array([3, 4, 5])).answered(detector).packet_id == 4
    assert WhyQuestion(np.array([99])).answered(detector) is None
    assert WhyQuestion(np.empty(0, np.int64)).answered(detector) is None


def test_it_says_whether_it_would_be_flagged_today(detector, model, window):
    """After the network has learned that behaviour, the row is no longer unusual; the explanation stays the old model's."""
    row = raised(model, ["dns_names_60s"])
    remember(detector, row, family=UNUSUAL)
    assert asked(detector).today.startswith("still unusual today")
    wider = window.copy()
    wider[::2, BEHAVIOURS[OF_FEATURE[INDEX["dns_names_60s"]]].columns] += 6.0
    detector._learner.model = fit(wider, DetectionSettings(), 2)
    why = asked(detector)
    assert why.today.startswith("no longer unusual today")
    assert why.told_by == 1


def test_a_model_that_has_gone_is_replaced_by_the_one_in_force(detector, model):
    """The answer says that it is another one."""
    row = raised(model, ["dns_names_60s"])
    remember(detector, row, family=UNUSUAL, number=77)
    why = asked(detector)
    assert (why.judged_by, why.told_by) == (77, 1)


def test_a_row_that_nothing_flags_any_more_has_no_limit(detector, model):
    """Flagged by a model that has gone, or for a person's word: it says so, and claims no limit."""
    remember(detector, model.reference.median, family=UNUSUAL, number=77)
    why = asked(detector)
    assert not why.holds
    assert "earlier model" in why.what_if
    assert not any(reason.what_if for reason in why.reasons)


def test_without_any_model_left_there_is_no_answer_but_no_fault_either(detector, model):
    """The network changed: what an old model flagged can't be explained any more."""
    remember(detector, raised(model, ["dns_names_60s"]), family=UNUSUAL, number=77)
    detector._learner.model = None
    assert asked(detector) is None


def test_the_shelf_is_bounded(model):
    """The models that flagged last stay."""
    from dataclasses import replace

    shelf = ModelShelf()
    for number in range(1, 3 * KEPT):
        shelf.keep(replace(model, record=replace(model.record, number=number)))
    assert [number for number in range(3 * KEPT) if shelf.model(number)] == list(range(2 * KEPT, 3 * KEPT))


def test_an_unusual_combination_is_named_by_what_it_would_be_usual_without():
    """Large packets are usual, and so are long pauses, but never both: the two together are told."""
    random = np.random.default_rng(5)
    rows = np.zeros((6_000, len(FEATURES)), np.float32)
    a, b = INDEX["length"], INDEX["gap_mean"]
    rows[:, [a, b]] = random.normal(2, 0.1, (6_000, 2))
    rows[::6, a] += 6
    rows[1::6, b] += 6
    model = fit(rows, DetectionSettings(trees=200, samples=512), 1)
    odd = model.reference.median.copy()
    odd[a] = odd[b] = 8.0
    assert explain(odd[None], model.reference).together[0]
    reasons = combination(odd[None], model)
    assert set(reasons.features[0, :2].tolist()) == {a, b}
    assert reasons.features[0, 2] == -1
    assert reasons.together[0]


def test_ablation_is_bounded_per_moment_however_rows_are_cut(model):
    """The same rows in one call or in many: the same ones are refined, at most so many within a moment."""
    random = np.random.default_rng(6)
    values = random.uniform(0.4, 2.6, (80, len(FEATURES))).astype(np.float32)
    seconds = np.linspace(0, 1, 80)

    def refined(cuts):
        state, out = Combinations(), []
        for start, stop in pairwise(cuts):
            reasons = explain(values[start:stop], model.reference)
            assert reasons.together.all()
            state.refine(reasons, values[start:stop], seconds[start:stop], model)
            out.append(reasons.features)
        return np.concatenate(out)

    plain = explain(values, model.reference).features
    whole = refined([0, 80])
    assert np.array_equal(whole, refined([0, 3, 30, 31, 80]))
    assert np.array_equal(whole[PER_MOMENT:], plain[PER_MOMENT:])
    assert not np.array_equal(whole[:PER_MOMENT], plain[:PER_MOMENT])


def test_asked_through_the_process_of_a_real_capture():
    """Every incident of the sample can be explained, while its model is kept with the reasons that were told then."""
    from trafficdesk.capture.pcap_file import CaptureFile
    from trafficdesk.decode import decode
    from trafficdesk.detect.findings import FindingLog
    from trafficdesk.paths import sample_capture

    process = AnalysisProcess(DetectionSettings())
    process.start()
    log = FindingLog()
    try:
        rows = {}
        with CaptureFile(sample_capture()) as capture:
            for block in capture.blocks():
                detection = process.analyse(decode(block))
                log.add(detection)
                flagged = detection.verdict & (Verdict.FAMILY | Verdict.UNUSUAL) != 0
                for number in np.unique(detection.incident[flagged]).tolist():
                    ids = detection.row_ids[(detection.incident == number) & flagged]
                    rows.setdefault(number, []).append(ids)
        assert rows
        by_its_own = 0
        for number, parts in rows.items():
            if number == 0:
                continue
            why = process.ask(WhyQuestion(np.concatenate(parts)))
            assert why is not None
            assert any(reason.what_if for reason in why.reasons) or not why.holds
            if why.told_by == why.judged_by:
                by_its_own += 1
                told = [reason.feature for reason in log.reasons_of(why.packet_id)]
                assert [FEATURES[reason.feature].name for reason in why.reasons] == told
        assert by_its_own
    finally:
        process.stop()


def test_a_scan_before_the_first_model_is_explained_by_its_floors():
    """Rules only: no sample to draw, but where the floor is."""
    traffic = Traffic()
    for port in range(60):
        traffic.tcp(port * 0.01, "10.0.0.66", 50_000, "10.0.0.2", 1_000 + port, SYN)
    detector = Detector(DetectionSettings())
    detection = detector.process(traffic.batch())
    why = WhyQuestion(detection.flagged_ids).answered(detector)
    assert why.judged_by == why.told_by == 0
    assert not len(why.reasons[0].sample)
    assert why.reasons[0].what_if == "Would be usual below 12."
    assert why.today == "its rule would name it today as well"
