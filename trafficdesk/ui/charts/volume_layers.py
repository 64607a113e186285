"""What a volume chart is made of: the two curves, the marks of flagged moments, the cursor.

All share one vertical scale from 0 to 1, so that both series stand on the same grid lines with their own labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetricsF

from trafficdesk.ui.charts.marks import MAX_MARKS, Mark, marks_between, place_names
from trafficdesk.ui.theme import SECONDARY_PX, ui_font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Incident
    from trafficdesk.ui.charts.series import Columns
    from trafficdesk.ui.theme import Tokens

_LINE_WIDTH = 1.5
"""Logical pixels; pyqtgraph's pens count device pixels, hence the scale of `apply_theme`."""
_FILL_ALPHA = 0.12


class Curves:
    """Grid, area of bytes/s, line of packets/s."""

    def __init__(self, plot: Any, divisions: int) -> None:
        self.x: NDArray[np.float64] = np.empty(0)
        self.bytes: NDArray[np.float64] = np.empty(0)
        self.packets: NDArray[np.float64] = np.empty(0)
        self._grid = [pg.InfiniteLine(index / divisions, angle=0) for index in range(divisions + 1)]
        self._area = pg.PlotCurveItem(antialias=True, fillLevel=0)
        self._line = pg.PlotCurveItem(antialias=True)
        for curve in (self._area, self._line):
            # Stroking a jagged polyline wider than a pixel costs twice as much (17 instead of 36 ms for 400 columns of
            # noise on two loaded cores, 2026-11-20).
            curve.setSegmentedLineMode("on")
        for item in (*self._grid, self._area, self._line):
            plot.addItem(item)

    def draw(self, columns: Columns, top_bytes: float, top_packets: float) -> None:
        """Show the columns, each as a share of its axis."""
        self.x = (columns.left_s - columns.start_s).astype(np.float64) + columns.step_s / 2
        self.bytes = columns.bytes_per_s / top_bytes
        self.packets = columns.packets_per_s / top_packets
        self._area.setData(self.x, self.bytes)
        self._line.setData(self.x, self.packets)

    def apply_theme(self, tokens: Tokens, scale: float) -> None:
        """Take the colours of a theme, for a screen of `scale` device pixels per logical pixel."""
        for line in self._grid:
            line.setPen(pg.mkPen(tokens.grid, width=scale))
        fill = QColor(tokens.accent)
        fill.setAlphaF(_FILL_ALPHA)
        self._area.setPen(pg.mkPen(tokens.accent, width=_LINE_WIDTH * scale))
        self._area.setBrush(fill)
        self._line.setPen(pg.mkPen(tokens.second, width=_LINE_WIDTH * scale))


