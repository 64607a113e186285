"""Volume: every byte in its second, silence visible, old seconds merged without loss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.crafted import START_NS, a_batch
from trafficdesk.metrics.volume import NS, TIERS, Volume

START_S = START_NS // NS


def volume_of(*times_s: list[float], length: int = 100) -> dict:
    volume = Volume()
    for seconds in times_s:
        volume.add(
            a_batch(len(seconds), timestamp_ns=[START_NS + int(s * NS) for s in seconds], length=length)
        )
    return volume.values()


def total(values: dict, name: str) -> int:
    return int((values[name] * values["widths"]).sum())


@given(st.lists(st.lists(st.integers(0, 2_000), min_size=1, max_size=30), min_size=1, max_size=8))
def test_bins_agree_with_counting(batches: list[list[int]]) -> None:
    """Whatever the order and the cutting, each second holds what a plain count says and the span is dense."""
    values = volume_of(*[[second + 0.5 for second in batch] for batch in batches])
    every = [second for batch in batches for second in batch]
    expected = {START_S + second: every.count(second) for second in every}
    found = dict(zip(values["seconds"].tolist(), values["packets_per_s"].tolist(), strict=True))
    assert {second: count for second, count in found.items() if count} == expected
    ends = values["seconds"] + values["widths"]
    np.testing.assert_array_equal(ends[:-1], values["seconds"][1:])
    assert values["bytes"] == 100 * len(every)
    assert values["peak_bps"] == 800 * max(expected.values())


def test_silence_falls_and_rises_at_its_edges() -> None:
    """A pause is zeros from its first second to its last one."""
    values = volume_of([0, 10])
    assert (values["seconds"] - START_S).tolist() == [0, 1, 9, 10]
    assert values["bytes_per_s"].tolist() == [100, 0, 0, 100]
    assert values["widths"].tolist() == [1, 8, 1, 1]


def test_days_are_merged_and_nothing_is_lost() -> None:
    """Three days of seconds become few bins whose packets still add up, means per second."""
    volume, rows = Volume(), 60_000
    for start in range(0, 3 * 86_400, rows):
        times = START_NS + (start + np.arange(rows)) * NS
        volume.add(a_batch(rows, timestamp_ns=times, length=1_000))
    values = volume.values()
    assert len(values["seconds"]) < 2 * sum(kept for _, kept in TIERS)
    assert set(values["bytes_per_s"][1:-1].tolist()) <= {1_000, 0} | set(range(900, 1_001))
    assert total(values, "bytes_per_s") == pytest.approx(values["bytes"], rel=0.001)


def test_absurd_times_stay_bounded() -> None:
    """A capture whose timestamps are random over centuries does not grow without bound, totals stay right."""
    volume, random = Volume(), np.random.default_rng(1)
    for _ in range(20):
        volume.add(a_batch(5_000, timestamp_ns=random.integers(-(2**62), 2**62, 5_000)))
    values = volume.values()
    assert values["packets"] == 100_000
    assert len(values["seconds"]) < 4 * 2 * sum(kept for _, kept in TIERS)
    assert (np.diff(values["seconds"]) > 0).all()


def test_throughput_is_bits_over_the_span() -> None:
    """A hundred bytes at the start and a hundred 10 s later are 160 bit/s; one packet has no rate."""
    assert volume_of([0, 10])["throughput_bps"] == 160
    assert volume_of([0])["throughput_bps"] == 0
