"""Protocols of the last minutes: what was before them is forgotten."""

from __future__ import annotations

from trafficdesk.cli.recent_shares import STEP_S, STEPS, RecentShares
from trafficdesk.metrics import MetricsSnapshot


def counted(**octets: int) -> MetricsSnapshot:
    return MetricsSnapshot(protocols=tuple((name, 1, number) for name, number in octets.items()))


def test_since_the_start_while_it_is_young() -> None:
    """All that was counted, most bytes first."""
    assert RecentShares().of(counted(DNS=3, TLS=9), 0.0) == [("TLS", 9), ("DNS", 3)]


def test_what_was_before_is_forgotten() -> None:
    """After five minutes only what came meanwhile counts, however often it is asked."""
    shares = RecentShares()
    for half in range(2 * STEPS):
        shares.of(counted(DNS=1_000, TLS=half), half * STEP_S / 2)
    assert shares.of(counted(DNS=1_000, TLS=100), STEPS * STEP_S) == [("TLS", 100)]
    assert shares.of(counted(DNS=1_004, TLS=100), STEPS * STEP_S + 1) == [("TLS", 98), ("DNS", 4)]
