"""The view behind a time chart: reports where the mouse points, clicks and drags, and never zooms by itself."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal


class RangeView(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph ships no types
    """A `ViewBox` with the left button made for choosing a range.

    Signals
    -------
    clicked : x and y of a click, in the view's coordinates.
    dragging : x where the drag began, x where it is.
    dragged : the same, once the button was released.
    """

    clicked = Signal(float, float)
    dragging = Signal(float, float)
    dragged = Signal(float, float)

    def __init__(self) -> None:
        super().__init__(enableMouse=False, enableMenu=False)

    def mouseClickEvent(self, event: Any) -> None:
        """Report a click of the left button."""
        if event.button() is Qt.MouseButton.LeftButton:
            event.accept()
            at = self.mapToView(event.pos())
            self.clicked.emit(at.x(), at.y())

    def mouseDragEvent(self, event: Any, _axis: int | None = None) -> None:
        """Report a drag of the left button."""
        if event.button() is not Qt.MouseButton.LeftButton:
            event.ignore()
            return
        event.accept()
        began = self.mapToView(event.buttonDownPos()).x()
        (self.dragged if event.isFinish() else self.dragging).emit(began, self.mapToView(event.pos()).x())

    def wheelEvent(self, event: Any, _axis: int | None = None) -> None:
        """Leave the wheel to the page."""
        event.ignore()
