"""`detect.listed`: a hit raises a score and a severity, is one reason, and never the headline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.incidents import a_reason, an_incident
from tests.helpers.named import CLIENT, batch_of, tcp
from tests.helpers.traffic import detection_of
from trafficdesk.detect.finding import Reason
from trafficdesk.detect.listed import FEATURE, GRAVER, RAISE, raised
from trafficdesk.packets.log import Verdict
from trafficdesk.session import AnalysisSession
from trafficdesk.threats import Matching
from trafficdesk.threats.threat_list import list_of

BAD, GOOD = "203.0.113.7", "198.51.100.1"
SCORES = st.one_of(st.just(float("nan")), st.floats(-5, 50, width=32))


@given(st.lists(SCORES, max_size=20))
def test_a_hit_alone_crosses_no_threshold(scores: list[float]) -> None:
    """A raised score is never lower, flags nothing that was not flagged, and keeps the order of those that were."""
    before = np.array(scores, np.float32)
    after = raised(before, np.ones(len(before), np.bool_))
    known = np.nan_to_num(before, nan=0.0)
    assert not np.isnan(after).any()
    assert (after >= np.minimum(known, after)).all()
    assert (after >= np.maximum(known, 0)).all()
    assert ((after > 1.0) == (known > 1.0)).all()
    assert (np.diff(after[np.argsort(known)]) >= 0).all()
    assert np.array_equal(raised(before, np.zeros(len(before), np.bool_)), before, equal_nan=True)


def a_session() -> AnalysisSession:
    """Eight rows, every other one of which goes to a listed address."""
    session = AnalysisSession(200_000)
    session.begin()
    one = list_of(BAD.encode(), name="Feodo", path=Path("Feodo.txt"), modified_s=1_000)
    session.log.identities.matching = Matching([one])
    frames = [tcp(CLIENT, BAD if number % 2 else GOOD, (40_000 + number, 443)) for number in range(8)]
    session.ingest(session.identifier.identify(batch_of(*frames)))
    session.listed._clock = lambda: 1_000 + 2.5 * 86_400
    return session


def test_scores_of_rows_that_were_analysed_rise() -> None:
    """What was not analysed has no score, listed or not."""
    session = a_session()
    session.next_for_analysis()
    detection = detection_of(0, 8)
    verdict = np.full(8, Verdict.SCORED, np.uint8)
    verdict[7] = Verdict.SKIPPED
    score = np.array([0.2, 0.2, np.nan, np.nan, 3.0, 3.0, 0.9, np.nan], np.float32)
    session.apply(replace(detection, score=score, verdict=verdict))
    stored = session.log.column("score", np.arange(8))
    wanted = [0.2, 0.2 + RAISE * 0.8, np.nan, RAISE, 3.0, 3.0 + RAISE, 0.9, np.nan]
    assert stored == pytest.approx(np.array(wanted), abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("reasons", [0, 1, 3])
def test_an_incident_with_hits_is_graver_and_says_why(reasons: int) -> None:
    """The hit stands behind what the detector found, among the first three, and the sentence stays the detector's."""
    session = a_session()
    session.next_for_analysis()
    detection = detection_of(0, 8, family=tuple(range(8)), incident=3)
    given_incident = replace(detection.incidents[0], severity=50, reasons=(a_reason(),) * reasons)
    update = session.apply(replace(detection, incidents=(given_incident,)))
    (incident,) = update.incidents
    assert incident.severity == 50 + GRAVER
    assert incident.sentence == given_incident.sentence
    place = [reason.feature for reason in incident.reasons].index(FEATURE)
    assert place == min(reasons, 2)
    hit = incident.reasons[place]
    assert hit == Reason(FEATURE, 4.0, "packets", 0.0, 0.0, "203.0.113.7 is on the list “Feodo” (2 days old)")


def test_an_incident_that_changes_keeps_its_hits() -> None:
    """The detector knows nothing of lists: what it says anew of an incident is completed anew, severity 100 at most."""
    session = a_session()
    session.next_for_analysis()
    detection = detection_of(0, 4, family=(0, 1, 2, 3), incident=3)
    first = replace(detection, incidents=(an_incident(id=3, severity=95),))
    assert session.apply(first).incidents[0].severity == 100
    later = detection_of(4, 1, family=(4,), incident=3)
    (incident,) = session.listed.judged(replace(later, incidents=(an_incident(id=3, severity=60),))).incidents
    assert incident.severity == 60 + GRAVER


def test_without_hits_nothing_changes() -> None:
    """The very same detection comes back."""
    session = AnalysisSession(200_000)
    session.begin()
    detection = detection_of(0, 8)
    assert session.listed.judged(detection) is detection


def test_sightings_are_counted() -> None:
    """For the summary: what was met, how often, from when to when."""
    session = a_session()
    session.next_for_analysis()
    session.apply(detection_of(0, 8))
    ((threat, seen),) = session.listed.sightings
    assert (threat.met, seen.packets) == (BAD, 4)
    times = session.log.column("timestamp_ns", np.array([1, 7])).tolist()
    assert [seen.first_ns, seen.last_ns] == times


def test_a_row_says_it() -> None:
    """Behind its reasons where it is flagged, and among who it is from."""
    session = a_session()
    hit = "203.0.113.7 is on the list “Feodo” (2 days old)"
    assert session.describer.sentence(1, "Odd: this.") == f"Odd: this. {hit}"
    assert session.describer.who(1) == hit
    assert session.describer.who(0) == ""
