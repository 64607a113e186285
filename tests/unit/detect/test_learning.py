"""`detect.learning` by way of the detector: early models rank, models can be had again, networks keep what they taught."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.planted import SYN, ordinary
from trafficdesk.detect.baseline import NEEDED_S
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.forest import MODELLED, fit
from trafficdesk.detect.today import StillUnusual
from trafficdesk.features import INDEX
from trafficdesk.packets.log import FLAGGED
from trafficdesk.settings import DetectionSettings

QUICK = DetectionSettings(warm_up_rows=1_000, refit_rows=500, trees=25, samples=64, seed=7)


@pytest.fixture(scope="module")
def everyday():
    """Some 3,500 rows of everyday traffic in 90 s."""
    return ordinary(90, seed=4).batch()


@pytest.fixture(scope="module")
def with_odd_talk():
    """The same, and thirty strange peers that all answer, which no rule knows."""
    traffic = ordinary(90, seed=4)
    for peer in range(30):
        at, address = 80 + peer * 0.1, f"45.9.{peer}.7"
        for turn in range(4):
            traffic.udp(at + turn * 0.01, "192.168.7.12", 6_666, address, 30_000 + 7 * peer, length=1_300)
    return traffic.batch()


def test_an_early_model_ranks_and_flags_nothing(everyday):
    """From the first few hundred rows on there are scores, but none beyond the threshold before enough is known."""
    detector = Detector(QUICK)
    first = detector.process(everyday.slice(0, 900))
    assert first.model.early
    assert first.model.learning
    assert not first.model.speaks
    known = np.isfinite(first.score)
    assert known[500:].all()
    assert (first.score[known] <= 1.0).all()
    assert len(np.unique(first.score[known])) > 100
    assert not (first.verdict & FLAGGED).any()
    later = detector.process(everyday.slice(900, len(everyday)))
    assert later.model.speaks
    assert not later.model.early


@pytest.mark.parametrize("parts", [1, 7])
def test_any_model_can_be_fitted_again(with_odd_talk, parts):
    """The same capture with the same settings gives models of the same windows, and the flagged rows' scores again."""
    size = len(with_odd_talk) // parts + 1
    one, two = Detector(QUICK), Detector(QUICK)
    said = one.process(with_odd_talk)
    for at in range(0, len(with_odd_talk), size):
        two.process(with_odd_talk.slice(at, min(at + size, len(with_odd_talk))))
    numbers = range(1, said.model.refits + 1)
    spans, again = ([detector.record_of(k) for k in numbers] for detector in (one, two))
    if parts == 1:
        assert spans == again
    else:  # how the batches are cut moves sums by a rounding
        assert [(r.first_id, r.last_id, r.rows) for r in spans] == [
            (r.first_id, r.last_id, r.rows) for r in again
        ]
    first, again = (detector.memory.flagged for detector in (one, two))
    assert len(first)
    np.testing.assert_array_equal(first.model, again.model)
    np.testing.assert_allclose(first.score, again.score, atol=1e-5)


def test_a_record_names_the_window_it_saw(everyday):
    """From the packets of its span, the seed and the digest the very same forest can be had."""
    detector = Detector(QUICK)
    detector.process(everyday)
    record = detector.model.record
    assert 0 <= record.first_id < record.last_id < len(everyday)
    window = detector.baseline().recent
    assert len(window) >= record.rows
    settled = Detector(replace(QUICK, refit_rows=50_000, refit_seconds=3_600.0))
    settled.process(everyday)
    settled.refit_now()
    record, window = settled.model.record, settled.baseline().recent
    again = fit(window, replace(QUICK, seed=record.seed - record.number), record.number)
    assert again.record.digest == record.digest
    rows = window[:200, MODELLED]
    np.testing.assert_array_equal(again.recent.z(rows), settled.model_in_force.recent.z(rows))


def test_a_flagged_row_says_whether_it_is_still_unusual(with_odd_talk):
    """Its verdict stays as it was; asked again after the talk has become usual, the answer is another."""
    detector = Detector(QUICK)
    said = detector.process(with_odd_talk)
    flagged = said.flagged_ids[said.family[said.flagged_ids] > 0]
    now = StillUnusual(tuple(flagged.tolist())).answered(detector)
    assert [row.packet_id for row in now] == flagged.tolist()
    before = {row.packet_id: row.score for row in now}
    np.testing.assert_array_equal([before[packet] for packet in flagged.tolist()], said.score[flagged])
    values = detector.memory.rows_of(flagged).values
    detector._learner._reservoir.add(np.repeat(values, 40, axis=0))
    detector._learner._older.put(np.repeat(values, 40, axis=0))
    for _ in range(4):
        detector.refit_now()
    later = StillUnusual(tuple(flagged.tolist())).answered(detector)
    assert np.mean([row.unusual_today for row in later]) < np.mean([row.unusual_today for row in now])
    assert [row.score for row in later] == [row.score for row in now]
    assert all(row.model == detector.record_of(row.model.number) for row in later if row.model)
    assert "today" in next(row for row in now if row.unusual_today).words
    assert "by now" in next(row for row in later if not row.unusual_today).words


