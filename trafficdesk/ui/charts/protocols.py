"""Which protocols the traffic is made of: one bar per protocol, largest first.

This module imports pyqtgraph: import it after the first window has been shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QButtonGroup, QToolButton, QWidget

from trafficdesk.metrics.snapshot import MetricsSnapshot
from trafficdesk.ui.charts.axes import LabelAxis, bare_plot
from trafficdesk.ui.charts.card import ChartCard
from trafficdesk.ui.charts.plot_view import RangeView
from trafficdesk.ui.charts.series import OTHER, top_shares
from trafficdesk.ui.charts.volume import DRAW_EVERY_MS
from trafficdesk.ui.theme import ui_font
from trafficdesk.ui.wording import share, visible

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from trafficdesk.ui.theme import Tokens

MAX_ROWS: Final = 8
"""Seven protocols and the rest."""
_ROW_PX: Final = 20
_BAR_PX: Final = 8


class ShareBars(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph ships no types
    """Rounded bars on rounded tracks, one per row; row 0 on top, lengths from 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self._shares: list[float] = []
        self._colors: list[str] = []
        self._track = "#000000"

    def set_bars(self, shares: list[float], colors: list[str], track: str) -> None:
        """Show `shares` (0 to 1) in `colors`, on tracks of colour `track`."""
        self.prepareGeometryChange()
        self._shares, self._colors, self._track = shares, colors, track
        self.update()

    def boundingRect(self) -> QRectF:
        """All rows."""
        return QRectF(0, 0, 1, max(len(self._shares), 1))

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Draw in pixels, where a corner is round and a bar has the same height at every size."""
        transform = painter.transform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for row, (length, color) in enumerate(zip(self._shares, self._colors, strict=True)):
            track = transform.mapRect(QRectF(0, row, 1, 1))
            track = QRectF(track.left(), track.center().y() - _BAR_PX / 2, track.width(), _BAR_PX)
            self._round(painter, track, self._track)
            # A sliver shorter than it is high would not be round.
            track.setWidth(max(track.width() * length, _BAR_PX))
            self._round(painter, track, color)
        painter.restore()

    @staticmethod
    def _round(painter: QPainter, rect: QRectF, color: str) -> None:
        painter.setBrush(QColor(color))
        painter.drawRoundedRect(rect, _BAR_PX / 2, _BAR_PX / 2)


class ProtocolChart(ChartCard):
    """Shares of bytes or packets by top-most protocol.

    Signals
    -------
    protocol_clicked : name of the protocol whose row was clicked; never "other".

    Parameters
    ----------
    tokens : the theme's colours.
    """

    protocol_clicked = Signal(str)

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__("Protocols", parent)
        self._snapshot = MetricsSnapshot()
        self._tokens = tokens
        self._rows: list[tuple[str, float]] = []
        self._drawn: object = None
        self.header.addStretch(1)
        self._units = QButtonGroup(self)
        for identifier, (text, tip) in enumerate(
            (("bytes", "Share of bytes"), ("packets", "Share of packets"))
        ):
            self._units.addButton(self._unit_button(text, tip), identifier)
        self._units.button(0).setChecked(True)
        self._units.idClicked.connect(self._draw)
        self._view = RangeView()
        self._view.invertY()
        self._names = LabelAxis("left", 72, font=ui_font(), outwards=True)
        self._percents = LabelAxis("right", 48, outwards=True)
        self._plot = bare_plot(self._view, {"left": self._names, "right": self._percents})
        self._bars = ShareBars()
        self._plot.addItem(self._bars)
        self._view.clicked.connect(self._choose)
        self.body.addWidget(self._plot)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DRAW_EVERY_MS)
        self._timer.timeout.connect(self._draw)
        self.setMinimumSize(240, 140)
        self.empty.setText("No packets yet.")
        self.apply_theme(tokens)

    def set_data(self, snapshot: MetricsSnapshot) -> None:
        """Take the newest numbers; they are drawn by the next tick."""
        self._snapshot = snapshot
        if not self._timer.isActive():
            self._timer.start()

    def set_by_packets(self, by_packets: bool) -> None:
        """Compare packets (True) or bytes."""
        self._units.button(int(by_packets)).setChecked(True)
        self._draw()

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._tokens = tokens
        self._plot.setBackground(tokens.raised)
        self._names.set_color(tokens.text)
        self._percents.set_color(tokens.muted)
        self._draw()

    def _unit_button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setCheckable(True)
        button.setProperty("class", "small")
        self.header.addWidget(button)
        return button

    def _draw(self) -> None:
        height = self._plot.viewport().height()
        fitting = min(MAX_ROWS, max(height // _ROW_PX, 1))
        by_packets = self._units.checkedId() == 1
        rows = top_shares(self._snapshot.protocols, fitting, by_packets=by_packets)
        self.empty.setVisible(not rows)
        look = (rows, height, self._tokens)
        if look == self._drawn:
            return
        self._rows, self._drawn = rows, look
        self._view.setXRange(0, 1, padding=0)
        self._view.setYRange(0, max(height / _ROW_PX, 1), padding=0)
        self._names.set_labels((row + 0.5, self._name(name)) for row, (name, _) in enumerate(self._rows))
        self._percents.set_labels((row + 0.5, share(part)) for row, (_, part) in enumerate(self._rows))
        colors = [self._color(row, name) for row, (name, _) in enumerate(self._rows)]
        self._bars.set_bars([part for _, part in self._rows], colors, self._tokens.grid)
        self.setAccessibleDescription(
            ", ".join(f"{visible(name)} {share(part)}" for name, part in self._rows)
        )

    def _name(self, name: str) -> str:
        return QFontMetrics(ui_font()).elidedText(
            visible(name), Qt.TextElideMode.ElideRight, self._names.width() - 8
        )

    def _color(self, row: int, name: str) -> str:
        series = self._tokens.series
        return self._tokens.muted if name == OTHER or row >= len(series) else series[row]

    def _choose(self, _x: float, y: float) -> None:
        row = int(y)
        if 0 <= row < len(self._rows) and self._rows[row][0] != OTHER:
            self.protocol_clicked.emit(self._rows[row][0])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many rows as fit."""
        super().resizeEvent(event)
        self.empty.setGeometry(self.contentsRect())
        self._timer.start()
