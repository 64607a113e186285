import subprocess
import sys

import numpy as np
import pytest

from tests.helpers.planted import SYN, Traffic, ordinary
from trafficdesk.detect.budget import AlertBudget
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.families import FAMILIES, UNUSUAL
from trafficdesk.detect.finding import ModelState
from trafficdesk.detect.forest import LEAST_ROWS
from trafficdesk.features import FEATURES, FeatureExtractor
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.fields import empty_columns
from trafficdesk.packets.log import FLAGGED, Verdict
from trafficdesk.settings import DetectionSettings

QUICK = DetectionSettings(warm_up_rows=1_000, refit_rows=500, trees=25, samples=64, seed=7)
PER_ROW = ("score", "verdict", "family", "incident")


@pytest.fixture(scope="module")
def everyday():
    """Some 3,500 rows of everyday traffic."""
    return ordinary(90, seed=4).batch()


def in_parts(detector, batch, size):
    return [
        detector.process(batch.slice(at, min(at + size, len(batch)))) for at in range(0, len(batch), size)
    ]


def joined(parts, name):
    return np.concatenate([getattr(part, name) for part in parts])


def test_says_something_of_every_row(everyday):
    """One score, verdict, family and incident per row; nothing is known at first, everything after the first fit."""
    detection = Detector(QUICK).process(everyday)
    assert len(detection) == len(everyday)
    assert (detection.verdict & Verdict.SCORED).all()
    assert np.isnan(detection.score[:LEAST_ROWS]).all()
    assert np.isfinite(detection.score[1_000:]).all()
    assert detection.model.model_id >= 1
    assert detection.model.learned >= detection.model.window_rows > 0


