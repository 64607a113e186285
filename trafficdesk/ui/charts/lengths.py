"""How long the packets are: one bar per class of lengths.

This module imports pyqtgraph: import it after the first window has been shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyqtgraph as pg

from trafficdesk.ui.charts.axes import LabelAxis, bare_plot
from trafficdesk.ui.charts.card import ChartCard
from trafficdesk.ui.charts.plot_view import RangeView
from trafficdesk.ui.wording import nice_step, scaled

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from trafficdesk.metrics.packet_lengths import LengthClasses
    from trafficdesk.ui.theme import Tokens

_LEFT: Final = 64
_BOTTOM: Final = 24
_DIVISIONS: Final = 4
_BAR: Final = 0.64
_HEADROOM: Final = 1.08


class LengthChart(ChartCard):
    """Packets by length on the wire."""

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__("Packets by length in bytes", parent)
        self._classes: LengthClasses | None = None
        self._counts = LabelAxis("left", _LEFT)
        self._names = LabelAxis("bottom", _BOTTOM)
        self._view = RangeView()
        self._plot = bare_plot(self._view, {"left": self._counts, "bottom": self._names})
        self._bars = pg.BarGraphItem(x=[], height=[], width=_BAR)
        self._lines = [pg.InfiniteLine(angle=0) for _ in range(_DIVISIONS + 1)]
        for line in self._lines:
            self._view.addItem(line)
        self._view.addItem(self._bars)
        self.header.addStretch(1)
        self.body.addWidget(self._plot)
        self.apply_theme(tokens)

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._tokens = tokens
        self._plot.setBackground(tokens.raised)
        for axis in (self._counts, self._names):
            axis.set_color(tokens.muted)
        for line in self._lines:
            line.setPen(pg.mkPen(tokens.grid, width=1))
        self._draw()

    def set_data(self, classes: LengthClasses) -> None:
        """Show a distribution."""
        self._classes = classes
        self._draw()

    def _draw(self) -> None:
        classes = self._classes
        if classes is None or not len(classes):
            return
        rows = np.arange(len(classes))
        most = float(classes.packets.max())
        step = nice_step(most, _DIVISIONS)
        top = max(most * _HEADROOM, step)
        self._bars.setOpts(x=rows, height=classes.packets, width=_BAR, pen=None, brush=self._tokens.accent)
        self._view.setXRange(-0.5, len(classes) - 0.5, padding=0)
        self._view.setYRange(0, top, padding=0)
        heights = [number * step for number in range(_DIVISIONS + 1)]
        for height, line in zip(heights, self._lines, strict=True):
            line.setValue(height)
            line.setVisible(height <= top)
        self._counts.set_labels((height, _short(height)) for height in heights if height <= top)
        self._names.set_labels(
            (float(row), classes.title(row).replace(" and more", "+")) for row in rows.tolist()
        )
        said = (f"{classes.title(row)} bytes: {int(classes.packets[row]):,}" for row in rows.tolist())
        self.setAccessibleDescription(", ".join(said))


def _short(count: float) -> str:
    divisor, prefix = scaled(count)
    return f"{count / divisor:g}{' ' + prefix if prefix else ''}"
