"""`ui.charts.series`: columns that keep the bytes, shares that sum up, labels on round times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.snapshots import NOW, snapshot_of
from trafficdesk.metrics.snapshot import MetricsSnapshot
from trafficdesk.ui.charts import series


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 300)), min_size=1, max_size=60))
def test_a_file_keeps_every_packet(bins: list[tuple[int, int]]) -> None:
    """Rates times spans sum up to what was captured, whatever the bins' widths."""
    rates, widths = [rate for rate, _ in bins], [width for _, width in bins]
    columns = series.file_columns(snapshot_of(rates, widths))
    expected = sum(rate * width for rate, width in bins)
    assert columns.packets_per_s.sum() * columns.step_s == pytest.approx(expected)
    assert columns.bytes_per_s.sum() * columns.step_s == pytest.approx(1_000 * expected)
    assert len(columns) <= series.MAX_COLUMNS + 2


def test_live_spans_three_minutes_up_to_now() -> None:
    """The running second is left out; what is older than three minutes, too."""
    columns = series.live_columns(snapshot_of([1] * 400 + [999], start=NOW - 400), NOW)
    assert (columns.start_s, columns.stop_s) == (NOW - 180, NOW)
    assert columns.packets_per_s.tolist() == [1.0] * 180


def test_live_goes_on_in_silence() -> None:
    """A minute after the last packet, the last minute is zero."""
    columns = series.live_columns(snapshot_of([5] * 100, start=NOW - 160), NOW)
    assert columns.packets_per_s[-60:].tolist() == [0.0] * 60
    assert columns.left_s[0] == NOW - 160


def test_nothing_captured_draws_nothing() -> None:
    """Without packets there are no columns, live or not."""
    empty = MetricsSnapshot()
    assert len(series.file_columns(empty)) == 0
    assert len(series.live_columns(empty, NOW)) == 0


def test_a_single_second_is_still_a_curve() -> None:
    """One busy second has a column on each side."""
    assert series.file_columns(snapshot_of([7])).packets_per_s.tolist() == [0.0, 7.0, 0.0]


def test_index_at_stays_inside() -> None:
    """A moment outside is answered by the nearest column."""
    columns = series.file_columns(snapshot_of([1] * 10))
    assert [columns.index_at(NOW + offset) for offset in (-5, 0, 3.9, 99)] == [0, 0, 3, 9]


PROTOCOLS = tuple((f"P{index}", 10 - index, 100 * (index + 1)) for index in range(10))


@pytest.mark.parametrize("by_packets", [True, False])
@pytest.mark.parametrize("rows", [1, 3, 8, 20])
def test_shares_are_bounded_and_complete(rows: int, *, by_packets: bool) -> None:
    """At most so many rows, largest first, together the whole."""
    shares = series.top_shares(PROTOCOLS, rows, by_packets=by_packets)
    assert len(shares) == min(rows, 10)
    assert sum(part for _, part in shares) == pytest.approx(1.0)
    named = [part for name, part in shares if name != series.OTHER]
    assert named == sorted(named, reverse=True)
    assert (shares[-1][0] == series.OTHER) == (rows < 10)


def test_no_protocols_no_shares() -> None:
    """Nothing captured is no division by zero."""
    assert series.top_shares((), 8, by_packets=False) == []


def test_rate_labels_carry_the_unit_once() -> None:
    """Only the top label has a unit."""
    assert series.rate_ticks(5.2e6, 3, "B/s") == (6e6, ["0", "2", "4", "6 MB/s"])
    assert series.rate_ticks(0, 2, "B/s") == (2.0, ["0", "1", "2 B/s"])


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
def test_time_labels_stand_on_round_local_times(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    """Labels every minute are whole minutes of the local clock, also where the offset is no whole hour."""
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        ticks = series.time_ticks(NOW, NOW + 180, 4)
        assert 2 <= len(ticks) <= 5
        assert all(moment % 60 == 0 for moment, _ in ticks)
        hours = series.time_ticks(NOW, NOW + 12 * 3_600, 4)
        assert all(text.endswith(":00") for _, text in hours)
    finally:
        monkeypatch.undo()
        time.tzset()


@given(st.integers(1, 10**9), st.integers(1, 12))
def test_time_labels_are_few_and_inside(span: int, count: int) -> None:
    """Never more labels than fit, all within the chart."""
    ticks = series.time_ticks(NOW, NOW + span, count)
    assert len(ticks) <= count + 1
    assert all(NOW <= moment <= NOW + span for moment, _ in ticks)
