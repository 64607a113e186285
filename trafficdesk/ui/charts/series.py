"""What the charts draw, computed from a `MetricsSnapshot` without Qt: columns of equal width, shares, tick marks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.ui.wording import nice_step, scaled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trafficdesk.metrics.snapshot import MetricsSnapshot

LIVE_SECONDS: Final = 180
"""What a live chart spans."""
MAX_COLUMNS: Final = 400
"""Points drawn at most: about one per two pixels of a usual window; more only blurs the line."""
OTHER: Final = "other"
_TIME_STEPS: Final = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600),
    *(7_200, 10_800, 21_600, 43_200, 86_400),
)
"""Seconds between two labels of a time axis; beyond, whole days."""
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Rates over equal spans of time."""

    start_s: int
    """Left edge of the chart, Unix epoch."""
    stop_s: int
    """Right edge, exclusive."""
    step_s: int
    """Seconds each column spans."""
    left_s: NDArray[np.int64]
    """(columns,) left edge of each, Unix epoch; only where something was captured."""
    bytes_per_s: NDArray[np.float64]
    """(columns,) mean."""
    packets_per_s: NDArray[np.float64]
    """(columns,) mean."""

    def __len__(self) -> int:
        return len(self.left_s)

    def equals(self, other: Columns) -> bool:
        """Whether the same would be drawn."""
        return (self.start_s, self.stop_s, self.step_s) == (
            other.start_s,
            other.stop_s,
            other.step_s,
        ) and all(
            np.array_equal(mine, theirs)
            for mine, theirs in (
                (self.left_s, other.left_s),
                (self.bytes_per_s, other.bytes_per_s),
                (self.packets_per_s, other.packets_per_s),
            )
        )

    def index_at(self, second: float) -> int:
        """The column that holds `second`, the nearest one outside. Only where there are columns."""
        index = int(np.searchsorted(self.left_s, second, "right")) - 1
        return min(max(index, 0), len(self.left_s) - 1)


def live_columns(snapshot: MetricsSnapshot, now_s: int) -> Columns:
    """The last three minutes before `now_s`, without the second that is still running."""
    stop = max(now_s, int(snapshot.seconds[-1])) if len(snapshot.seconds) else now_s
    return _columns(snapshot, stop - LIVE_SECONDS, stop)


def file_columns(snapshot: MetricsSnapshot) -> Columns:
    """Everything from the first packet to the last, in at most `MAX_COLUMNS` columns."""
    if not len(snapshot.seconds):
        return _columns(snapshot, 0, 1)
    start = int(snapshot.seconds[0])
    stop = int(snapshot.seconds[-1] + snapshot.widths[-1])
    if stop - start < 3:
        # A line needs points on both sides of what happened.
        start, stop = start - 1, stop + 1
    return _columns(snapshot, start, stop, pad=True)


def top_shares(
    protocols: Sequence[tuple[str, int, int]], rows: int, *, by_packets: bool
) -> list[tuple[str, float]]:
    """At most `rows` (name, share of the whole), largest first, the rest as "other" at the end."""
    counts = [(name, packets if by_packets else size) for name, packets, size in protocols]
    counts.sort(key=lambda item: -item[1])
    total = sum(count for _, count in counts)
    if total <= 0:
        return []
    if len(counts) > rows:
        rest = sum(count for _, count in counts[rows - 1 :])
        counts = [*counts[: rows - 1], (OTHER, rest)]
    return [(name, count / total) for name, count in counts]


def rate_ticks(maximum: float, divisions: int, unit: str) -> tuple[float, list[str]]:
    """The axis' end that `divisions` nice steps reach, and a label per division from 0; the last has the unit."""
    step = nice_step(maximum, divisions)
    top = step * divisions
    divisor, prefix = scaled(top)
    labels = [f"{step * index / divisor:g}" for index in range(divisions + 1)]
    labels[-1] = f"{labels[-1]} {prefix}{unit}" if unit else f"{labels[-1]}{prefix}"
    return top, labels


def time_ticks(start_s: float, stop_s: float, count: int) -> list[tuple[float, str]]:
    """At most about `count` moments (Unix epoch) on round local times, with their labels."""
    span = max(stop_s - start_s, 1.0)
    wanted = span / max(count, 1)
    step = next((step for step in _TIME_STEPS if step >= wanted), math.ceil(wanted / _DAY) * _DAY)
    offset = _utc_offset(start_s)
    first = math.ceil((start_s + offset) / step) * step - offset
    form = "%H:%M:%S" if step < 60 else "%H:%M" if step < _DAY and span < _DAY else "%d %b %H:%M"
    if step >= _DAY:
        form = "%d %b"
    return [
        (moment, _local(moment).strftime(form)) for moment in np.arange(first, stop_s + 1e-9, step).tolist()
    ]


def _columns(snapshot: MetricsSnapshot, start: int, stop: int, *, pad: bool = False) -> Columns:
    """Means over columns, by differences of the running total: exact whatever the bins' widths."""
    step = max(1, math.ceil((stop - start) / MAX_COLUMNS))
    left = np.arange(start, stop, step, dtype=np.int64)
    if not len(snapshot.seconds):
        none = np.empty(0)
        return Columns(start, stop, step, left[:0], none, none)
    edges = np.append(snapshot.seconds, snapshot.seconds[-1] + snapshot.widths[-1])
    if not pad:
        left = left[left >= edges[0]]
    rates = [
        _means(edges, values * snapshot.widths, left, step)
        for values in (snapshot.bytes_per_s, snapshot.packets_per_s)
    ]
    return Columns(start, stop, step, left, rates[0], rates[1])


def _means(
    edges: NDArray[np.int64], amounts: NDArray[np.int64], left: NDArray[np.int64], step: int
) -> NDArray[np.float64]:
    total = np.concatenate(([0.0], np.cumsum(amounts, dtype=np.float64)))
    bounds = np.append(left, left[-1] + step) if len(left) else left
    return np.maximum(np.diff(np.interp(bounds, edges, total)), 0.0) / step


def _utc_offset(second: float) -> float:
    offset = _local(second).utcoffset()
    return offset.total_seconds() if offset else 0.0


def _local(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC).astimezone()
