"""`GapLayer`: hatched bands where nothing could be captured, so that silence is not mistaken for quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QTransform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

    from trafficdesk.capture.source import Gap
    from trafficdesk.ui.charts.series import Columns
    from trafficdesk.ui.theme import Tokens

_NS: Final = 1_000_000_000
_LEAST_PX: Final = 3.0
"""A gap of a second in a day is still to be seen."""
_FILL_ALPHA, _HATCH_ALPHA = 0.10, 0.55


class GapLayer:
    """The bands of the gaps in view, behind the curves."""

    def __init__(self, plot: Any, *, top: float) -> None:
        self._bands = _Bands(top)
        self._bands.setZValue(-5)
        plot.addItem(self._bands, ignoreBounds=True)

    def draw(self, gaps: Sequence[Gap], columns: Columns) -> None:
        """Show the gaps that touch the columns; one that lasts reaches to their end."""
        spans = []
        for gap in gaps:
            start = gap.start_ns / _NS - columns.start_s
            stop = (
                columns.stop_s - columns.start_s if gap.end_ns is None else gap.end_ns / _NS - columns.start_s
            )
            if stop >= 0 and start <= columns.stop_s - columns.start_s:
                spans.append((max(start, 0.0), min(stop, float(columns.stop_s - columns.start_s))))
        self._bands.show_spans(spans)

    def apply_theme(self, tokens: Tokens, scale: float) -> None:
        """Take the colours of a theme, for a screen of `scale` device pixels per logical pixel."""
        self._bands.set_look(tokens.muted, scale)


class _Bands(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph ships no types
    def __init__(self, top: float) -> None:
        super().__init__()
        self._top = top
        self._spans: list[tuple[float, float]] = []
        self._fill, self._hatch = QBrush(), QBrush()

    def show_spans(self, spans: list[tuple[float, float]]) -> None:
        if spans != self._spans:
            self.prepareGeometryChange()
            self._spans = spans
            self.update()

    def set_look(self, name: str, scale: float) -> None:
        fill, hatch = QColor(name), QColor(name)
        fill.setAlphaF(_FILL_ALPHA)
        hatch.setAlphaF(_HATCH_ALPHA)
        self._fill, self._hatch = QBrush(fill), QBrush(hatch, Qt.BrushStyle.BDiagPattern)
        self._hatch.setTransform(QTransform.fromScale(scale, scale))
        self.update()

    def boundingRect(self) -> QRectF:
        """All of what may be drawn; a band may be widened by some pixels."""
        if not self._spans:
            return QRectF()
        low = min(span[0] for span in self._spans)
        high = max(span[1] for span in self._spans)
        width, _ = self.pixelVectors()
        pad = abs(width.x()) * _LEAST_PX if width is not None else 0.0
        return QRectF(low - pad, 0.0, high - low + 2 * pad, self._top)

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Fill the bands in device pixels: a hatch scaled with the axes would be a smear."""
        place = painter.transform()
        painter.save()
        painter.resetTransform()
        for start, stop in self._spans:
            band = place.mapRect(QRectF(start, 0.0, stop - start, self._top))
            if band.width() < _LEAST_PX:
                band.adjust((band.width() - _LEAST_PX) / 2, 0, (_LEAST_PX - band.width()) / 2, 0)
            painter.fillRect(band, self._fill)
            painter.fillRect(band, self._hatch)
        painter.restore()


def reason_at(gaps: Sequence[Gap], start_s: float, stop_s: float) -> str:
    """Why nothing was captured in a span of time; empty = it was."""
    reasons = [
        gap.reason
        for gap in gaps
        if gap.start_ns / _NS < stop_s and (gap.end_ns is None or gap.end_ns / _NS > start_s)
    ]
    return "; ".join(dict.fromkeys(reasons))
