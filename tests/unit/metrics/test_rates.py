"""Rates over time: sums that are right in any width, correlation that counts silence, bounded memory."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.crafted import a_batch
from trafficdesk.metrics import rates as module
from trafficdesk.metrics.rates import Rates, Series


def series(*rows: tuple[int, float, float], width_s: int = 1) -> Series:
    starts = np.array([row[0] for row in rows], np.int64)
    values = np.array([row[1:] for row in rows], np.float64)
    return Series(starts, values, ("packets", "bytes"), width_s)


def test_packets_and_bytes_add_up() -> None:
    """Whatever the width, every packet and byte of the batches is counted once, and what was flagged."""
    batch = a_batch(5_000)
    rates = Rates()
    rates.add(batch)
    rates.flag(batch["timestamp_ns"][:7])
    told = rates.series()
    for wide in (told, told.widened(told.width_s * 60), told.at_most(3)):
        assert wide.of("packets").sum() == 5_000
        assert wide.of("bytes").sum() == int(batch["length"].sum())
        assert wide.of("flagged").sum() == 7
    assert told.at_most(3).bins <= 3


def test_correlation_is_that_of_the_series_with_its_silence() -> None:
    """Bins that were left out count as zeros: as numpy has it for the dense series."""
    sparse = series((0, 3, 10), (2, 1, 0), (9, 5, 40))
    dense = np.zeros((10, 2))
    dense[[0, 2, 9]] = sparse.values
    assert sparse.correlation() == pytest.approx(np.corrcoef(dense.T))


def test_what_never_changes_has_no_correlation() -> None:
    """A constant measure is left out, not called uncorrelated."""
    r = series((0, 1, 5), (1, 1, 6), (2, 1, 9)).correlation()
    assert np.isnan(r[0]).all()
    assert r[1, 1] == pytest.approx(1.0)


def test_years_of_seconds_are_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    """More bins than are kept become wider ones; nothing is lost."""
    monkeypatch.setattr(module, "_MOST_BINS", 100)
    monkeypatch.setattr(module, "_PENDING_ROWS", 50)
    rates = Rates()
    for start in range(0, 3_000, 60):
        rates.flag(np.arange(start, start + 60, dtype=np.int64) * 1_000_000_000)
    told = rates.series()
    assert told.width_s == 60
    assert len(told) == 50
    assert told.of("flagged").sum() == 3_000


def test_shortened_and_merged_nothing_is_lost() -> None:
    """However long each is, and in any order, their sum has every packet, by the widest of them."""
    long, short, longer = Rates(), Rates(), Rates()
    for rates, seconds in ((long, 4_000), (short, 50), (longer, 5_000 * 60)):
        rates.flag(np.arange(0, seconds, 60 if rates is longer else 1, dtype=np.int64) * 1_000_000_000)
    told = [rates.series().shortened() for rates in (long, short, longer)]
    assert [one.width_s for one in told] == [60, 1, 3_600]
    sums = []
    for order in (told, told[::-1]):
        merged = Rates()
        for one in order:
            merged.merge(one)
        sums.append(merged.series())
    assert sums[0].width_s == 3_600
    assert sums[0].of("flagged").sum() == 4_000 + 50 + 5_000
    assert sums[0].starts.tolist() == sums[1].starts.tolist()
    assert sums[0].values.tolist() == sums[1].values.tolist()


def test_merging_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of captures of as many minutes become wider bins, the same in any order."""
    monkeypatch.setattr(module, "_MOST_BINS", 100)
    monkeypatch.setattr(module, "_PENDING_ROWS", 50)
    parts = []
    for number in range(300):
        one = Rates()
        one.flag(np.array([number * 60 * 1_000_000_000]))
        parts.append(one.series().shortened())
    told = []
    for order in (parts, parts[::-1]):
        merged = Rates()
        for part in order:
            merged.merge(part)
        told.append(merged.series())
    assert told[0].of("flagged").sum() == 300
    assert len(told[0]) <= 100
    assert told[0].values.tolist() == told[1].values.tolist()