def test_rows_that_were_forgotten_are_left_out(everyday):
    """Asking about what is not known any more gives no answer, and no error."""
    assert StillUnusual((10**12,)).answered(Detector(QUICK)) == ()


def test_a_known_network_needs_no_second_warm_up(everyday):
    """A detector that starts from a baseline has a model at once, and flags after a minute of its own."""
    first = Detector(QUICK)
    first.expect_live()
    first.change_network(None)
    first.process(everyday)
    assert first.model.network_s == pytest.approx(90, abs=2)
    assert first.model.learning
    assert first.model.learning_words == "1 of 30 minutes"
    second = Detector(QUICK)
    second.expect_live()
    second.change_network(first.baseline())
    assert second.model.model_id == 1
    assert second.model.early
    assert second.model.learning_words == "0 of 60 s"
    soon = second.process(everyday.slice(0, 300))
    assert np.isfinite(soon.score).all()
    assert not (soon.verdict & FLAGGED).any()
    second.process(everyday.slice(300, len(everyday)))
    assert second.model.speaks
    assert second.model.network_s == pytest.approx(180, abs=4)


def test_half_an_hour_makes_a_network_known(everyday):
    """Then nothing more is said of learning."""
    detector = Detector(QUICK)
    detector.expect_live()
    detector.process(everyday)
    detector.change_network(replace(detector.baseline(), learned_s=NEEDED_S - 30))
    detector.process(replace(everyday, first_id=len(everyday)))
    assert detector.model.speaks
    assert not detector.model.learning


def test_a_change_of_network_raises_no_alarm():
    """The same addresses elsewhere belong to other devices and other peers are met: nothing is said of it."""
    batch = ordinary(150, seed=4).batch()
    seconds = (batch["timestamp_ns"] - batch["timestamp_ns"][0]) / 1e9
    half = int(np.searchsorted(seconds, 75.0))
    columns = {name: column.copy() for name, column in batch.columns.items()}
    columns["source_mac"][half:] ^= np.uint64(0xABCDEF)
    columns["destination_mac"][half:] ^= np.uint64(0xABCDEF)
    moved = replace(batch, columns=columns)
    detector = Detector(QUICK)
    before = detector.process(moved.slice(0, half))
    detector.change_network(None)
    after = detector.process(moved.slice(half, len(moved)))
    assert not before.incidents
    assert not after.incidents
    first_minute = seconds[half:] < seconds[half] + 60
    assert not (after.verdict[first_minute] & FLAGGED).any()
    assert ((after.verdict & FLAGGED) > 0).mean() < 0.01
    assert after.model.learning
    assert detector._learner._reservoir.span[0] >= half


def test_a_forged_flood_leaves_the_long_memory_alone():
    """Ten thousand forged SYNs are less than a twentieth of what is remembered."""
    traffic = ordinary(120, seed=6)
    random = np.random.default_rng(1)
    for packet in range(10_000):
        sender = f"203.{packet // 40_000}.{packet // 200 % 200}.{packet % 200 + 1}"
        traffic.tcp(
            60 + float(random.uniform(0, 20)), sender, 1_024 + packet % 60_000, "192.168.7.99", 80, SYN
        )
    detector = Detector(QUICK)
    detector.process(traffic.batch())
    older = detector._learner._older.rows()
    assert len(older) > 100
    assert (older[:, INDEX["new_senders_5s"]] > np.log1p(60)).mean() < 0.05


def test_a_new_program_is_learned_in_time():
    """Benign novelty: what stands out when it begins is usual before it has gone on for a few minutes."""
    traffic = ordinary(300, seed=4, per_second=6)
    for beat in range(1_200):
        at, address = 100 + beat / 6, f"45.9.{beat % 12}.7"
        traffic.udp(at, "192.168.7.12", 6_666, address, 30_000 + beat % 12, length=1_300)
    batch = traffic.batch()
    detection = Detector(DetectionSettings(seed=7)).process(batch)
    seconds = (batch["timestamp_ns"] - batch["timestamp_ns"][0]) / 1e9
    new = batch["source_port"] == 6_666
    at_first, later = new & (seconds < 115), new & (seconds > 220)
    assert np.median(detection.score[at_first]) > np.median(detection.score[later])
    assert (detection.score[later] > 1.0).mean() < 0.02
