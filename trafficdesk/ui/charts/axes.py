"""Axes without lines and boxes: only the labels that are needed, in the muted colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt

from trafficdesk.ui.theme import SECONDARY_PX, number_font

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QFont


class LabelAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph ships no types
    """An axis that shows the labels it is given, and nothing else.

    Parameters
    ----------
    orientation : "left", "right" or "bottom".
    size : pixels it takes from the plot.
    font : the labels' font.
    outwards : align the labels of an upright axis at the plot's outer edge instead of at the plot.
    """

    def __init__(
        self, orientation: str, size: int, *, font: QFont | None = None, outwards: bool = False
    ) -> None:
        super().__init__(orientation, showValues=True)
        self._outwards = outwards
        upright = orientation in {"left", "right"}
        (self.setWidth if upright else self.setHeight)(size)
        self.setStyle(
            tickLength=0,
            tickTextOffset=8 if upright else 4,
            tickFont=font or number_font(SECONDARY_PX),
            autoExpandTextSpace=False,
            autoReduceTextSpace=False,
            hideOverlappingLabels=False,
        )
        self.setTicks([[]])

    def set_color(self, color: str) -> None:
        """Draw the labels in `color`."""
        self.setPen(None)
        self.setTextPen(color)

    def set_labels(self, labels: Iterable[tuple[float, str]]) -> None:
        """Show `labels` at their places (the view's coordinates)."""
        self.setTicks([list(labels)])

    def drawPicture(self, painter: Any, axis: Any, _ticks: Any, texts: Any) -> None:
        """Draw the labels alone; a tick of no length would leave a dot, and pyqtgraph aligns names at the plot."""
        if self._outwards:
            side = Qt.AlignmentFlag.AlignLeft if self.orientation == "left" else Qt.AlignmentFlag.AlignRight
            flags = side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip
            texts = [(self._across(rect), flags, text) for rect, _, text in texts]
        super().drawPicture(painter, axis, [], texts)

    def _across(self, rect: QRectF) -> QRectF:
        own = self.mapRectFromParent(self.geometry())
        return QRectF(own.left(), rect.top(), own.width(), rect.height())


def bare_plot(view: Any, axes: dict[str, LabelAxis]) -> Any:
    """A `PlotWidget` around `view` without menu, buttons, border or mouse zoom."""
    plot = pg.PlotWidget(viewBox=view, axisItems=axes)
    item = plot.getPlotItem()
    for side in ("left", "right", "top", "bottom"):
        (item.showAxis if side in axes else item.hideAxis)(side)
    item.hideButtons()
    item.setMenuEnabled(enableMenu=False)
    item.setMouseEnabled(x=False, y=False)
    item.setContentsMargins(0, 0, 0, 0)
    plot.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
    plot.setFocusPolicy(pg.QtCore.Qt.FocusPolicy.NoFocus)
    view.setDefaultPadding(0)
    return plot
