"""The volume over time as an inline SVG: no script, no file beside the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.metrics import MetricsSnapshot

WIDTH: Final = 960
HEIGHT: Final = 180
_COLUMNS: Final = 480
"""Points drawn at most; each is the busiest second of its share of the time."""


@dataclass(frozen=True, slots=True)
class VolumePicture:
    """Coordinates for the template."""

    points: str
    """Of an SVG polyline, WIDTH x HEIGHT."""
    peak_bytes_per_s: float
    width: int = WIDTH
    height: int = HEIGHT


def volume_picture(metrics: MetricsSnapshot) -> VolumePicture | None:
    """Draw `metrics`' volume; None with fewer than two seconds of it."""
    if len(metrics.seconds) < 2:
        return None
    peaks = _thinned(metrics.seconds, metrics.bytes_per_s)
    top = max(float(peaks.max()), 1.0)
    x = np.linspace(0, WIDTH, len(peaks))
    y = HEIGHT - peaks / top * (HEIGHT - 8)
    points = " ".join(f"{left:.1f},{down:.1f}" for left, down in zip(x, y, strict=True))
    return VolumePicture(points, top)


def _thinned(seconds: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.float64]:
    span = int(seconds[-1] - seconds[0]) + 1
    columns = min(_COLUMNS, span)
    peaks = np.zeros(columns)
    np.maximum.at(peaks, (seconds - seconds[0]) * columns // span, values.astype(np.float64))
    return peaks
