"""`Rates`: what happened second by second, in several measures at once, so that they can be compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.protocol import IpProtocol, Protocol, TcpFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

MEASURES: Final = (
    "packets", "bytes", "TCP openings", "TCP resets", "UDP packets", "DNS packets", "ICMP packets", "flagged",
)  # fmt: skip
_FLAGGED: Final = MEASURES.index("flagged")
_WIDTHS: Final = (1, 60, 3_600, 86_400)
_MOST_BINS: Final = 50_000
_PENDING_ROWS: Final = 20_000
_FEW_BINS: Final = {1: 120, 60: 1_440, 3_600: 2_160}
"""What `shortened` leaves, by width: two minutes, a day, three months."""
_BY_MINUTE_S: Final = 600
"""Spans from here on are told by minute."""
_NS: Final = 1_000_000_000
_ICMP: Final = (IpProtocol.ICMP, IpProtocol.ICMPV6)


def _no_starts() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)


def _no_values() -> NDArray[np.float64]:
    return np.zeros((0, len(MEASURES)))


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Measures over time; bins in which nothing happened are left out."""

    starts: NDArray[np.int64] = field(default_factory=_no_starts)
    """(bins,) begin of each, seconds since the Unix epoch, ascending."""
    values: NDArray[np.float64] = field(default_factory=_no_values)
    """(bins, measures) sums over the bin."""
    names: tuple[str, ...] = MEASURES
    width_s: int = 1

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def bins(self) -> int:
        """From the first to the last, the silent ones too."""
        return int((self.starts[-1] - self.starts[0]) // self.width_s) + 1 if len(self) else 0

    def of(self, name: str) -> NDArray[np.float64]:
        """(bins,) one measure."""
        values: NDArray[np.float64] = self.values[:, self.names.index(name)]
        return values

    def widened(self, width_s: int) -> Series:
        """The same in bins of `width_s` seconds."""
        return Series(*_summed(self.starts // width_s * width_s, self.values), self.names, width_s)

    def at_most(self, bins: int) -> Series:
        """The same in so few bins, each a whole number of the old ones."""
        if self.bins <= bins:
            return self
        # One bin more may be needed where the first one begins before the first second.
        return self.widened(self.width_s * -(-self.bins // max(bins - 1, 1)))

    def shortened(self) -> Series:
        """The same with few bins, of widths that `Rates.merge` adds up: what is told of one file among thousands."""
        series = self
        for finer, width in pairwise(_WIDTHS):
            if series.width_s > finer or len(series) <= _FEW_BINS[finer]:
                continue
            series = series.widened(width)
        return series

    def correlation(self) -> NDArray[np.float64]:
        """(measures, measures) Pearson's r over the bins, silent ones included; NaN where a measure never changes."""
        if self.bins < 3:
            return np.full((len(self.names),) * 2, np.nan)
        scaled = self.values / np.maximum(np.abs(self.values).max(axis=0), 1e-300)
        mean = scaled.sum(axis=0) / self.bins
        covariance = scaled.T @ scaled / self.bins - np.outer(mean, mean)
        deviation = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        product = np.outer(deviation, deviation)
        r: NDArray[np.float64] = np.full(product.shape, np.nan)
        np.divide(covariance, product, out=r, where=product > 1e-15)
        np.clip(r, -1.0, 1.0, out=r)
        return r


class Rates:
    """Counts batches; memory is bounded: where there are too many seconds, minutes are kept, and so on."""

    def __init__(self) -> None:
        self._width_s = _WIDTHS[0]
        self._parts: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self._pending = 0

    def add(self, batch: PacketBatch) -> None:
        """Count packets."""
        if not len(batch):
            return
        protocol, flags = batch["ip_protocol"], batch["tcp_flags"]
        is_tcp = protocol == IpProtocol.TCP
        opening = (flags & (TcpFlag.SYN | TcpFlag.ACK)) == TcpFlag.SYN
        counted: tuple[NDArray[Any], ...] = (
            np.ones(len(batch)),
            batch["length"],
            is_tcp & opening,
            is_tcp & ((flags & TcpFlag.RST) != 0),
            protocol == IpProtocol.UDP,
            batch["protocol"] == Protocol.DNS,
            np.isin(protocol, _ICMP),
        )
        self._count(batch["timestamp_ns"], counted)

    def flag(self, times_ns: NDArray[np.int64]) -> None:
        """Count flagged packets, by their times."""
        if len(times_ns):
            nothing = np.zeros(len(times_ns))
            self._count(times_ns, (*(nothing,) * _FLAGGED, np.ones(len(times_ns))))

    def merge(self, series: Series) -> None:
        """Add what was counted elsewhere; the widest of all is the width of the whole."""
        if len(series):
            self._width_s = max(self._width_s, series.width_s)
            self._parts.append((series.starts, series.values))
            self._pending += len(series)
            if self._pending > _PENDING_ROWS:
                self._join()

    def series(self) -> Series:
        """What was counted: by second up to ten minutes, else by minute or more."""
        self._join()
        series = Series(*self._parts[0], MEASURES, self._width_s) if self._parts else Series()
        if series.width_s == 1 and series.bins >= _BY_MINUTE_S:
            return series.widened(60)
        return series

    def _count(self, times_ns: NDArray[np.int64], counted: tuple[NDArray[Any], ...]) -> None:
        starts = times_ns // (_NS * self._width_s) * self._width_s
        keys, index = np.unique(starts, return_inverse=True)
        values = np.zeros((len(keys), len(MEASURES)))
        for column, weights in enumerate(counted):
            values[:, column] = np.bincount(index, weights, len(keys))
        self._parts.append((keys, values))
        self._pending += len(keys)
        if self._pending > _PENDING_ROWS:
            self._join()

    def _join(self) -> None:
        if not self._parts:
            return
        starts, values = (np.concatenate([part[which] for part in self._parts]) for which in (0, 1))
        joined = _summed(starts // self._width_s * self._width_s, values)
        for width in _WIDTHS:
            if len(joined[0]) <= _MOST_BINS:
                break
            if width > self._width_s:
                self._width_s = width
                joined = _summed(starts // width * width, values)
        self._parts, self._pending = [joined], 0


def _summed(
    starts: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows of equal `starts` added, ascending."""
    keys, index = np.unique(starts, return_inverse=True)
    sums = np.zeros((len(keys), values.shape[1]))
    np.add.at(sums, index, values)
    return keys, sums
