"""`detect.stretch`: how much is looked at follows from what was measured, and what is kept knows its place."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.crafted import a_batch
from tests.helpers.planted import RST, SYN, ordinary
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.stretch import LAG_S, LONGEST, STEP_ROWS, AnalysisPace, Answer, Stretch
from trafficdesk.features import FEATURES, INDEX, FeatureExtractor
from trafficdesk.packets import PacketBatch
from trafficdesk.packets.log import CHUNK_ROWS, FLAGGED, Verdict
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import DetectionSettings

QUICK = DetectionSettings(warm_up_rows=1_000, refit_rows=500, trees=25, samples=64, seed=7)
SCANNER, VICTIM = "10.9.9.9", "192.168.7.12"


@pytest.fixture(scope="module")
def busy() -> PacketBatch:
    """Everyday traffic with a port scan in it, and a download ten times as many packets beside it."""
    traffic = ordinary(60, seed=4)
    for port in range(120):
        traffic.tcp(40 + port * 0.02, SCANNER, 40_000 + port, VICTIM, 1_000 + port, SYN)
        traffic.tcp(40.001 + port * 0.02, VICTIM, 1_000 + port, SCANNER, 40_000 + port, RST)
    for number in range(25_000):
        ends = ("93.184.0.9", 443, "192.168.7.11", 50_123)
        if number % 3 == 2:
            traffic.tcp(number * 0.002, *ends[2:], *ends[:2], length=60)
        else:
            traffic.tcp(number * 0.002, *ends, length=1_514)
    return traffic.batch()


def forced(batch: PacketBatch, rows: int, kept: int) -> AnalysisSession:
    """A session whose analysis keeps `kept` of every `rows`."""
    session, detector = AnalysisSession(), Detector(QUICK)
    session.begin()
    session.ingest(batch)
    while (stretch := session._next(rows, kept)) is not None:
        session.apply(detector.process(stretch.batch()))
    return session


def test_without_a_measurement_nothing_is_left_out() -> None:
    """Whatever waits, the first step keeps all it spans."""
    assert AnalysisPace().next_step(10) == (10, 10)
    assert AnalysisPace().next_step(1_000_000) == (STEP_ROWS, STEP_ROWS)


def test_what_can_be_analysed_soon_may_wait() -> None:
    """A burst that is caught up with within `LAG_S` is analysed whole; beyond, stretches grow and steps do not."""
    pace = AnalysisPace()
    pace.measured(20_000, 1.0)
    soon = int(20_000 * LAG_S)
    spanned, kept = pace.next_step(soon)
    assert spanned == kept
    spanned, kept = pace.next_step(soon + 30_000)
    assert spanned == kept + 30_000
    assert pace.next_step(10_000_000) == (LONGEST, kept)


def test_in_the_long_run_the_lag_stays_bounded() -> None:
    """Five times as many packets as can be looked at: the backlog does not grow, and a fifth is scored."""
    pace, waiting, scored, seconds = AnalysisPace(), 0.0, 0, 0.0
    for _ in range(400):
        spanned, kept = pace.next_step(int(waiting) + 1)
        took = 0.01 + kept / 20_000
        pace.measured(kept, took)
        waiting += 100_000 * took - spanned
        scored, seconds = scored + kept, seconds + took
    assert waiting < 20_000 * (LAG_S + 1)
    assert scored / (100_000 * seconds) == pytest.approx(0.2, abs=0.04)


def test_every_row_is_scored_or_counted_as_left_out(busy: PacketBatch) -> None:
    """Scored, unscored and pending are all rows, at every moment; what was left out is marked as skipped."""
    session, detector = AnalysisSession(), Detector(QUICK)
    session.begin()
    session.ingest(busy)
    while (stretch := session._next(3_000, 600)) is not None:
        assert session.scored + session.unscored + session.pending == len(busy)
        session.apply(Answer(detector.process(stretch.batch()), 0.01))
        assert session.scored + session.unscored + session.pending == len(busy)
    assert session.pending == 0
    verdict = session.log.column("verdict", np.arange(len(busy)))
    assert np.count_nonzero(verdict & Verdict.SCORED) == session.scored
    assert np.count_nonzero(verdict == Verdict.SKIPPED) == session.unscored
    assert session.coverage.overall == pytest.approx(session.scored / len(busy))
    assert session.coverage.words.startswith("scored 2")


def test_a_scan_is_found_in_a_fifth_of_the_rows(busy: PacketBatch) -> None:
    """The same incident with the same culprit; its rows are the scan's, by their own numbers."""
    session = forced(busy, 3_000, 600)
    found = [one for one in session.incidents if one.family == "port scan"]
    assert [one.culprit for one in found] == [SCANNER]
    ids = np.arange(len(busy))
    mine = ids[session.log.column("incident", ids) == found[0].id]
    ports = session.log.column("destination_port", mine), session.log.column("source_port", mine)
    assert len(mine) > 100
    assert np.isin(np.minimum(*ports), np.arange(1_000, 1_120)).all()
    assert all(session.findings.reasons_of(int(number)) for number in mine[-5:])
    flagged = ids[(session.log.column("verdict", ids) & FLAGGED) != 0]
    assert session.flagged == len(flagged)


