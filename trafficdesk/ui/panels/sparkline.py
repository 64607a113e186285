"""A small picture of when an incident's rows happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

_HEIGHT: Final = 20
_WIDEST_BAR: Final = 12.0
_LEAST: Final = 2.0
"""Pixels of a step with a single row."""


class Sparkline(QWidget):
    """Bars from left to right, the highest as high as the widget."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: tuple[int, ...] = ()
        self._bar = self._ground = ""
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @property
    def counts(self) -> tuple[int, ...]:
        """What is shown."""
        return self._counts

    def show_counts(self, counts: tuple[int, ...], words: str) -> None:
        """Show rows per step; `words` say the same to a screen reader."""
        self._counts = counts
        self.setAccessibleName(words)
        self.update()

    def set_colors(self, bar: str, ground: str) -> None:
        """Colours of the bars and of the line they stand on."""
        self._bar, self._ground = bar, ground
        self.update()

    def sizeHint(self) -> QSize:
        """Takes the width there is."""
        return QSize(120, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the bars."""
        if not self._counts:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(self._ground))
        step = min(self.width() / len(self._counts), _WIDEST_BAR)
        most = max(self._counts)
        room = self.height() - 1 - _LEAST
        for place, count in enumerate(self._counts):
            if count:
                # The root: a burst of a thousand must not hide that it went on afterwards.
                height = _LEAST + room * (count / most) ** 0.5
                bar = QRectF(place * step, self.height() - 1 - height, max(step - 1, 1), height)
                painter.fillRect(bar, QColor(self._bar))
        painter.end()
