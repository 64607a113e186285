"""The picture in the terminal: fits whatever the size, and says what matters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.crafted import START_NS, a_batch
from tests.helpers.incidents import an_incident
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.cli.live_picture import (
    BLOCKS,
    PLAIN_BLOCKS,
    by_column,
    columns,
    cut,
    learning,
    painted,
    picture,
    rates,
)
from trafficdesk.cli.standing import Standing
from trafficdesk.errors import StoreError
from trafficdesk.session import AnalysisSession
from trafficdesk.store.writer import StoreState

S = 1_000_000_000
HOSTILE = "見出し \x1b[31m\u202e e\u0301vil\r\n" * 9


@pytest.fixture
def standing() -> Standing:
    """Twenty seconds of 100 packets/s, four incidents of which two go on, and everything that can be wrong."""
    session = AnalysisSession()
    session.ingest(a_batch(2_000, timestamp_ns=START_NS + np.arange(2_000) * 10_000_000))
    every = [an_incident(id=number, sentence=HOSTILE, severity=20 * number) for number in range(1, 5)]
    session.findings._incidents = {incident.id: incident for incident in every}
    session.findings._in_order = None
    return Standing(
        session,
        CaptureStatistics(2_000, 7),
        START_NS + 20 * S,
        going=tuple(every[:2]),
        waiting_for="eth1: unplugged",
        store=StoreState(error=StoreError("Refused.", "")),
        mails=3,
        memory=200_000_000,
    )


def text_of(standing: Standing, width: int, height: int, blocks: str = BLOCKS) -> list[str]:
    shares = [("UDP", 60), ("TLS", 20)]
    lines = picture(standing, shares, "TrafficDesk", screen=(width, height), blocks=blocks)
    return [painted(line, colour=False) for line in lines]


@pytest.mark.parametrize("width", [10, 39, 80, 200])
@pytest.mark.parametrize("height", [2, 5, 9, 22])
def test_it_fits(standing: Standing, width: int, height: int) -> None:
    """Never more lines or columns than there are, wide and combining characters counted as a terminal counts them."""
    lines = text_of(standing, width, height)
    assert 0 < len(lines) <= height
    assert max(map(columns, lines)) <= width
    assert all(character.isprintable() for line in lines for character in line)


def test_it_says_what_matters(standing: Standing) -> None:
    """Rate, protocols, incidents that go on, losses, history, mails, memory, interfaces that are away."""
    text = "\n".join(text_of(standing, 100, 22))
    for words in (
        "100 packets/s",
        "peak 10.0 kB/s",
        "UDP",
        "75.0 %",
        "2 going on, 4 since the start",
        "2,000 packets",
        "dropped 7 by the system",
        "history refuses",
        "3 alerts wait",
        "200.0 MB",
        "waiting for eth1: unplugged",
    ):
        assert words in text


def test_plain_blocks_are_ascii(standing: Standing) -> None:
    """A terminal without Unicode gets signs that it has."""
    volume = text_of(standing, 100, 22, PLAIN_BLOCKS)[1:4]
    assert all(line.isascii() for line in volume)
    assert PLAIN_BLOCKS[-1] in volume[1]


def test_volume_is_exact_and_stands_still(standing: Standing) -> None:
    """Columns add up to the bytes, and a full one stays what it is when a second has passed."""
    metrics = standing.session.metrics.snapshot()
    bars, step = by_column(metrics, START_NS + 20 * S, 60)
    assert step == 5
    full = bars[:-1] * step
    assert full.sum() + bars[-1] * (20 % step + 1) == 200_000
    later, _ = by_column(metrics, START_NS + 21 * S, 60)
    assert np.array_equal(later[:-1], bars[:-1])
    assert rates(metrics, START_NS + 20 * S) == (100.0, 10_000.0)
    assert rates(metrics, START_NS + 60 * S) == (0.0, 0.0)


def test_cutting_counts_columns() -> None:
    """Never half of a wide character."""
    assert cut("ab見出し", 10) == "ab見出し"
    assert cut("ab見出し", 5) == "ab見…"
    assert cut("ab見出し", 4) == "ab…"
    assert cut("abc", 0) == ""


def test_learning_then_model(standing: Standing) -> None:
    """Before the first fit it says how far learning is, then which model scores."""
    session = standing.session
    assert "learning: 0 of 3,000" in learning(standing)
    session.findings.model = replace(session.model, model_id=2, network_s=754.0, network_needed_s=1_800.0)
    assert learning(standing) == "learning: 12 of 30 minutes"
    session.findings.model = replace(session.model, network_s=1_800.0)
    assert learning(standing) == "model 2"
