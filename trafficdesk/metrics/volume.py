"""Volume over time: packets and bytes per second, totals, time span, throughput.

The newest hour is kept second by second; what is older is merged into minutes, then hours, then days, so that a
capture of any length stays small and can be drawn whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

NS: Final = 1_000_000_000
TIERS: Final = ((1, 3_600), (60, 1_440), (3_600, 720), (86_400, 1_000))
"""(seconds a bin spans, bins kept): an hour, a day, a month; the oldest days beyond the last tier are dropped."""


class _Tier:
    """Bins of one width, ascending, only those that are not empty."""

    def __init__(self, width_s: int, kept: int) -> None:
        self.width_s = width_s
        self.kept = kept
        self.starts = np.empty(0, np.int64)
        self.counts = np.empty((2, 0), np.int64)
        """(packets | bytes, bins)."""

    def add(self, seconds: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        """Add ascending seconds; several may fall into one bin."""
        starts = seconds // self.width_s * self.width_s
        if len(starts) == 1 and len(self.starts) and starts[0] == self.starts[-1]:
            self.counts[:, -1] += counts[:, 0]
            return
        every = np.concatenate([self.starts, starts])
        self.starts, inverse = np.unique(every, return_inverse=True)
        merged = np.zeros((2, len(self.starts)), np.int64)
        for row, values in enumerate(np.concatenate([self.counts, counts], axis=1)):
            np.add.at(merged[row], inverse, values)
        self.counts = merged

    def overflow(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Take out the oldest bins once there are twice as many as are kept."""
        if len(self.starts) < 2 * self.kept:
            return self.starts[:0], self.counts[:, :0]
        cut = len(self.starts) - self.kept
        out = self.starts[:cut], self.counts[:, :cut]
        self.starts, self.counts = self.starts[cut:].copy(), self.counts[:, cut:].copy()
        return out


class Volume:
    """Packets and bytes per second, and what follows from them."""

    def __init__(self) -> None:
        self._tiers = [_Tier(width, kept) for width, kept in TIERS]
        self._packets = self._bytes = 0
        self._first_ns = self._last_ns = 0
        self._peak = 0

    def add(self, batch: PacketBatch) -> None:
        """Count a batch."""
        timestamps = batch["timestamp_ns"]
        low, high = int(timestamps.min()), int(timestamps.max())
        self._first_ns = min(self._first_ns, low) if self._packets else low
        self._last_ns = max(self._last_ns, high) if self._packets else high
        self._packets += len(batch)
        seconds, counts = _by_second(timestamps, batch["length"], low // NS, high // NS)
        self._bytes += int(counts[1].sum())
        for tier in self._tiers:
            tier.add(seconds, counts)
            if tier.width_s == 1:
                self._peak = max(self._peak, int(tier.counts[1].max()))
            seconds, counts = tier.overflow()
            if not len(seconds):
                break

    def values(self) -> dict[str, Any]:
        """Totals and the bins, silence filled in."""
        seconds, widths, counts = self._bins()
        span_s = (self._last_ns - self._first_ns) / NS
        return {
            "packets": self._packets,
            "bytes": self._bytes,
            "first_ns": self._first_ns,
            "last_ns": self._last_ns,
            "seconds": seconds,
            "widths": widths,
            "packets_per_s": counts[0] // widths,
            "bytes_per_s": counts[1] // widths,
            "throughput_bps": self._bytes * 8 / span_s if span_s > 0 else 0.0,
            "peak_bps": float(self._peak * 8),
        }

    def _bins(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        starts = np.concatenate([tier.starts for tier in reversed(self._tiers)])
        widths = np.concatenate([np.full(len(tier.starts), tier.width_s) for tier in reversed(self._tiers)])
        counts = np.concatenate([tier.counts for tier in reversed(self._tiers)], axis=1)
        if np.any(starts[1:] <= starts[:-1]):  # late packets: a second before a bin that was merged already
            order = np.argsort(starts, kind="stable")
            starts, widths, counts = starts[order], widths[order], counts[:, order]
        widths[:-1] = np.clip(starts[1:] - starts[:-1], 1, widths[:-1])
        return _with_silence(starts, widths, counts)


def _by_second(
    timestamps: NDArray[np.int64], lengths: NDArray[np.uint32], low: int, high: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct seconds, ascending, and (packets | bytes, seconds) of each."""
    if low == high:
        return np.array([low]), np.array([[len(lengths)], [int(lengths.sum(dtype=np.int64))]])
    seconds = timestamps // NS
    if high - low <= len(lengths) + 1_000:
        index = seconds - low
        packets = np.bincount(index)
        # float64 sums of whole bytes are exact up to 2**53
        octets = np.bincount(index, weights=lengths).astype(np.int64)
        used = np.flatnonzero(packets)
        return used + low, np.stack([packets[used], octets[used]])
    distinct, inverse = np.unique(seconds, return_inverse=True)
    octets = np.bincount(inverse, weights=lengths).astype(np.int64)
    return distinct, np.stack([np.bincount(inverse), octets])


def _with_silence(
    starts: NDArray[np.int64], widths: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Add zeros where nothing was: at the beginning of each gap, and just before its end, for lines as for steps."""
    ends = starts + widths
    gap = starts[1:] - ends[:-1]
    fall, rise = np.flatnonzero(gap > 0), np.flatnonzero(gap > 1)
    begin = np.concatenate([ends[fall], starts[rise + 1] - 1])
    width = np.concatenate([np.maximum(gap[fall] - 1, 1), np.ones(len(rise), np.int64)])
    at = np.concatenate([starts, begin])
    order = np.argsort(at, kind="stable")
    every = np.concatenate([counts, np.zeros((2, len(begin)), np.int64)], axis=1)
    return at[order], np.concatenate([widths, width])[order], every[:, order]
