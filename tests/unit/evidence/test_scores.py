"""Scores reproduce: from the models and features in an evidence come the very scores that were told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from trafficdesk.detect.corrections import corrected
from trafficdesk.detect.forest import forest_of
from trafficdesk.detect.listed import raised
from trafficdesk.detect.plain_model import PlainModel
from trafficdesk.detect.proof import EQUAL, ProofQuestion, follows
from trafficdesk.evidence.bundle import bundle
from trafficdesk.evidence.opening import opened
from trafficdesk.evidence.verifying import Verification
from trafficdesk.packets.log import FLAGGED, Verdict
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.helpers.analysed import Analysed
    from trafficdesk.evidence.recording import Recording


@pytest.fixture
def recording(analysed_sample: Analysed, tmp_path: Path) -> Recording:
    """Of the port scan."""
    path = tmp_path / "scan.zip"
    bundle(path, analysed_sample.scene(), analysed_sample.incident("port scan"))
    found = opened(path).recording
    assert found is not None
    return found


def test_a_plain_model_says_the_same_to_the_bit(analysed_sample: Analysed) -> None:
    """Arrays walked by numpy give the numbers of scikit-learn's trees, the long memory's forest included."""
    rows = analysed_sample.detector.memory.ordinary.values[:5_000]
    model = analysed_sample.detector.model_in_force
    assert model is not None
    older = forest_of(rows[::-3], DetectionSettings(), 99)
    for one in (model, replace(model, older=older)):
        assert np.array_equal(PlainModel.of(one).z(rows), one.z(rows))


def test_every_score_reproduces(analysed_sample: Analysed, tmp_path: Path) -> None:
    """Of every incident of the sample: what was told is what its models say again, and all flagged rows are among them."""
    session = analysed_sample.session
    assert session.incidents
    for incident in session.incidents:
        path = tmp_path / f"{incident.id}.zip"
        saved = bundle(path, analysed_sample.scene(), incident)
        evidence = opened(path)
        verification = Verification.of(evidence.recording)
        assert evidence.packets == saved.packets
        assert verification.holds
        assert verification.largest_difference == 0.0
        told = evidence.recording
        flagged = told.ids[(told.verdict & FLAGGED) != 0]
        assert np.isin(flagged, told.proof.ids).all()
        assert verification.compared >= len(flagged) > 0
        assert np.array_equal(told.score, session.log.column("score", told.ids), equal_nan=True)
        assert np.array_equal(told.verdict, session.log.column("verdict", told.ids))


def test_the_incident_comes_back_as_it_was(analysed_sample: Analysed, tmp_path: Path) -> None:
    """Sentence, reasons, timeline and all; but it is no news."""
    session = analysed_sample.session
    for incident in session.incidents:
        bundle(tmp_path / "one.zip", analysed_sample.scene(), incident)
        again = opened(tmp_path / "one.zip").incident
        shown = replace(incident, announced=0, first_packet_id=0)
        assert repr(again) == repr(shown)  # NaN is not itself


def test_a_score_that_was_made_up_is_noticed(recording: Recording) -> None:
    """One row with another score does not hold."""
    score = recording.score.copy()
    at = int(np.searchsorted(recording.ids, recording.proof.ids[7]))
    score[at] += np.float32(0.01)
    verification = Verification.of(replace(recording, score=score))
    assert not verification.holds
    assert verification.compared - verification.equal == 1
    assert "1 of" in verification.words


def test_another_model_is_noticed(recording: Recording) -> None:
    """A forest whose threshold was moved gives other scores."""
    model = recording.proof.models[0]
    moved = replace(model, recent=replace(model.recent, line=model.recent.line + 0.01))
    proof = replace(recording.proof, models=(moved, *recording.proof.models[1:]))
    assert not Verification.of(replace(recording, proof=proof)).holds


def test_without_a_detector_nothing_is_claimed(analysed_sample: Analysed, tmp_path: Path) -> None:
    """Where nobody can be asked, the evidence has no models and says that no score could be computed again."""
    session = analysed_sample.session
    scene = replace(analysed_sample.scene(), ask=lambda *_: False)
    bundle(tmp_path / "one.zip", scene, session.incidents[0])
    verification = Verification.of(opened(tmp_path / "one.zip").recording)
    assert (verification.compared, verification.holds) == (0, True)
    assert "No score could be computed again" in verification.words


def test_what_a_person_or_a_list_changed_still_follows() -> None:
    """Calmed, suspicious and listed rows follow from the detector's score, in whichever order they were heard."""
    plain = np.array([0.2, 0.9, 1.4, 3.0], np.float32)
    every, none = np.ones(4, np.bool_), np.zeros(4, np.uint8)
    assert (follows(plain, none, plain) == 0).all()
    assert (follows(raised(plain, every), none, plain) == 0).all()
    for spoken, bit in ((1, Verdict.SUPPRESSED), (-1, Verdict.KNOWN_BAD)):
        said = np.full(4, spoken, np.int32)
        verdict = np.full(4, bit, np.uint8)
        for told in (
            corrected(plain, none, said)[0],
            raised(corrected(plain, none, said)[0], every),
            corrected(raised(plain, every), none, said)[0],
        ):
            assert (follows(told, verdict, plain) <= EQUAL).all()
    assert (follows(plain + np.float32(0.02), none, plain) > EQUAL).all()


def test_a_row_without_a_score_is_not_one_with(recording: Recording) -> None:
    """A score where the model has none, and none where it has one, do not follow."""
    nothing = np.array([np.nan], np.float32)
    one, none = np.ones(1, np.float32), np.zeros(1, np.uint8)
    assert follows(nothing, none, nothing)[0] == 0
    assert follows(one, none, nothing)[0] > EQUAL
    assert follows(nothing, none, one)[0] == np.inf


def test_only_what_is_remembered_is_proven(analysed_sample: Analysed) -> None:
    """A packet that the detector never saw is in no proof; models are few."""
    proof = ProofQuestion(np.array([10**12])).answered(analysed_sample.detector)
    assert len(proof) == 0
    whole = ProofQuestion(np.arange(analysed_sample.session.log.end_id)).answered(analysed_sample.detector)
    assert 0 < len(whole.models) <= 4
    assert np.isin(whole.model, [0, *(model.record.number for model in whole.models)]).all()
