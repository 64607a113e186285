"""The detector is not fooled by a gap: nothing is said of reconnecting alone, and a real attack is found all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.interrupted import LAN, scan, spans_of, with_gaps
from tests.helpers.planted import START_NS, Traffic
from trafficdesk.detect.detector import Detector
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from trafficdesk.detect.finding import Incident

QUICK = DetectionSettings(warm_up_rows=2_000, refit_rows=1_500)
S = 1_000_000_000

GAPS = [
    pytest.param([(200.0, 205.0)], id="short"),
    pytest.param([(200.0, 260.0)], id="a minute"),
    pytest.param([(200.0, 260.0), (400.0, 700.0), (900.0, 912.0)], id="several"),
    pytest.param([(200.0, 5_000.0)], id="slept"),
    pytest.param([(200.0, 230.0), (260.0, 290.0), (320.0, 350.0), (380.0, 410.0)], id="flapping"),
]


def incidents_of(traffic: Traffic, gaps: list[tuple[float, float]], *, told: bool = True) -> list[Incident]:
    """All incidents, rows and gaps told in order as a live capture does."""
    detector, batch = Detector(QUICK), traffic.batch()
    times, spans = batch["timestamp_ns"], spans_of(gaps)
    found: dict[int, Incident] = {}
    for start in range(0, len(batch), 500):
        stop = min(start + 500, len(batch))
        if told:
            detector.tell_gaps([span for span in spans if span[1] <= times[stop - 1]])
        for incident in detector.process(batch.slice(start, stop)).incidents:
            found[incident.id] = incident
    assert detector.model.refits > 3
    return list(found.values())


@pytest.mark.parametrize("gaps", GAPS)
def test_reconnecting_alone_makes_no_incident(gaps: list[tuple[float, float]]) -> None:
    """DHCP, ARP, mDNS, lookups in vain, 30 servers, 40 dead connections, 120 peers: all at once after each gap."""
    traffic = with_gaps(gaps[-1][1] + 300, gaps)
    assert [incident.sentence for incident in incidents_of(traffic, gaps)] == []


def test_without_being_told_the_same_traffic_alarms() -> None:
    """So the test above can fail."""
    gaps = [(200.0, 260.0)]
    assert len(incidents_of(with_gaps(400, gaps), gaps, told=False)) >= 2


@pytest.mark.parametrize("gaps", GAPS[1::2])
def test_a_port_scan_right_after_a_gap_is_found(gaps: list[tuple[float, float]]) -> None:
    """Amid everybody's reconnecting."""
    traffic = with_gaps(gaps[-1][1] + 300, gaps)
    scan(traffic, gaps[-1][1] + 2)
    found = incidents_of(traffic, gaps)
    assert [(incident.family, incident.culprit) for incident in found] == [("port scan", f"{LAN}.66")]


def test_a_gateway_with_another_address_in_another_network_is_no_spoofer() -> None:
    """Across a gap; without one the same claim is an incident, and so is one that is disputed after the gap."""

    def claims(*senders: int) -> Traffic:
        traffic = Traffic()
        for turn, mac in enumerate(senders):
            traffic.arp(100.0 * turn, f"{LAN}.1", f"{LAN}.10", 1, mac=0x02_00_00_00_00_00 | mac)
        return traffic

    def families(traffic: Traffic, *gaps: tuple[int, int]) -> list[str]:
        detector = Detector(QUICK)
        detector.tell_gaps([(START_NS + start * S, START_NS + end * S) for start, end in gaps])
        return [incident.family for incident in detector.process(traffic.batch()).incidents]

    assert families(claims(1, 2)) == ["arp spoof"]
    assert families(claims(1, 2), (10, 90)) == []
    assert families(claims(1, 2, 1), (10, 90)) == ["arp spoof"]


def test_long_gaps_leave_nothing_behind() -> None:
    """After an hour asleep what was known of the hosts before is thrown out, at once."""
    gaps = [(200.0, 3_800.0)]
    detector, batch = Detector(QUICK), with_gaps(4_000, gaps).batch()
    after = int(np.searchsorted(batch["timestamp_ns"], START_NS + 3_800 * S))
    detector.process(batch.slice(0, after))
    before = len(detector._extractor._host_window)
    detector.tell_gaps(spans_of(gaps))
    detector.process(batch.slice(after, after + 10))
    assert before > 30 > len(detector._extractor._host_window)
