"""Bytes and packets per second over time, with the flagged moments marked.

This module imports pyqtgraph, which takes a third of a second: import it after the first window has been shown.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, Qt, QTimer, Signal

from trafficdesk.metrics.snapshot import MetricsSnapshot
from trafficdesk.ui.charts.axes import LabelAxis, bare_plot
from trafficdesk.ui.charts.card import ChartCard
from trafficdesk.ui.charts.gap_layer import GapLayer, reason_at
from trafficdesk.ui.charts.plot_view import RangeView
from trafficdesk.ui.charts.series import file_columns, live_columns, rate_ticks, time_ticks
from trafficdesk.ui.charts.volume_layers import Cursor, Curves, MarkLayer
from trafficdesk.ui.labels import ElidedLabel
from trafficdesk.ui.wording import byte_rate, clock_date, clock_time, thousands, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
    from PySide6.QtWidgets import QWidget

    from trafficdesk.capture.source import Gap
    from trafficdesk.detect.finding import Incident
    from trafficdesk.ui.theme import Tokens

DRAW_EVERY_MS: Final = 100
"""10 Hz: what the eye follows; drawing each of the worker's 20 updates a second would double the cost."""
_DIVISIONS: Final = 3
_READING_FROM_PX: Final = 400
"""Narrower, two letters and an ellipsis would be left of the reading."""
_DAY_S: Final = 86_400
_HEADROOM: Final = 1.16
"""The view's upper end, the top label being 1: room for the marks' names."""


