import pickle

import numpy as np

from tests.helpers.planted import SYN, Traffic
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.findings import FindingLog
from trafficdesk.settings import DetectionSettings


def scan(ports=60):
    traffic = Traffic()
    for port in range(ports):
        traffic.tcp(port * 0.01, "10.0.0.66", 50_000, "10.0.0.2", 1_000 + port, SYN)
    return traffic.batch()


def test_a_flagged_packet_has_reasons_and_a_sentence_and_others_have_none():
    """In words, with value, unit, window and what is usual."""
    log = FindingLog()
    detection = Detector(DetectionSettings()).process(scan())
    log.add(detection)
    flagged = int(detection.flagged_ids[-1])
    reasons = log.reasons_of(flagged)
    assert reasons[0].feature == "pair_ports_60s"
    assert reasons[0].words == "about 60 ports tried on one host in 60 s; usually ≤ 12"
    assert reasons[0].window_s == 60
    assert log.sentence_of(flagged) == (
        "Port scan: About 60 ports tried on one host in 60 s; usually ≤ 12. "
        "About 60 unanswered attempts in 60 s; usually ≤ 10"
    )
    for other in (0, -1, 10**9):
        assert log.reasons_of(other) == ()
        assert log.sentence_of(other) == ""


def test_an_incidents_newest_value_replaces_the_former():
    """In order of opening."""
    log = FindingLog()
    detector = Detector(DetectionSettings())
    batch = scan()
    log.add(detector.process(batch.slice(0, 30)))
    before = log.incidents[0].packets
    log.add(detector.process(batch.slice(30, 60)))
    assert len(log.incidents) == 1
    assert log.incidents[0].packets > before
    assert log.incident(1) is log.incidents[0]
    assert log.incident(2) is None


def test_memory_is_bounded_and_the_oldest_reasons_leave_first():
    """Far more flagged rows than the bound: the newest are still explained."""
    log = FindingLog(max_rows=10_000)
    detection = Detector(DetectionSettings()).process(scan(2_000))
    rows = len(detection.flagged_ids)
    for step in range(20):
        shifted = pickle.loads(pickle.dumps(detection))
        object.__setattr__(shifted, "first_id", step * 2_000)
        object.__setattr__(shifted, "flagged_ids", detection.flagged_ids + step * 2_000)
        log.add(shifted)
    assert log.reasons_of(int(detection.flagged_ids[0])) == ()
    assert log.reasons_of(int(detection.flagged_ids[-1]) + 19 * 2_000)
    assert sum(len(chunk.ids) for chunk in log._chunks) <= 10_000 + 4_096 + rows


def test_the_models_state_is_that_of_the_last_step():
    """Also where nothing was flagged."""
    log = FindingLog()
    assert log.model.learned == 0
    log.add(Detector(DetectionSettings()).process(scan(5)))
    assert log.model.needed == 3_000
    assert log.model.learned == 5
    assert np.array_equal(log.incidents, ())