def test_rates_and_volumes_of_the_thinned_are_not_underestimated(busy: PacketBatch) -> None:
    """What a host sent in a minute comes out the same from a fifth of the rows as from all."""
    peaks = []
    for kept in (3_000, 600):
        session = AnalysisSession()
        session.begin()
        session.ingest(busy)
        extractor, parts = FeatureExtractor(), []
        while (stretch := session._next(3_000, kept)) is not None:
            parts.append(extractor.update(stretch.batch()))
        values = np.concatenate(parts)
        peaks.append({f.name: float(f.said(values[:, INDEX[f.name]]).max()) for f in FEATURES})
    whole, part = peaks
    for name in ("packets_out_60s", "small_packets_out_60s", "upload_60s", "pair_ports_60s", "unanswered_60s",
                 "dns_names_60s", "conversation_packets", "source_packets_100s", "service_packets_60s"):  # fmt: skip
        assert part[name] == pytest.approx(whole[name], rel=0.1, abs=2), name


def test_a_stretch_of_several_chunks_is_one_batch() -> None:
    """Rows on either side of a chunk's border keep their order and numbers, whether thinned or not."""
    session = AnalysisSession()
    session.begin()
    rows = CHUNK_ROWS + 500
    session.ingest(a_batch(rows, source_port=np.arange(rows) % 40_000, destination_port=53))
    session._next(CHUNK_ROWS - 300, CHUNK_ROWS)
    stretch = session._next(800, 800)
    assert stretch is not None
    assert len(stretch.parts) == 2
    whole = stretch.batch()
    assert whole.sample is None
    assert whole["source_port"].tolist() == [at % 40_000 for at in range(CHUNK_ROWS - 300, rows)]
    part = Stretch(stretch.parts, 100).batch()
    assert part.sample is not None
    assert (np.diff(part.ids) > 0).all()
    assert part["source_port"].tolist() == (part.ids % 40_000).tolist()
    later = part.slice(10, 20)
    assert later.first_id == part.ids[10]
    assert later.ids.tolist() == part.ids[10:20].tolist()


def test_what_a_dead_detector_had_is_given_up() -> None:
    """Its rows count as left out, once, and are marked so."""
    session = AnalysisSession()
    session.begin()
    session.ingest(a_batch(500))
    session.next_stretch(live=True)
    session.give_up()
    session.give_up()
    assert (session.scored, session.unscored, session.pending) == (0, 500, 0)
    assert (session.log.column("verdict", np.arange(500)) == Verdict.SKIPPED).all()


def test_numbers_of_incidents_go_on_after_another_detector() -> None:
    """The incidents of a new detector do not replace those of the one before."""
    traffic = ordinary(5, seed=1)
    for port in range(60):
        traffic.tcp(2 + port * 0.02, SCANNER, 40_000 + port, VICTIM, 1_000 + port, SYN)
    incidents = Detector(QUICK, opened=7).process(traffic.batch()).incidents
    assert [one.id for one in incidents] == list(range(8, 8 + len(incidents)))
    assert incidents


def test_small_steps_say_nothing_of_the_pace() -> None:
    """What a step costs besides its rows is not taken for slowness."""
    pace = AnalysisPace()
    pace.measured(10, 0.05)
    assert pace.rows_per_s is None


def test_rows_left_out_might_as_well_not_be_there(busy: PacketBatch) -> None:
    """What is left out teaches nothing, and everything else is scored as without it."""
    part = busy.slice(0, 6_000)
    own = np.arange(100, 6_000, 3)
    others = np.delete(np.arange(6_000), own)
    columns = {name: column[others] for name, column in part.columns.items()}
    without = Detector(QUICK).process(PacketBatch(0, columns, np.empty(0, np.uint8)))
    stretch = Stretch((part.slice(0, 2_500), part.slice(2_500, 6_000)), 6_000, own)
    said = Detector(QUICK).process(stretch.batch())
    np.testing.assert_array_equal(said.row_ids, others)
    np.testing.assert_array_equal(said.score, without.score)
    assert not len(Stretch((part,), 6_000, np.arange(6_000)).batch())
