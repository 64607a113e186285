"""The model: an isolation forest on the rolling window, scaled, calibrated on rows held out of the fit.

scikit-learn is imported at the first fit. A fitted `Model` is never changed, only replaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.detect.reference import Reference
from trafficdesk.features import FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.settings import DetectionSettings

MODELLED: Final = np.array([index for index, feature in enumerate(FEATURES) if feature.modelled])
"""Columns the forest sees."""
LEAST_ROWS: Final = 256
"""Fewer rows can't be halved into a fit and a calibration that mean anything."""
CLIP: Final = 50.0
SENTINELS: Final = 0.1
"""Share of synthetic rows beyond the range: a forest can't isolate what lies outside the range it was shown
(measured 2026-11: rows with three behaviours far outside caught 7 % of the time without, 35 % with)."""
SENTINEL_FEATURES: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One fit."""

    number: int
    """1-based."""
    forest: Any
    center: NDArray[np.float32]
    """(modelled,) median of the fitted rows."""
    spread: NDArray[np.float32]
    """(modelled,) p95 - p5 of the fitted rows."""
    middle: float
    """Median score of the held-out rows."""
    line: float
    """99.9 % score of the held-out rows: the threshold, z = 1."""
    rows: int
    fit_ms: float
    reference: Reference

    def z(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """(rows,) anomaly, high = anomalous: 0 = the held-out rows' median, 1 = their 99.9 %.

        "About 0.1 % of normal rows exceed 1."
        """
        if not len(values):
            return np.empty(0, np.float32)
        raw = _anomaly(self.forest, _scaled(values[:, MODELLED], self.center, self.spread))
        return ((raw - self.middle) / max(self.line - self.middle, 1e-3)).astype(np.float32)


def fit(window: NDArray[np.float32], settings: DetectionSettings, number: int) -> Model:
    """Fit on one half of `window` (rows, features), calibrate on the other.

    The seed is `settings.seed + number`, so a fit can be had again.

    Raises
    ------
    ValueError
        If the window has fewer than `LEAST_ROWS` rows.
    """
    if len(window) < LEAST_ROWS:
        raise ValueError(f"{len(window)} rows are too few for a fit")
    from sklearn.ensemble import IsolationForest

    began = perf_counter()
    random = np.random.default_rng(settings.seed + number)
    order = random.permutation(len(window))
    half = len(window) // 2
    fitted = window[order[:half]][:, MODELLED]
    held_out = window[order[half:]][:, MODELLED]
    center, spread = _scale_of(fitted)
    training = _scaled(fitted, center, spread)
    forest = IsolationForest(
        n_estimators=settings.trees,
        max_samples=min(settings.samples, half),
        n_jobs=1,
        random_state=(settings.seed + number) % 2**32,
    )
    forest.fit(np.concatenate([training, _sentinels(training, random)]))
    middle, line = np.quantile(_anomaly(forest, _scaled(held_out, center, spread)), [0.5, 0.999])
    reference = Reference.of(window, random)
    took = (perf_counter() - began) * 1000
    return Model(number, forest, center, spread, float(middle), float(line), len(window), took, reference)


def _anomaly(forest: Any, scaled: NDArray[np.float32]) -> NDArray[np.float64]:
    """High = anomalous. scikit-learn says low = anomalous; this is the one place where the sign is turned."""
    scores: NDArray[np.float64] = forest.score_samples(scaled)
    return -scores


def _scale_of(rows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    low, center, high = np.percentile(rows, [5, 50, 95], axis=0)
    spread = high - low
    # A column that hardly moves is measured by its deviation, and one that never moved by a tenth of its unit.
    narrow = np.maximum(rows.std(axis=0), 0.1)
    return center.astype(np.float32), np.where(spread > 1e-6, spread, narrow).astype(np.float32)


def _scaled(
    rows: NDArray[np.float32], center: NDArray[np.float32], spread: NDArray[np.float32]
) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = np.clip((rows - center) / spread, -CLIP, CLIP)
    return scaled


def _sentinels(training: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Copies of rows with a few features pushed beyond the range."""
    count = max(1, int(len(training) * SENTINELS))
    rows = training[random.integers(0, len(training), count)]
    high = training.max(axis=0)
    reach = np.maximum(high - training.min(axis=0), 1.0)
    column = random.integers(0, training.shape[1], (count, SENTINEL_FEATURES))
    beyond = random.uniform(0.05, 1.0, column.shape)
    rows[np.arange(count)[:, None], column] = high[column] + reach[column] * beyond
    return rows
