"""A capture of a day and a half takes no more memory than one of half a day: everything kept is bounded."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np

from tests.helpers.planted import START_NS, ordinary
from trafficdesk.capture.source import Gap
from trafficdesk.detect.detector import Detector
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import DetectionSettings

S = 1_000_000_000
SETTINGS = DetectionSettings(warm_up_rows=1_000, refit_rows=50_000, refit_seconds=3_600.0)


def test_memory_is_flat_over_a_day() -> None:
    """Ever new hosts and ports, an interruption every half an hour; what was kept at noon is not exceeded next day."""
    base, random = ordinary(60, per_second=0.15).batch(), np.random.default_rng(1)
    session, detector = AnalysisSession(0), Detector(SETTINGS)
    session.begin()
    sizes: list[int] = []
    gaps: tuple[Gap, ...] = ()
    for turn in range(36 * 12):  # every five minutes
        columns = {name: column.copy() for name, column in base.columns.items()}
        columns["timestamp_ns"] = base["timestamp_ns"] + turn * 300 * S
        fresh = random.random(len(base)) < 0.3
        columns["destination"].view(np.uint8).reshape(-1, 16)[fresh, 13:] = random.integers(
            0, 256, (int(fresh.sum()), 3)
        )
        columns["source_port"][fresh] = random.integers(1_024, 65_535, int(fresh.sum()))
        if turn % 6 == 0:
            start = START_NS + (turn * 300 - 60) * S
            gaps = (*gaps, Gap("eth0", start, start + 50 * S, "eth0 was unplugged"))
            session.note_gaps(gaps)
            detector.tell_gaps(session.gap_spans)
        session.ingest(replace(base, first_id=turn * len(base), columns=columns))
        while (rows := session.next_for_analysis()) is not None:
            session.apply(detector.process(rows))
        session.metrics.snapshot()
        if turn % 144 == 143:
            findings = (session.findings._chunks, session.findings._incidents)
            state = (session.metrics, findings, detector._extractor, detector._incidents)
            sizes.append(len(pickle.dumps(state)))
    assert max(sizes[1:]) < 1.1 * sizes[0]
