"""What a person says of flags: what follows, that it is only that, and that it can be taken back to the bit."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.correcting import (
    QUICK,
    analysed,
    in_parts,
    incident_label,
    labels_of_every_incident,
    rows_of_incident,
    with_incidents,
)
from trafficdesk.detect.correction_questions import Hear, LookAt, WhatIf, subject_of
from trafficdesk.detect.corrections import CALMED_SCORE, RAISED, Corrections, Once
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.labels import MAX_ROWS, Stance
from trafficdesk.export.corrections_json import CorrectionFile
from trafficdesk.packets.log import FLAGGED, Verdict


@pytest.fixture(scope="module")
def traffic():
    """Everyday traffic with a scan, a sweep, an upload and odd packets."""
    return with_incidents(seed=4).batch()


@given(seed=st.integers(0, 10_000), other_seed=st.integers(0, 100), size=st.sampled_from([333, 1_000, 9_000]))
@settings(max_examples=5, deadline=None)
def test_what_is_expected_is_flagged_no_more(tmp_path_factory, seed, other_seed, size):
    """The same traffic again, after a restart, with other refits and other batches, gives none of those flags."""
    batch = with_incidents(seed=seed).batch()
    session, detector = analysed(batch)
    corrections = labels_of_every_incident(session, detector, Stance.EXPECTED)
    labelled = np.concatenate([rows_of_incident(session, one.id) for one in session.incidents])
    assert len(labelled) > 20
    file = CorrectionFile(tmp_path_factory.mktemp("kept") / "corrections.json")
    file.save(corrections)
    kept, warnings = file.load()
    assert not warnings
    again = Detector(replace(QUICK, seed=other_seed))
    again.corrections = kept
    verdict = np.concatenate([step.verdict for step in in_parts(again, batch, size)])
    assert not (verdict[labelled] & FLAGGED).any()
    # With the model of before nothing is flagged that was not flagged then, and every flag that is gone is counted.
    same = Detector(QUICK)
    same.corrections = kept
    after = same.process(batch).verdict
    before = Detector(QUICK).process(batch).verdict
    gone = ((before & FLAGGED) != 0) & ((after & FLAGGED) == 0)
    np.testing.assert_array_equal(gone, (after & np.uint8(Verdict.SUPPRESSED)) != 0)
    assert not (((after & FLAGGED) != 0) & ((before & FLAGGED) == 0)).any()


def test_taking_back_restores_every_score(traffic):
    """Bit by bit, of what was judged before, while it held, and of what comes after."""
    third = len(traffic) // 3
    parts = [traffic.slice(0, third), traffic.slice(third, 2 * third), traffic.slice(2 * third, len(traffic))]
    plain, _ = analysed(traffic, parts)
    held = labels_of_every_incident(*analysed(traffic), Stance.EXPECTED)
    session, detector = analysed(traffic, parts[:1])
    session.recall.correct(held, _told(detector, held))
    _go_on(session, detector, parts[1])
    ids = np.arange(session.log.end_id)
    assert (session.log.column("verdict", ids) & np.uint8(Verdict.SUPPRESSED)).any()
    nothing = Corrections((), 99)
    session.recall.correct(nothing, _told(detector, nothing))
    _go_on(session, detector, parts[2])
    _assert_same(session, plain)


def test_taking_back_that_something_is_suspicious_restores_scores(traffic):
    """Also where it was expected before, and of rows that were flagged for it alone."""
    plain, detector = analysed(traffic)
    session, _ = analysed(traffic)
    expected = labels_of_every_incident(plain, detector, Stance.EXPECTED)
    bad = labels_of_every_incident(plain, detector, Stance.SUSPICIOUS, number=len(expected) + 1)
    for held in (bad, Corrections((*expected.entries, *bad.entries[:1]), 99)):
        session.recall.correct(held, _told(detector, held))
        ids = np.arange(session.log.end_id)
        assert (session.log.column("verdict", ids) & np.uint8(Verdict.KNOWN_BAD)).any()
    nothing = Corrections((), 99)
    session.recall.correct(nothing, _told(detector, nothing))
    _assert_same(session, plain)
    again, _ = analysed(traffic, corrections=bad)
    again.recall.correct(nothing, (np.empty(0, np.int64), np.empty(0, np.int32)))
    assert again.recall.suppressed_rows == 0
    verdict = again.log.column("verdict", np.arange(again.log.end_id))
    assert not (verdict & np.uint8(Verdict.KNOWN_BAD)).any()


def test_what_is_suspicious_is_never_learned_from(traffic):
    """Whatever the window holds, no fit sees rows like it; taken back, every fit does."""
    session, detector = analysed(traffic)
    bad = labels_of_every_incident(session, detector, Stance.SUSPICIOUS)
    labelled = LookAt(rows_of_incident(session, session.incidents[0].id)).answered(detector).rows
    ordinary = detector.memory.ordinary.values
    mixed = np.concatenate([ordinary, labelled.values])
    taught = bad.taught(mixed)
    assert not bad.taught(labelled.values[labelled.values.any(axis=1)]).size
    assert len(taught) >= 0.95 * len(ordinary)
    np.testing.assert_array_equal(Corrections().taught(mixed), mixed)
    seen = []
    detector.corrections = bad
    fits = detector._learner.taught
    detector._learner.taught = lambda rows: seen.append(len(rows)) or fits(np.concatenate([rows, mixed]))
    detector.refit_now()
    assert detector.model_in_force.rows <= seen[-1] + len(taught)


def test_the_past_follows_at_once(traffic):
    """Rows judged before score below the line, their incident is told of no more, and is counted."""
    session, detector = analysed(traffic)
    told = session.incidents[0]
    flagged = session.flagged
    rows = rows_of_incident(session, told.id)
    held = Corrections().with_entries(incident_label(session, detector, told, Stance.EXPECTED))
    session.recall.correct(held, _told(detector, held))
    assert (session.log.column("score", rows) <= CALMED_SCORE).all()
    assert told.id not in {one.id for one in session.incidents}
    assert told.id in {one.id for one in session.suppressed_incidents}
    assert flagged - session.flagged == session.recall.suppressed_rows >= len(rows)
    assert session.recall.hits()[held.entries[0].number] == session.recall.suppressed_rows


def test_the_preview_tells_what_then_happens(traffic):
    """As many rows are calmed as was said, and rows known to be bad are counted among them."""
    session, detector = analysed(traffic)
    incident = session.incidents[0]
    expected = Corrections().with_entries(incident_label(session, detector, incident, Stance.EXPECTED))
    preview = WhatIf(expected).answered(detector)
    assert preview.known_bad == 0
    bad = Corrections().with_entries(incident_label(session, detector, incident, Stance.SUSPICIOUS))
    before = session.flagged
    session.recall.correct(expected, _told(detector, expected))
    assert before - session.flagged == preview.calmed > 0
    detector.corrections = bad
    both = bad.with_entries(replace(expected.entries[0], number=2))
    after = WhatIf(both).answered(detector)
    assert after.known_bad == after.calmed == preview.calmed


def test_one_host_is_meant_until_several_were(traffic):
    """What is expected of one host is not expected of another; said of four, it is expected of everybody."""
    session, detector = analysed(traffic)
    scan = next(one for one in session.incidents if one.family == "port scan")
    label = incident_label(session, detector, scan, Stance.EXPECTED)
    subject = subject_of(LookAt(rows_of_incident(session, scan.id)).answered(detector).rows)
    subject = subject.where(subject.family == label.rows.family[0])
    assert (Corrections((label,), 1).spoken(subject) == 1).all()
    elsewhere = replace(subject, source=subject.source + 1, destination=subject.destination + 1)
    assert not Corrections((label,), 1).spoken(elsewhere).any()
    several = tuple(
        replace(label, number=number, culprit_key=number, pairs=np.array([number])) for number in range(1, 5)
    )
    assert not Corrections(several[:3], 4).spoken(elsewhere).any()
    assert Corrections(several, 4).spoken(elsewhere).all()


@pytest.mark.parametrize(("peers", "whomever"), [(2, False), (3, True)])
def test_a_finding_with_some_peers_is_expected_with_whomever(traffic, peers, whomever):
    """A cloud's servers change their addresses: it is the culprit's way, though never another host's."""
    session, detector = analysed(traffic)
    scan = next(one for one in session.incidents if one.family == "port scan")
    label = incident_label(session, detector, scan, Stance.EXPECTED)
    subject = subject_of(LookAt(rows_of_incident(session, scan.id)).answered(detector).rows)
    subject = subject.where(subject.family == label.rows.family[0])
    corrections = Corrections((replace(label, pairs=np.arange(1, 1 + peers)),), 1)
    assert (corrections.spoken(subject) == whomever).all()
    strangers = replace(subject, source=subject.source + 1, destination=subject.destination + 1)
    assert not corrections.spoken(strangers).any()


