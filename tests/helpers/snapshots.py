"""Snapshots for tests of what is drawn of them."""

from __future__ import annotations

import numpy as np

from trafficdesk.metrics.snapshot import MetricsSnapshot

NOW = 1_795_000_000


def snapshot_of(rates: list[int], widths: list[int] | None = None, start: int = NOW) -> MetricsSnapshot:
    spans = np.array(widths or [1] * len(rates), np.int64)
    return MetricsSnapshot(
        packets=sum(rates),
        seconds=start + np.concatenate(([0], np.cumsum(spans)[:-1])).astype(np.int64)
        if rates
        else np.empty(0, np.int64),
        widths=spans,
        bytes_per_s=np.array(rates, np.int64) * 1_000,
        packets_per_s=np.array(rates, np.int64),
    )