class MarkLayer:
    """Dashed lines with a dot on the curve and, where there is room, the family's name."""

    def __init__(self, plot: Any, *, top: float) -> None:
        self._plot = plot
        self._top = top
        self._colors = self._words = ("", "")
        self._background = ""
        self._scale = 1.0
        self._lines: list[Any] = []
        self._names: list[Any] = []
        self._dots = pg.ScatterPlotItem(size=8, pxMode=True, antialias=True)
        self._dots.setZValue(20)
        self._font = ui_font(SECONDARY_PX)
        self._font.setWeight(self._font.Weight.DemiBold)
        plot.addItem(self._dots)

    def draw(self, incidents: Sequence[Incident], columns: Columns, heights: NDArray[np.float64]) -> None:
        """Mark the incidents that touch the columns, each with a dot at the column's height."""
        marks = marks_between(incidents, columns.start_s, columns.stop_s) if len(columns) else []
        self._provide(len(marks))
        xs = [mark.second - columns.start_s for mark in marks]
        span = max(columns.stop_s - columns.start_s, 1)
        width = self._plot.getViewBox().width()
        metrics = QFontMetricsF(self._font)
        widths = [metrics.horizontalAdvance(mark.words) for mark in marks]
        lefts = place_names(marks, [x / span * width for x in xs], widths, width)
        for index, (line, name) in enumerate(zip(self._lines, self._names, strict=True)):
            line.setVisible(index < len(marks))
            name.setVisible(index in lefts)
            if index < len(marks):
                self._place(line, name, marks[index], xs[index], lefts.get(index, 0.0) / max(width, 1) * span)
        self._dots.setData(
            x=xs,
            y=[float(heights[columns.index_at(mark.second)]) for mark in marks],
            brush=[pg.mkBrush(self._colors[mark.is_family]) for mark in marks],
            pen=pg.mkPen(self._background, width=1.5 * self._scale),
        )

    def apply_theme(self, tokens: Tokens, scale: float) -> None:
        """Take the colours of a theme; words in a shade that can be read, 4.5:1."""
        self._scale = scale
        self._colors = (tokens.unusual, tokens.family)
        self._background = tokens.raised
        self._words = (tokens.fourth, tokens.family)
        for line, name in zip(self._lines, self._names, strict=True):
            line.mark = name.mark = None

    def _provide(self, count: int) -> None:
        while len(self._lines) < min(count, MAX_MARKS):
            line = pg.InfiniteLine(angle=90)
            name = pg.TextItem(anchor=(0.0, 0.0))
            name.setFont(self._font)
            line.mark = name.mark = None
            for item, height in ((line, 10), (name, 15)):
                item.setZValue(height)
                self._plot.addItem(item, ignoreBounds=True)
            self._lines.append(line)
            self._names.append(name)

    def _place(self, line: Any, name: Any, mark: Mark, x: float, name_x: float) -> None:
        line.setValue(x)
        name.setPos(name_x, self._top)
        look = (mark.words, mark.is_family)
        if line.mark != look:
            line.mark = look
            line.setPen(pg.mkPen(self._colors[mark.is_family], width=self._scale, style=Qt.PenStyle.DashLine))
            name.setText(mark.words, color=self._words[mark.is_family])
            name.fill = pg.mkBrush(self._background)  # no line strikes a name through
            name.update()


class Cursor:
    """The moment pointed at, and the range being dragged."""

    def __init__(self, plot: Any) -> None:
        self.index: int | None = None
        self._line = pg.InfiniteLine(angle=90)
        self._dots = pg.ScatterPlotItem(size=7, pxMode=True, antialias=True)
        self._span = pg.LinearRegionItem(movable=False)
        self._colors: tuple[str, ...] = ()
        for item in (self._span, self._line, self._dots):
            item.setZValue(30)
            plot.addItem(item, ignoreBounds=True)
            item.hide()

    def show_at(self, index: int, curves: Curves) -> None:
        """Stand at a column."""
        x = float(curves.x[index])
        self._line.setValue(x)
        self._dots.setData(
            x=[x, x],
            y=[float(curves.bytes[index]), float(curves.packets[index])],
            brush=[pg.mkBrush(color) for color in self._colors],
            pen=None,
        )
        self._line.show()
        self._dots.show()

    def hide(self) -> None:
        """Take the cursor away."""
        self._line.hide()
        self._dots.hide()

    def show_span(self, start: float, stop: float) -> None:
        """Show the range being dragged."""
        self._span.setRegion((start, stop))
        self._span.show()

    def hide_span(self) -> None:
        """The range has been chosen."""
        self._span.hide()

    def apply_theme(self, tokens: Tokens, scale: float) -> None:
        """Take the colours of a theme, for a screen of `scale` device pixels per logical pixel."""
        self._colors = (tokens.accent, tokens.second)
        self._line.setPen(pg.mkPen(tokens.muted, width=scale))
        fill = QColor(tokens.accent)
        fill.setAlphaF(0.16)
        self._span.setBrush(fill)
        for line in self._span.lines:
            line.setPen(pg.mkPen(tokens.accent, width=scale))
