"""What is usual of one behaviour, and where a row lies: the reference as bars, lines at what is usual and at the row.

This module imports pyqtgraph: import it after the first window has been shown.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from trafficdesk.detect.words import amount
from trafficdesk.features import FEATURES, Scale
from trafficdesk.ui.charts.axes import LabelAxis, bare_plot
from trafficdesk.ui.charts.plot_view import RangeView
from trafficdesk.ui.wording import nice_step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QResizeEvent

    from trafficdesk.detect.why import WhyReason
    from trafficdesk.features import Feature
    from trafficdesk.ui.theme import Tokens

HEIGHT: Final = 108
BARS: Final = 40
_AXIS: Final = 20
_APART: Final = 52
"""Pixels between two labels."""
_PADDING: Final = 0.06
"""Of the width, on both sides."""
_LEAST_SPAN: Final = 1.0
"""In stored units: a feature that never changed is a single bar, not a wall."""
_SHOWN: Final = 0.05
"""Height of a bar with a single row, of the highest one's: what is rare must be seen."""
_SECONDS: Final = (0.001, 0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3_600.0, 36_000.0)
_DECADES: Final = tuple(10.0**power for power in range(13))


class DistributionChart(QWidget):
    """The reference's values of one feature, log-scaled, in the person's unit."""

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reason: WhyReason | None = None
        self._named = False
        self._values = LabelAxis("bottom", _AXIS)
        self._view = RangeView()
        self._plot = bare_plot(self._view, {"bottom": self._values})
        self._bars = pg.BarGraphItem(x=[], height=[], width=0.1)
        self._usual, self._limit, self._row = (pg.InfiniteLine(angle=90) for _ in range(3))
        for item in (self._bars, self._usual, self._limit, self._row):
            self._view.addItem(item)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._plot)
        self.setFixedHeight(HEIGHT)
        self.apply_theme(tokens)

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._tokens = tokens
        self._plot.setBackground(tokens.panel)
        self._values.set_color(tokens.muted)
        self._draw()

    def show_reason(self, reason: WhyReason, *, named: bool) -> None:
        """Show where a row lies; `named` by a rule rather than flagged by the model alone."""
        self._reason, self._named = reason, named
        self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many labels as fit."""
        super().resizeEvent(event)
        self._label()

    def _draw(self) -> None:
        reason, tokens = self._reason, self._tokens
        if reason is None:
            return
        feature = FEATURES[reason.feature]
        low, high = self._span = span_of(reason)
        edges = np.linspace(low, high, BARS + 1)
        counts, _ = np.histogram(np.clip(reason.sample, low, high), edges)
        heights = np.where(counts > 0, np.maximum(np.sqrt(counts / max(counts.max(), 1)), _SHOWN), 0.0)
        step = (high - low) / BARS
        self._bars.setOpts(
            x=edges[:-1] + step / 2, height=heights, width=step * 0.9, pen=None, brush=tokens.accent
        )
        hue = tokens.family if self._named else tokens.unusual
        self._line(self._row, stored(feature, reason.value), hue, 3)
        self._line(self._usual, stored(feature, reason.usual), tokens.muted, 1, Qt.PenStyle.DashLine)
        self._line(self._limit, stored(feature, reason.limit), tokens.good, 2, Qt.PenStyle.DotLine)
        margin = (high - low) * _PADDING
        self._view.setXRange(low - margin, high + margin, padding=0)
        self._view.setYRange(0, 1.08, padding=0)
        self._label()
        self.setAccessibleDescription(said_of(reason))

    def _line(
        self,
        line: pg.InfiniteLine,
        at: float,
        colour: str,
        width: int,
        style: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> None:
        line.setVisible(math.isfinite(at))
        line.setPen(pg.mkPen(colour, width=width, style=style))
        if math.isfinite(at):
            line.setValue(at)

    def _label(self) -> None:
        if self._reason is None:
            return
        feature = FEATURES[self._reason.feature]
        low, high = self._span
        width = max(self._plot.width(), 1) * (1 - 2 * _PADDING)
        spread = (high - low) / width * _APART
        chosen: list[tuple[float, str]] = []
        for value in ticks(feature, low, high):
            at = stored(feature, value)
            if not chosen or at - chosen[-1][0] >= spread:
                # "0 bytes" at the very edge would be cut.
                chosen.append((at, amount(value, feature.unit) if value else "0"))
        self._values.set_labels(chosen)


def stored(feature: Feature, value: float) -> float:
    """Where a value in the person's unit stands on the axis; NaN where there is none."""
    return float(feature.stored(np.array(value))) if math.isfinite(value) else math.nan


def span_of(reason: WhyReason) -> tuple[float, float]:
    """What the axis spans, as stored: reference, row, and what is usual."""
    feature = FEATURES[reason.feature]
    said = [stored(feature, value) for value in (reason.value, reason.usual, reason.limit)]
    places = [place for place in said if math.isfinite(place)]
    if len(reason.sample):
        places += [float(reason.sample[0]), float(reason.sample[-1])]
    low, high = min(places), max(places)
    return low, max(high, low + _LEAST_SPAN)


def ticks(feature: Feature, low: float, high: float) -> Iterable[float]:
    """Values in the person's unit, ascending, that may be labelled between two stored ones."""
    if feature.scale is Scale.PLAIN:
        step = nice_step(high - low, 4)
        first = math.ceil(low / step)
        return [number * step for number in range(first, math.floor(high / step) + 1)]
    candidates = _SECONDS if feature.unit == "s" else _DECADES
    if feature.scale is Scale.RATIO:
        candidates = tuple(10.0**power for power in range(-6, 7))
    else:
        candidates = (0.0, *candidates)
    slack = (high - low) * _PADDING / 2
    return [value for value in candidates if low - slack <= stored(feature, value) <= high + slack]


def said_of(reason: WhyReason) -> str:
    """The picture in words."""
    unit = FEATURES[reason.feature].unit
    parts = [f"this packet: {amount(reason.value, unit)}"]
    if math.isfinite(reason.usual):
        parts.append(f"99 % of what is usual: at most {amount(reason.usual, unit)}")
    if math.isfinite(reason.limit):
        parts.append(f"usual from {amount(reason.limit, unit)} on")
    return ", ".join(parts)
