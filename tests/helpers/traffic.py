"""Decoded traffic and what a detector might say of it, for tests of what shows packets."""

from __future__ import annotations

from itertools import cycle, islice

import numpy as np

from tests.helpers.incidents import an_incident
from tests.helpers.wire import CAPTURED, block_of
from trafficdesk.decode import decode
from trafficdesk.detect.finding import Detection, ModelState
from trafficdesk.packets import PacketBatch
from trafficdesk.packets.log import Verdict
from trafficdesk.session import AnalysisSession


def decoded(rows: int, first_id: int = 0) -> PacketBatch:
    """The captured frames over and over: ARP, TCP, UDP, DNS, HTTP, IPv6."""
    if not rows:
        return PacketBatch.empty(first_id)
    frames = list(islice(cycle(CAPTURED.values()), first_id % len(CAPTURED), first_id % len(CAPTURED) + rows))
    return decode(block_of(*frames, first_id=first_id))


def session_with(rows: int, capacity: int = 200_000) -> AnalysisSession:
    """A session that ingested `decoded(rows)`."""
    session = AnalysisSession(capacity)
    session.begin()
    session.ingest(decoded(rows))
    return session


def detection_of(
    first_id: int,
    rows: int,
    *,
    unusual: tuple[int, ...] = (),
    family: tuple[int, ...] = (),
    collateral: tuple[int, ...] = (),
    incident: int = 0,
) -> Detection:
    """Rows scored 0.25, but for those named by packet_id."""
    score = np.full(rows, 0.25, np.float32)
    verdict = np.full(rows, int(Verdict.SCORED), np.uint8)
    families = np.zeros(rows, np.uint8)
    incidents = np.zeros(rows, np.int32)
    for ids, bit, value in ((unusual, Verdict.UNUSUAL, 1.5), (family, Verdict.FAMILY, 2.0)):
        places = np.array(ids, np.int64) - first_id
        verdict[places] |= int(bit)
        score[places] = value
        incidents[places] = incident
    verdict[np.array(collateral, np.int64) - first_id] |= int(Verdict.COLLATERAL)
    families[np.array(family, np.int64) - first_id] = 1
    flagged = np.array(sorted({*unusual, *family}), np.int64)
    shape = (len(flagged), 3)
    return Detection(
        first_id, score, verdict, families, incidents, flagged,
        np.full(shape, -1, np.int16), np.zeros(shape, np.float32), np.zeros(shape, np.float32),
        (an_incident(id=incident, packets=len(flagged)),) if incident else (),
        model=ModelState(learned=rows, model_id=1, refits=1),
    )  # fmt: skip