def test_what_is_clearly_more_is_flagged_again(traffic):
    """Expected is what was seen, not whatever bears its name."""
    session, detector = analysed(traffic)
    scan = next(one for one in session.incidents if one.family == "port scan")
    label = incident_label(session, detector, scan, Stance.EXPECTED)
    subject = subject_of(LookAt(rows_of_incident(session, scan.id)).answered(detector).rows)
    subject = subject.where(subject.family == label.rows.family[0])
    more = replace(subject, values=subject.values + np.float32(1.0))
    corrections = Corrections((label,), 1)
    assert (corrections.spoken(subject) == 1).all()
    assert corrections.spoken(more)[subject.values[:, 0].argmax()] == 0


def test_suspicious_raises_what_is_like_it(traffic):
    """Its rows and later ones like them score more, are flagged and named; expected ones may not hide them."""
    session, detector = analysed(traffic)
    odd = session.incidents[-1]
    bad = Corrections().with_entries(incident_label(session, detector, odd, Stance.SUSPICIOUS))
    raised = Detector(QUICK)
    raised.corrections = bad
    said = raised.process(traffic)
    known = (said.verdict & np.uint8(Verdict.KNOWN_BAD)) != 0
    assert known[rows_of_incident(session, odd.id)].all()
    assert (said.score[known] >= 1.0 + RAISED).all()
    assert (said.verdict[known] & FLAGGED).all()
    assert known.sum() <= 2 * odd.packets
    np.testing.assert_array_equal(said.corrected_ids, np.flatnonzero(known))
    np.testing.assert_allclose(said.score[known], np.fmax(said.plain_score, 1.0) + RAISED, rtol=1e-6)


