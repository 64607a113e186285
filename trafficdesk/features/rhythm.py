"""RITA's beacon score of channels that open conversations again and again: how alike their gaps and their sizes are.

RITA v5 (analysis/beacons.go): score = mean of timestamp, data size, duration and histogram. The first two are told at
once; duration and histogram need six hours, before them the mean is that of the two. Kept are the newest gaps
of a bounded number of channels: those that `beat` has counted a few of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import Feature, Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

GAPS: Final = 64
"""Newest gaps kept per channel."""
MAX_CHANNELS: Final = 512
CANDIDATE_BEATS: Final = 2.5
"""Beats after which a channel's gaps are kept."""
HOUR_S: Final = 3_600.0
DAY_HOURS: Final = 24
LEAST_HOURS: Final = 6
"""Hours with beats before duration and histogram count."""
CONSECUTIVE_HOURS: Final = 12.0
LEAST_SPREAD: Final = 10.0
"""Q3 - Q1 (s or bytes) below which the skew is 0."""
_BAR: Final = 0.05
_BIMODAL_HOURS: Final = 11
_RITA: Final = "RITA v5, analysis/beacons.go"


def _feature(name: str, unit: str, words: str, scale: Scale) -> Feature:
    return Feature(name, unit, 0.0, words, _RITA, scale, tellable=False, ranged=False, modelled=False)


FEATURES: Final = (
    _feature("beacon_gaps", "", "{} gap{s} known of one channel", Scale.LOG1P),
    _feature("beacon_score", "", "a beacon score of {}", Scale.PLAIN),
)


@dataclass(slots=True)
class Channel:
    """The newest beats of one channel."""

    gaps: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """Seconds, at most `GAPS`."""
    sizes: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """Bytes that the client sent from one opening to the next."""
    octets: float = 0.0
    """Bytes since the last opening."""
    hours: dict[int, int] = field(default_factory=dict)
    """Beats by hour of the capture's clock."""
    score: float = 0.0
    last_s: float = 0.0

    def whole(self, hour: int, regular: float) -> float:
        """Score with a beat in `hour`, where gaps and sizes are as `regular` as that."""
        self.hours[hour] = self.hours.get(hour, 0) + 1
        if len(self.hours) < LEAST_HOURS:
            return regular
        self.hours = {at: beats for at, beats in self.hours.items() if hour - at < DAY_HOURS}
        if len(self.hours) < LEAST_HOURS:
            return regular
        return regular / 2.0 + (duration_score(self.hours) + histogram_score(self.hours)) / 4.0


