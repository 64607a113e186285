"""Traffic with incidents, analysed, and what a person might say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.helpers.planted import SYN, Traffic, ordinary
from trafficdesk.detect.correction_questions import LookAt
from trafficdesk.detect.corrections import Corrections
from trafficdesk.detect.detector import Detector
from trafficdesk.detect.labelling import Pointed, label_of
from trafficdesk.packets.log import FLAGGED
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Incident
    from trafficdesk.detect.labels import Label, Stance
    from trafficdesk.packets.batch import PacketBatch

QUICK = DetectionSettings(warm_up_rows=1_000, refit_rows=500, trees=25, samples=64, seed=7)


def with_incidents(seed: int, seconds: float = 90.0) -> Traffic:
    """Everyday traffic of 90 s with a port scan, a host sweep, an ARP sweep and odd packets, placed by the seed."""
    random = np.random.default_rng(seed)
    traffic = ordinary(seconds, seed=seed)
    host = int(random.integers(10, 18))
    port_scan(traffic, random.uniform(30, 40), f"192.168.7.{40 + host}", f"192.168.7.{host}")
    sweep(traffic, random.uniform(45, 55), f"192.168.7.{60 + host}", int(random.integers(25, 60)))
    at = random.uniform(60, 70)
    for number in range(int(random.integers(15, 40))):
        traffic.arp(at + 0.1 * number, f"192.168.7.{90 + host}", f"192.168.7.{100 + number}")
    odd(traffic, random.uniform(72, 80), f"192.168.7.{host}", "203.0.113.9", int(random.integers(20, 60)))
    return traffic


def port_scan(traffic: Traffic, at: float, scanner: str, victim: str, ports: int = 60) -> None:
    for port in range(ports):
        traffic.tcp(at + 0.05 * port, scanner, 50_000 + port, victim, 1 + port, SYN)


def sweep(traffic: Traffic, at: float, scanner: str, hosts: int) -> None:
    for number in range(hosts):
        traffic.tcp(at + 0.05 * number, scanner, 40_000 + number, f"192.168.9.{1 + number}", 445, SYN)


def odd(traffic: Traffic, at: float, source: str, destination: str, packets: int) -> None:
    for number in range(packets):
        traffic.icmp(at + 0.1 * number, source, destination, length=98)


def analysed(
    batch: PacketBatch, parts: list[PacketBatch] | None = None, corrections: Corrections | None = None
) -> tuple[AnalysisSession, Detector]:
    """A session that has seen `parts` (default: the whole batch), and its detector."""
    session, detector = AnalysisSession(), Detector(QUICK)
    session.begin()
    if corrections is not None:
        session.recall.corrections = corrections
        detector.corrections = corrections.detector_part()
    for part in [batch] if parts is None else parts:
        session.ingest(part)
        while (rows := session.next_for_analysis()) is not None:
            session.apply(detector.process(rows))
    return session, detector


def in_parts(detector: Detector, batch: PacketBatch, size: int) -> list:
    return [
        detector.process(batch.slice(at, min(at + size, len(batch)))) for at in range(0, len(batch), size)
    ]


def rows_of_incident(session: AnalysisSession, incident: int) -> NDArray[np.int64]:
    """Its flagged rows."""
    return session.log.select(
        lambda _batch, analysis: (
            (analysis["incident"] == incident) & ((analysis["verdict"].astype(np.uint8) & FLAGGED) != 0)
        )
    )


def incident_label(
    session: AnalysisSession, detector: Detector, incident: Incident, stance: Stance, number: int = 1
) -> Label:
    ids = rows_of_incident(session, incident.id)
    pointed = Pointed(stance, "", incident.family, incident.culprit, len(ids), 1)
    return label_of(number, pointed, LookAt(ids).answered(detector))


def labels_of_every_incident(
    session: AnalysisSession, detector: Detector, stance: Stance, number: int = 1
) -> Corrections:
    corrections = Corrections((), number - 1)
    for incident in session.incidents:
        label = incident_label(session, detector, incident, stance, corrections.next_number)
        corrections = corrections.with_entries(label)
    return corrections