def test_just_this_once_teaches_nothing(traffic):
    """The incident is gone from the list, its later rows too; another capture knows nothing of it."""
    session, _ = analysed(traffic)
    told = session.incidents[0]
    once = Once(1, told.id, rows_of_incident(session, told.id), "Port scan", 0)
    held = Corrections().with_entries(once)
    session.recall.correct(held, (np.empty(0, np.int64), np.empty(0, np.int32)))
    assert told.id in {one.id for one in session.suppressed_incidents}
    assert not held.detector_part().entries
    session.begin()
    assert not session.recall.corrections.entries
    assert session.recall.corrections.last_number == 1


def test_a_label_keeps_few_rows_and_survives_the_border(traffic):
    """At most `MAX_ROWS`, and pickled it says the same."""
    session, detector = analysed(traffic)
    corrections = labels_of_every_incident(session, detector, Stance.EXPECTED)
    assert all(0 < len(label.rows) <= MAX_ROWS for label in corrections.labels)
    subject = subject_of(detector.memory.flagged)
    copy = pickle.loads(pickle.dumps(corrections))
    np.testing.assert_array_equal(copy.spoken(subject), corrections.spoken(subject))


def _assert_same(session, plain):
    ids = np.arange(plain.log.end_id)
    for name in ("score", "verdict"):
        np.testing.assert_array_equal(session.log.column(name, ids), plain.log.column(name, ids))
    assert session.flagged == plain.flagged
    assert session.recall.suppressed_rows == 0


def _told(detector, corrections):
    heard = Hear(corrections.detector_part()).answered(detector)
    return heard.ids, heard.spoken


def _go_on(session, detector, batch):
    session.ingest(batch)
    while (rows := session.next_for_analysis()) is not None:
        session.apply(detector.process(rows))
