"""Training needs enough, tests by incident, and says what it could not test."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.examples import a_model, clouds
from trafficdesk.classify.classifier import LEAST_LIKENESS, NORMAL, Kind, definitions
from trafficdesk.classify.examples import Examples
from trafficdesk.classify.training import by_capture, folds_of, train
from trafficdesk.errors import NotEnoughData


def together(*parts: Examples) -> Examples:
    names = [part.names[number] for part in parts for number in part.classes]
    groups = np.concatenate([part.groups + 10_000 * at for at, part in enumerate(parts)])
    return Examples.given(np.concatenate([part.values for part in parts]), names, groups)


def test_classes_that_differ_are_told_apart():
    """Clouds apart from each other are recognised in groups that were held out, and normal rows stay unsaid."""
    examples = clouds(NORMAL, "scan", "backup")
    model = train(examples, Kind.LABEL, seed=1)
    assert model.classes == (NORMAL, "backup", "scan")
    assert model.report.accuracy > 0.95
    assert all(one.groups == 4 and one.tested == one.rows == 120 for one in model.report.classes)
    said = model.say(examples.values)
    truth = np.array(examples.names)[examples.classes]
    told = said.number >= 0
    assert set(truth[~told]) <= {NORMAL}
    assert (np.array(model.classes)[said.number[told]] == truth[told]).mean() > 0.95
    assert (said.likeness[told] > LEAST_LIKENESS).all()


def test_noise_is_not_made_to_look_learnable():
    """Labels without meaning score near chance: no row is asked of a forest that saw its incident."""
    examples = clouds(NORMAL, "a", "b", groups=8)
    groups, values = examples.groups, np.random.default_rng(5)
    # Every group has a place of its own: by row this would be learned by heart.
    places = {group: values.normal(0, 5, examples.values.shape[1]) for group in np.unique(groups)}
    rows = np.array([places[group] for group in groups]) + values.normal(0, 0.1, examples.values.shape)
    model = train(
        Examples(rows.astype(np.float32), examples.classes, groups, examples.names), Kind.LABEL, seed=1
    )
    assert model.report.accuracy < 0.65


def test_the_same_seed_gives_the_same_model():
    """Determinism; another seed grows other trees."""
    examples = clouds(NORMAL, "scan", groups=3)
    one, two, other = (train(examples, Kind.LABEL, seed=seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(one.trees.threshold, two.trees.threshold)
    assert one.report == two.report
    assert (
        len(one.trees.threshold) != len(other.trees.threshold)
        or (one.trees.threshold != other.trees.threshold).any()
    )


def test_no_group_is_on_both_sides_and_both_of_two_are_asked_about():
    """Each fold's groups are its own; a class with two incidents has one shown while the other is asked about."""
    examples = together(clouds(NORMAL, groups=9), clouds("scan", groups=2), clouds("flood", groups=1))
    fold, alone = folds_of(examples)
    assert [examples.names[number] for number in alone] == ["flood"]
    for group in np.unique(examples.groups):
        assert len(np.unique(fold[examples.groups == group])) == 1
    scan = examples.classes == examples.names.index("scan")
    assert len(np.unique(fold[scan])) == 2
    assert (fold[examples.classes == alone[0]] == -1).all()
    assert set(fold[fold >= 0]) == set(range(int(fold.max()) + 1))


def test_a_single_incident_is_learned_but_not_tested():
    """Its scores are unknown, not zero and not perfect, and a sentence says so."""
    examples = together(clouds(NORMAL, "scan"), clouds("flood", groups=1, rows=60))
    report = train(examples, Kind.LABEL, seed=1).report
    flood = next(one for one in report.classes if one.name == "flood")
    assert (flood.tested, flood.precision, flood.recall, flood.f1) == (0, None, None, None)
    assert any("flood" in note and "not tested" in note for note in report.notes)


@pytest.mark.parametrize(
    ("examples", "missing"),
    [
        (clouds("scan", "backup"), "50 normal rows"),
        (clouds(NORMAL, groups=4), "2 labelled incidents"),
        (together(clouds(NORMAL), clouds("scan", groups=1, rows=60)), "there is 1"),
        (together(clouds(NORMAL), clouds("scan", groups=4, rows=5)), "there are 0"),
    ],
)
def test_too_little_says_what_is_missing(examples, missing):
    """No classifier of nothing: the sentence counts what there is and what is needed."""
    with pytest.raises(NotEnoughData, match=missing):
        train(examples, Kind.LABEL, seed=1)


def test_a_rare_name_is_left_out_and_said():
    """Fewer than fifty rows don't make a class."""
    examples = together(clouds(NORMAL, "scan"), clouds("rare", groups=2, rows=10))
    model = train(examples, Kind.LABEL, seed=1)
    assert "rare" not in model.classes
    assert any("“rare” (20)" in note for note in model.report.notes)


def test_applications_need_conversations():
    """Rows of few conversations don't make a protocol."""
    width = len(definitions(Kind.PROTOCOL))
    with pytest.raises(NotEnoughData, match="20 conversations"):
        train(clouds("DNS", "TLS", groups=19, width=width), Kind.PROTOCOL, seed=1)
    assert a_model(Kind.PROTOCOL).report.held_out == "conversations"


def test_captures_held_out_are_said_in_a_sentence():
    """Where there are several; of one capture nothing can be held out."""
    width = len(definitions(Kind.PROTOCOL))
    examples = clouds("DNS", "TLS", groups=20, rows=4, width=width)
    assert "of 10 captures right" in by_capture(examples, examples.groups % 10, seed=1)
    assert not by_capture(examples, np.zeros(len(examples), np.int64), seed=1)


def test_few_trees_that_find_a_row_normal_decide_as_all_do():
    """Asking a few trees first changes nothing that is said of clear rows."""
    model = a_model()
    rows = clouds(NORMAL, "scan", "backup", seed=9).values
    votes = model.probabilities(rows)
    normal = model.classes.index(NORMAL)
    said = model.say(rows).number
    clear = votes.max(axis=1) > 0.6
    np.testing.assert_array_equal(
        said[clear], np.where(votes.argmax(axis=1) == normal, -1, votes.argmax(axis=1))[clear]
    )