class VolumeChart(ChartCard):
    """Traffic volume; the last three minutes while live, else the whole file.

    Signals
    -------
    range_clicked : start and stop in nanoseconds since the Unix epoch, of a clicked moment or a dragged range.

    Parameters
    ----------
    tokens : the theme's colours.
    clock : seconds since the Unix epoch; a live chart moves on while nothing arrives.
    """

    range_clicked = Signal(object, object)

    def __init__(
        self, tokens: Tokens, parent: QWidget | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__("Volume", parent)
        self._clock = clock
        self._snapshot = MetricsSnapshot()
        self._incidents: list[Incident] = []
        self._gaps: tuple[Gap, ...] = ()
        self._columns = file_columns(self._snapshot)
        self._live = False
        self._stale = self._look_changed = True
        self._drawn_second = 0
        self._swatches = (self.add_series("bytes/s"), self.add_series("packets/s"))
        self._reading = ElidedLabel("", "muted")
        self._reading.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.header.addWidget(self._reading, 1)
        self._build_plot()
        self._timer = QTimer(self)
        self._timer.setInterval(DRAW_EVERY_MS)
        self._timer.timeout.connect(self._draw_if_stale)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 140)
        self.empty.setText("No packets yet: start a capture or open a file.")
        self.apply_theme(tokens)
        self._draw()

    def set_data(self, snapshot: MetricsSnapshot) -> None:
        """Take the newest numbers; they are drawn by the next tick."""
        self._snapshot = snapshot
        self._make_stale()

    def set_marks(self, incidents: Sequence[Incident]) -> None:
        """Take all incidents; those in view are marked by the next tick."""
        # Most updates bring the same objects again, which compare by identity.
        if list(incidents) != self._incidents:
            self._incidents = list(incidents)
            self._make_stale(look=True)

    def set_gaps(self, gaps: tuple[Gap, ...]) -> None:
        """Take the spans in which nothing could be captured; those in view are hatched by the next tick."""
        if gaps is not self._gaps and gaps != self._gaps:
            self._gaps = gaps
            self._make_stale(look=True)

    def set_live(self, live: bool) -> None:
        """Show the last three minutes up to now (True), or the whole capture."""
        if live != self._live:
            self._live = live
            self._make_stale(look=True)

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._tokens = tokens
        self._plot.setBackground(tokens.raised)
        for axis in (self._left, self._right, self._bottom):
            axis.set_color(tokens.muted)
        for swatch, color in zip(self._swatches, tokens.series, strict=False):
            swatch.set_color(color)
        for layer in (self._hatched, self._curves, self._marks, self._cursor):
            layer.apply_theme(tokens, self.devicePixelRatioF())
        self._make_stale(look=True)

    def _build_plot(self) -> None:
        self._view = RangeView()
        self._left, self._right = LabelAxis("left", 64), LabelAxis("right", 48)
        self._bottom = LabelAxis("bottom", 20)
        self._plot = bare_plot(self._view, {"left": self._left, "right": self._right, "bottom": self._bottom})
        self._view.setYRange(0, _HEADROOM, padding=0)
        self._hatched = GapLayer(self._plot, top=1.0)
        self._curves = Curves(self._plot, _DIVISIONS)
        self._marks = MarkLayer(self._plot, top=_HEADROOM)
        self._cursor = Cursor(self._plot)
        self._view.clicked.connect(self._choose_moment)
        self._view.dragging.connect(self._show_drag)
        self._view.dragged.connect(self._choose_range)
        self._plot.scene().sigMouseMoved.connect(self._point_at)
        self._plot.viewport().installEventFilter(self)
        self.body.addWidget(self._plot)

    def _make_stale(self, *, look: bool = False) -> None:
        """Ask for a drawing; `look`: also where the columns turn out to be the same."""
        self._stale = True
        self._look_changed |= look
        if not self._timer.isActive():
            self._timer.start()

    def _draw_if_stale(self) -> None:
        if self._stale or (self._live and int(self._clock()) != self._drawn_second):
            self._draw()
        elif not self._live:
            self._timer.stop()

    def _draw(self) -> None:
        self._stale = False
        self._drawn_second = int(self._clock())
        columns = (
            live_columns(self._snapshot, self._drawn_second) if self._live else file_columns(self._snapshot)
        )
        self.empty.setVisible(not len(columns) and not self._snapshot.packets)
        if columns.equals(self._columns) and not self._look_changed:
            return  # live, nine of ten updates change nothing but the second that is still running
        self._columns = columns
        self._look_changed = False
        self._view.setXRange(0, columns.stop_s - columns.start_s, padding=0)
        top_bytes, byte_labels = rate_ticks(_maximum(columns.bytes_per_s), _DIVISIONS, "B/s")
        top_packets, packet_labels = rate_ticks(_maximum(columns.packets_per_s), _DIVISIONS, "/s")
        self._left.set_labels((index / _DIVISIONS, text) for index, text in enumerate(byte_labels))
        self._right.set_labels((index / _DIVISIONS, text) for index, text in enumerate(packet_labels))
        self._label_time()
        self._hatched.draw(self._gaps, columns)
        self._curves.draw(columns, top_bytes, top_packets)
        self._marks.draw(self._incidents, columns, self._curves.bytes)
        self._read(self._cursor.index)

    def _label_time(self) -> None:
        columns = self._columns
        if not len(columns):
            self._bottom.set_labels(())
            return
        ticks = time_ticks(columns.start_s, columns.stop_s, max(2, self._plot.width() // 120))
        span = columns.stop_s - columns.start_s
        labels = [(moment - columns.start_s, text) for moment, text in ticks]
        if self._live:
            labels = [*(label for label in labels if label[0] < span * 0.93), (span, "now")]
        self._bottom.set_labels(labels)

    def _read(self, index: int | None) -> None:
        """Say the values at a column, or the newest."""
        columns = self._columns
        if not len(columns):
            self._cursor.hide()
            self._reading.set_whole("")
            return
        if index is None or index >= len(columns):
            self._cursor.hide()
            index, when = len(columns) - 1, "now" if self._live else ""
            if not self._live:
                index, when = int(columns.bytes_per_s.argmax()), "peak"
        else:
            self._cursor.show_at(index, self._curves)
            said = clock_time if columns.stop_s - columns.start_s <= _DAY_S else clock_date
            when = said(int(columns.left_s[index]) * 1_000_000_000)
        left = int(columns.left_s[index])
        why = reason_at(self._gaps, left, left + columns.step_s) if self._cursor.index is not None else ""
        self._plot.setToolTip(visible(why))
        words = (
            when,
            byte_rate(float(columns.bytes_per_s[index])),
            f"{thousands(float(columns.packets_per_s[index]))} packets/s",
        )
        reading = " · ".join((when, visible(why)) if why else words)
        self._reading.set_whole(reading if self.width() >= _READING_FROM_PX else "")
        self.setAccessibleDescription(reading)

    def _point_at(self, position: QPointF) -> None:
        if self._view.sceneBoundingRect().contains(position) and len(self._columns):
            self._cursor.index = self._index_of(self._view.mapSceneToView(position).x())
        else:
            self._cursor.index = None
        self._read(self._cursor.index)

    def _index_of(self, x: float) -> int:
        return self._columns.index_at(self._columns.start_s + x)

    def _choose_moment(self, x: float, _y: float) -> None:
        if len(self._columns):
            self._emit_columns(self._index_of(x), self._index_of(x))

    def _show_drag(self, began: float, at: float) -> None:
        self._cursor.show_span(min(began, at), max(began, at))

    def _choose_range(self, began: float, at: float) -> None:
        self._cursor.hide_span()
        if len(self._columns):
            self._emit_columns(self._index_of(min(began, at)), self._index_of(max(began, at)))

    def _emit_columns(self, first: int, last: int) -> None:
        start = int(self._columns.left_s[first])
        stop = int(self._columns.left_s[last]) + self._columns.step_s
        self.range_clicked.emit(start * 1_000_000_000, stop * 1_000_000_000)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right move the cursor, Enter chooses its moment, Escape takes it away."""
        columns, index = self._columns, self._cursor.index
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        key = Qt.Key(event.key())
        if key in steps and len(columns):
            start = len(columns) if index is None else index
            self._cursor.index = min(max(start + steps[key], 0), len(columns) - 1)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and index is not None and index < len(columns):
            self._emit_columns(index, index)
        elif key == Qt.Key.Key_Escape and index is not None:
            self._cursor.index = None
        else:
            super().keyPressEvent(event)
            return
        self._read(self._cursor.index)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the cursor away with the focus."""
        super().focusOutEvent(event)
        self._cursor.index = None
        self._read(None)

    def event(self, event: QEvent) -> bool:
        """Take pens of another width on another screen."""
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self.apply_theme(self._tokens)
        return super().event(event)

    def eventFilter(self, _watched: object, event: QEvent) -> bool:
        """Take the cursor away when the mouse leaves the plot."""
        if event.type() is QEvent.Type.Leave:
            self._cursor.index = None
            self._read(None)
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the sentence of the empty state and as many labels as fit."""
        super().resizeEvent(event)
        self.empty.setGeometry(self.contentsRect())
        self._make_stale(look=True)


def _maximum(values: NDArray[np.float64]) -> float:
    return float(values.max()) if values.size else 0.0