def test_the_same_seed_gives_the_same_everything(everyday):
    """Determinism; and another seed gives other scores, so the seed is really used."""
    one, two = (Detector(QUICK).process(everyday) for _ in range(2))
    for name in (*PER_ROW, "flagged_ids", "reason_features", "reason_values"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    other = Detector(DetectionSettings(warm_up_rows=1_000, trees=25, samples=64, seed=8)).process(everyday)
    assert not np.array_equal(one.score, other.score, equal_nan=True)


@pytest.mark.parametrize("size", [97, 500, 1_024])
def test_scores_do_not_depend_on_how_the_packets_are_cut(everyday, size):
    """Live batches of any size score and learn as the whole file does."""
    whole = Detector(QUICK).process(everyday)
    parts = in_parts(Detector(QUICK), everyday, size)
    np.testing.assert_allclose(joined(parts, "score"), whole.score, atol=1e-4)
    np.testing.assert_array_equal(joined(parts, "family"), whole.family)
    assert parts[-1].model.refits == whole.model.refits


def test_is_prequential(everyday):
    """Changing later rows changes no earlier score: a row is scored before anything at or after it is learned."""
    half = len(everyday) // 2
    strange = Traffic()
    for packet in range(500):
        strange.udp(
            100 + packet * 0.01, "172.30.1.1", packet, f"172.31.0.{packet % 250}", 9_999, length=9_000
        )
    before = Detector(QUICK)
    first = before.process(everyday.slice(0, half))
    before.process(strange.batch(half))
    whole = Detector(QUICK).process(everyday)
    np.testing.assert_array_equal(first.score, whole.score[:half])


def test_a_forged_syn_flood_is_not_learned():
    """Ten thousand forged SYNs leave the victim less than 5 % of the window."""
    traffic = ordinary(120, seed=6)
    victim_key = None
    random = np.random.default_rng(1)
    for packet in range(10_000):
        sender = f"203.{packet // 40_000}.{packet // 200 % 200}.{packet % 200 + 1}"
        traffic.tcp(
            60 + float(random.uniform(0, 20)), sender, 1_024 + packet % 60_000, "192.168.7.99", 80, SYN
        )
    batch = traffic.batch()
    observation = FeatureExtractor().observe(batch)
    to_victim = observation.rows.destination_port == 80
    victim_key = observation.rows.destination[to_victim][0]
    detector = Detector(QUICK)
    learned: list[np.ndarray] = []
    choose = detector._learner.admission.choose

    def watched(lesson):
        rows = choose(lesson)
        learned.append(lesson.destination[rows] == victim_key)
        return rows

    detector._learner.admission.choose = watched
    detection = detector.process(batch)
    assert np.concatenate(learned).mean() < 0.05
    assert (detection.family[to_victim] == 4).mean() > 0.95
    assert FAMILIES[4].name == "flood"


def test_constant_packets_do_not_raise():
    """A capture of one packet over and over is fitted, scored and flagged nowhere."""
    rows = 4_000
    columns = empty_columns(rows)
    columns["timestamp_ns"][:] = 10**18 + np.arange(rows) * 10_000_000
    columns["length"][:] = 60
    detection = Detector(QUICK).process(PacketBatch(0, columns, np.empty(0, np.uint8)))
    assert detection.model.model_id >= 1
    assert np.isfinite(detection.score[2_000:]).all()


def test_odd_behaviour_that_no_rule_knows_is_flagged_as_unusual():
    """Talk with thirty strange peers that all answer is no scan, but unusual: an incident of its host, with reasons."""
    traffic = ordinary(90, seed=4)
    for peer in range(30):
        at, address = 80 + peer * 0.1, f"45.9.{peer}.7"
        for turn in range(4):
            traffic.udp(at + turn * 0.01, "192.168.7.12", 6_666, address, 30_000 + 7 * peer, length=1_300)
            traffic.udp(
                at + turn * 0.01 + 0.005, address, 30_000 + 7 * peer, "192.168.7.12", 6_666, length=1_300
            )
    batch = traffic.batch()
    detector, grown_up = Detector(QUICK), AlertBudget(QUICK.incidents_per_day)
    for seconds in (0.0, 3_600.0):
        grown_up.watch(seconds)
    detector._incidents.set_budget(grown_up)
    detection = detector.process(batch)
    planted = (batch["source_port"] == 6_666) | (batch["destination_port"] == 6_666)
    flagged = (detection.verdict & FLAGGED) > 0
    assert flagged[planted].mean() > 0.5
    assert flagged[~planted].mean() < 0.03
    strange = [incident for incident in detection.incidents if incident.culprit == "192.168.7.12"]
    assert [incident.family for incident in strange] == ["unusual"]
    assert strange[0].reasons
    assert sum(peer.startswith("45.9.") for peer in strange[0].peers) > len(strange[0].peers) / 2
    assert (detection.family[planted & flagged] == UNUSUAL).all()


def test_reasons_belong_to_the_flagged_rows():
    """One row of reasons per flagged row, ascending ids, features of the list, values beyond or at what is usual."""
    traffic = Traffic()
    for port in range(60):
        traffic.tcp(port * 0.01, "10.0.0.66", 50_000, "10.0.0.2", 1_000 + port, SYN)
    detection = Detector(QUICK).process(traffic.batch(first_id=500))
    assert detection.flagged_ids.tolist() == (np.flatnonzero(detection.verdict & FLAGGED) + 500).tolist()
    assert detection.reason_features.shape == (len(detection.flagged_ids), 3)
    told = detection.reason_features >= 0
    assert told[:, 0].all()
    assert detection.reason_features.max() < len(FEATURES)
    assert (detection.reason_values[told] >= detection.reason_usual[told] * 0.999).all()


def test_rows_of_an_earlier_batch_join_the_incident():
    """Rows flagged before the incident opened are named when it does."""
    traffic = Traffic()
    for port in range(18):
        traffic.tcp(port * 0.01, "10.0.0.66", 50_000, "10.0.0.2", 1_000 + port, SYN)
    batch = traffic.batch()
    detector = Detector(QUICK)
    first = detector.process(batch.slice(0, 15))
    second = detector.process(batch.slice(15, 18))
    assert not first.incidents
    assert len(first.flagged_ids) >= 2
    assert [incident.id for incident in second.incidents] == [1]
    assert second.joined_ids.tolist() == first.flagged_ids.tolist()
    assert (second.joined_incident == 1).all()
    assert second.incident.tolist() == [1, 1, 1]
    assert second.incidents[0].first_packet_id == first.flagged_ids[0]


def test_a_batch_that_starts_over_begins_a_new_capture(everyday):
    """The same packets again from id 0 get the same scores as the first time."""
    detector = Detector(QUICK)
    first = detector.process(everyday)
    again = detector.process(everyday)
    np.testing.assert_array_equal(first.score, again.score)


def test_rows_that_were_never_handed_over_do_no_harm(everyday):
    """After a gap in packet_ids analysis goes on."""
    detector = Detector(QUICK)
    detector.process(everyday.slice(0, 1_500))
    later = detector.process(everyday.slice(2_000, 2_500))
    assert later.first_id == 2_000
    assert np.isfinite(later.score).all()


def test_refit_on_demand(everyday):
    """With too few rows nothing happens; with enough there is a new model at once."""
    detector = Detector(DetectionSettings(warm_up_rows=50_000, trees=25, samples=64))
    detector.process(everyday.slice(0, 100))
    assert detector.refit_now().model_id == 0
    detector.process(everyday.slice(100, 2_000))
    assert not detector.model.speaks
    assert 0 < detector.model.learned < detector.model.needed
    before = detector.model.model_id
    assert detector.refit_now().model_id == before + 1
    assert detector.model.speaks
    assert np.isfinite(detector.process(everyday.slice(2_000, 2_100)).score).all()


def test_settings_may_change_on_the_way(everyday):
    """A smaller window keeps its newest rows and the model goes on."""
    detector = Detector(QUICK)
    detector.process(everyday.slice(0, 2_500))
    detector.set_settings(
        DetectionSettings(window_rows=1_000, warm_up_rows=1_000, incidents_per_day=3, trees=25)
    )
    detection = detector.process(everyday.slice(2_500, len(everyday)))
    assert detection.model.window_rows == 1_000
    assert np.isfinite(detection.score).all()


def test_an_empty_batch_gives_an_empty_answer():
    """Nothing in, nothing out."""
    detection = Detector(QUICK).process(PacketBatch.empty(5))
    assert len(detection) == 0
    assert detection.first_id == 5


def test_scikit_learn_is_loaded_at_the_first_fit_only():
    """Making a detector and judging rows without a fit imports neither scikit-learn nor scipy."""
    code = (
        "import sys, trafficdesk.detect.process, trafficdesk.detect.findings\n"
        "from trafficdesk.detect.detector import Detector\n"
        "from trafficdesk.settings import DetectionSettings\n"
        "from trafficdesk.packets.batch import PacketBatch\n"
        "from trafficdesk.packets.fields import empty_columns\n"
        "import numpy as np\n"
        "Detector(DetectionSettings()).process(PacketBatch(0, empty_columns(100), np.empty(0, np.uint8)))\n"
        "print([name for name in ('sklearn', 'scipy', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_interface_is_listened_to_for_a_while_before_anything_is_odd(everyday):
    """However many packets come, no model speaks before its windows were full; a file is not waited for."""
    detector = Detector(QUICK)
    detector.expect_live()
    seconds = (everyday["timestamp_ns"] - everyday["timestamp_ns"][0]) / 1e9
    early = int(np.searchsorted(seconds, 59.0))
    before = detector.process(everyday.slice(0, early))
    assert early > QUICK.warm_up_rows
    assert not (before.verdict & FLAGGED).any()
    assert not before.model.speaks
    assert "of 60 s" in before.model.learning_words
    assert 0.9 < before.model.learning_share < 1.0
    after = detector.process(everyday.slice(early, len(everyday)))
    assert after.model.speaks
    assert np.isfinite(after.score[-100:]).all()


def test_what_is_missing_most_is_said_of_learning():
    """Packets on a quiet interface, seconds on a busy one."""
    quiet = ModelState(learned=300, needed=3_000, learned_s=30.0, needed_s=60.0)
    assert (quiet.learning_words, round(quiet.learning_share, 2)) == ("300 of 3,000 packets", 0.1)
    busy = ModelState(learned=2_999, needed=3_000, learned_s=30.0, needed_s=60.0)
    assert (busy.learning_words, busy.learning_share) == ("30 of 60 s", 0.5)