class Rhythm:
    """Histories of channels; scores as of each row."""

    def __init__(self) -> None:
        self._channels: dict[int, Channel] = {}

    def __len__(self) -> int:
        """Channels known now."""
        return len(self._channels)

    def update(
        self,
        channel: NDArray[np.int64],
        seconds: NDArray[np.float64],
        gap: NDArray[np.float64],
        count: NDArray[np.float64],
        sent: NDArray[np.float64],
    ) -> list[NDArray[np.float64]]:
        """Columns of `FEATURES`.

        Parameters
        ----------
        gap : (rows,) seconds since the channel's former opening where the row opens, else 0.
        count : (rows,) beats so far, damped.
        sent : (rows,) bytes that the client sends.
        """
        beats, score = np.zeros(len(channel)), np.zeros(len(channel))
        begins = self._begin(channel, gap, count, sent)
        if not self._channels:
            return [beats, score]
        known = np.array(sorted(self._channels), np.int64)
        place = np.minimum(np.searchsorted(known, channel), len(known) - 1)
        rows = np.flatnonzero((known[place] == channel) & (np.arange(len(channel)) > begins[place]))
        rows = rows[np.argsort(channel[rows], kind="stable")]
        cuts = np.flatnonzero(np.diff(channel[rows])) + 1
        turns = [
            _Turn.of(self._channels[int(channel[own[0]])], own, seconds[own], gap[own], sent[own])
            for own in np.split(rows, cuts)
            if len(own)
        ]
        # The beats of all channels are scored at once: a channel has a few in a batch only.
        found = _regular(turns)
        for turn, cut in zip(turns, np.cumsum([len(turn.at) for turn in turns]).tolist(), strict=True):
            beats[turn.rows], score[turn.rows] = turn.told(found[cut - len(turn.at) : cut])
        self._forget()
        return [np.log1p(beats), score]

    def _begin(
        self,
        channel: NDArray[np.int64],
        gap: NDArray[np.float64],
        count: NDArray[np.float64],
        sent: NDArray[np.float64],
    ) -> NDArray[np.int64]:
        """Follow new channels; returns per channel, ascending, the row with which its history begins, -1 = before."""
        fresh: dict[int, int] = {}
        candidates = np.flatnonzero((gap > 0) & (count >= CANDIDATE_BEATS))
        keys, first = np.unique(channel[candidates], return_index=True)
        for key, row in zip(keys.tolist(), candidates[first].tolist(), strict=True):
            if key not in self._channels:
                self._channels[key] = Channel(octets=float(sent[row]))
                fresh[key] = row
        return np.array([fresh.get(key, -1) for key in sorted(self._channels)], np.int64)

    def _forget(self) -> None:
        if len(self._channels) > MAX_CHANNELS:
            newest = sorted(self._channels.items(), key=lambda item: -item[1].last_s)
            self._channels = dict(newest[: MAX_CHANNELS * 3 // 4])


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    """What one channel did in a batch."""

    channel: Channel
    rows: NDArray[np.intp]
    """Its rows."""
    at: NDArray[np.intp]
    """Which of them open something, as places in `rows`."""
    hours: NDArray[np.int64]
    """(openings,) hour of the capture's clock."""
    gaps: NDArray[np.float64]
    """(openings, GAPS) gaps known as of each, NaN = none."""
    sizes: NDArray[np.float64]
    """(openings, GAPS)"""

    @staticmethod
    def of(
        channel: Channel,
        rows: NDArray[np.intp],
        seconds: NDArray[np.float64],
        gap: NDArray[np.float64],
        sent: NDArray[np.float64],
    ) -> _Turn:
        """Count what the channel sent; the arrays are of its rows."""
        channel.last_s = float(seconds[-1])
        at = np.flatnonzero(gap > 0)
        if not len(at):
            channel.octets += float(sent.sum())
            none = np.empty((0, GAPS))
            return _Turn(channel, rows, at, at, none, none)
        # An opening's own bytes belong to the conversation it opens.
        so_far = np.concatenate([[0.0], np.cumsum(sent)])
        between = np.diff(so_far[at], prepend=-channel.octets)
        channel.octets = float(so_far[-1] - so_far[at[-1]])
        hours = (seconds[at] // HOUR_S).astype(np.int64)
        return _Turn(
            channel, rows, at, hours, _newest(channel.gaps, gap[at]), _newest(channel.sizes, between)
        )

    def told(self, found: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Gaps known and score as of each row; `found` (openings,) says how alike gaps and sizes are."""
        channel, known, score = self.channel, float(len(self.channel.gaps)), self.channel.score
        if not len(self.at):
            return np.full(len(self.rows), known), np.full(len(self.rows), score)
        found = np.array(
            [
                channel.whole(hour, regular)
                for hour, regular in zip(self.hours.tolist(), found.tolist(), strict=True)
            ]
        )
        counts = np.isfinite(self.gaps).sum(axis=1).astype(np.float64)
        channel.gaps, channel.sizes = (kept[-1][np.isfinite(kept[-1])] for kept in (self.gaps, self.sizes))
        channel.score = float(found[-1])
        as_of = np.searchsorted(self.at, np.arange(len(self.rows)), "right")
        return np.concatenate([[known], counts])[as_of], np.concatenate([[score], found])[as_of]


def _regular(turns: list[_Turn]) -> NDArray[np.float64]:
    """(openings,) of all turns: mean of the scores that are told at once."""
    if not any(len(turn.at) for turn in turns):
        return np.empty(0)
    gaps, sizes = (np.concatenate([getattr(turn, name) for turn in turns]) for name in ("gaps", "sizes"))
    return (timestamp_score(gaps) + size_score(sizes)) / 2.0


def _newest(held: NDArray[np.float64], new: NDArray[np.float64]) -> NDArray[np.float64]:
    """(new, GAPS) what is held as of each new value, that one included; NaN where there is none yet."""
    padded = np.concatenate([np.full(GAPS, np.nan), held, new])
    windows = np.lib.stride_tricks.sliding_window_view(padded, GAPS)
    return windows[len(windows) - len(new) :]


def timestamp_score(gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows,) RITA's score of gaps (rows, GAPS) in seconds, NaN = none: 1 = like a clock."""
    return _regularity(gaps, without_scale=1.0)


def size_score(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows,) the same of sizes (rows, GAPS) in bytes."""
    return _regularity(sizes, without_scale=0.0)


def _regularity(values: NDArray[np.float64], *, without_scale: float) -> NDArray[np.float64]:
    """Mean of 1 - |Bowley's skew| and (median - MAD) / median."""
    low, middle, high = _quartiles(values)
    spread = high - low
    with np.errstate(invalid="ignore", divide="ignore"):
        skew = (low + high - 2.0 * middle) / spread
        deviation = _quartiles(np.abs(values - middle[:, None]))[1]
        steady = np.maximum((middle - deviation) / middle, 0.0)
    skew = np.where((spread < LEAST_SPREAD) | (middle == low) | (middle == high), 0.0, skew)
    return (1.0 - np.abs(skew) + np.where(middle < 1.0, without_scale, steady)) / 2.0


def _quartiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, rows) quartiles of the values that are not NaN, at least one per row; linear between neighbours."""
    ordered = np.sort(values, axis=1)  # NaN last
    last = np.isfinite(values).sum(axis=1) - 1
    quartiles = np.empty((3, len(values)))
    every = np.arange(len(values))
    for index, share in enumerate((0.25, 0.5, 0.75)):
        place = share * last
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, last)
        part = place - below
        quartiles[index] = ordered[every, below] * (1.0 - part) + ordered[every, above] * part
    return quartiles


def duration_score(hours: dict[int, int]) -> float:
    """How much of a day the beats span, or how many hours follow each other without a pause, of 12."""
    seen = np.array(sorted(hours))
    spanned = (seen[-1] - seen[0] + 1) / DAY_HOURS
    run = max(len(part) for part in np.split(seen, np.flatnonzero(np.diff(seen) > 1) + 1))
    return float(min(max(spanned, run / CONSECUTIVE_HOURS), 1.0))


def histogram_score(hours: dict[int, int]) -> float:
    """How alike the hours are: 1 - variation, or the share of the two commonest heights."""
    newest = max(hours)
    bars = np.array([hours.get(newest - back, 0) for back in range(newest - min(hours) + 1)], np.float64)
    variation = bars.std() / bars.mean()
    alike = max(1.0 - variation, 0.0)
    if len(hours) < _BIMODAL_HOURS:
        return float(alike)
    # Heights within 5 % of the tallest are one; one outlier is dropped.
    heights = np.round(bars / max(bars.max() * _BAR, 1.0))
    _, counts = np.unique(heights, return_counts=True)
    bimodal = np.sort(counts)[-2:].sum() / max(len(bars) - 1, 1)
    return float(min(max(alike, bimodal), 1.0))
