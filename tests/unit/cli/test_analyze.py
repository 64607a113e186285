"""`analyze` streams: a capture larger than what is kept still gives every row, late claims included."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.crafted import a_batch
from tests.helpers.incidents import an_incident
from trafficdesk.cli import analyze
from trafficdesk.cli.analyze import Analysis, summary_lines
from trafficdesk.detect.finding import Detection
from trafficdesk.export.packets_csv import header
from trafficdesk.export.summary_json import Summary
from trafficdesk.metrics import TrafficMetrics
from trafficdesk.packets.log import CHUNK_ROWS

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch

BATCH = CHUNK_ROWS // 4


class Detector:
    """Flags every 10,000th row; 50,000 rows later an incident claims it."""

    features_s = detect_s = 0.0

    def process(self, batch: PacketBatch) -> Detection:
        rows = len(batch)
        flagged = batch.ids[batch.ids % 10_000 == 0]
        verdict = np.ones(rows, np.uint8)
        verdict[flagged - batch.first_id] |= 4
        claimed = flagged[flagged >= 50_000] - 50_000
        return Detection(
            first_id=batch.first_id,
            score=batch.ids.astype(np.float32) % 7,
            verdict=verdict,
            family=np.zeros(rows, np.uint8),
            incident=np.zeros(rows, np.int32),
            flagged_ids=flagged,
            reason_features=np.zeros((len(flagged), 3), np.int16),
            reason_values=np.ones((len(flagged), 3), np.float32),
            reason_usual=np.zeros((len(flagged), 3), np.float32),
            joined_ids=claimed,
            joined_incident=(claimed // 10_000 + 1).astype(np.int32),
        )


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the log held only two chunks."""
    monkeypatch.setattr(analyze, "LAG_ROWS", 2 * CHUNK_ROWS)


@pytest.mark.usefixtures("narrow")
def test_rows_beyond_the_log_are_complete_and_claimed() -> None:
    """Twice as many rows as are kept: each is written once, in order, with what was said of it later."""
    out = io.BytesIO(header(analysed=True))
    out.seek(0, io.SEEK_END)
    analysis = Analysis(Detector(), out)
    total = 4 * CHUNK_ROWS + 5_000
    for first in range(0, total, BATCH):
        analysis.feed(a_batch(min(BATCH, total - first), first_id=first))
    analysis.finish()
    assert len(analysis.session.log) <= 2 * CHUNK_ROWS
    rows = csv.DictReader(io.StringIO(out.getvalue().decode(), newline=""))
    count = 0
    for count, row in enumerate(rows, 1):  # counted after the loop, too
        packet_id = count - 1
        assert row["number"] == str(count)
        assert float(row["score"]) == packet_id % 7
        is_flagged = packet_id % 10_000 == 0
        assert (row["flagged"] == "1", bool(row["reason"])) == (is_flagged, is_flagged)
        claimed = is_flagged and packet_id + 50_000 < total
        assert row["incident"] == (str(packet_id // 10_000 + 1) if claimed else "")
    assert count == total
    assert analysis.session.unscored == 0


@pytest.mark.usefixtures("narrow")
def test_without_rows_nothing_is_written() -> None:
    """Only the summary is asked for: the same counts."""
    analysis = Analysis(Detector(), None)
    for first in range(0, 5 * CHUNK_ROWS, BATCH):
        analysis.feed(a_batch(BATCH, first_id=first))
    analysis.finish()
    assert analysis.session.scored == analysis.session.metrics.snapshot().packets == 5 * CHUNK_ROWS


def test_terminal_names_the_gravest_and_counts_the_rest() -> None:
    """A thousand incidents do not scroll the screen away."""
    incidents = tuple(an_incident(id=n, severity=n % 100, sentence=f"sentence {n}.") for n in range(1, 1_001))
    lines = list(summary_lines(Summary(TrafficMetrics().snapshot(), incidents=incidents)))
    assert "incidents: 1000" in lines
    assert "and 980 less severe ones" in lines[-1]
    assert sum("severity 99" in line for line in lines) == 10
