"""The frame every chart stands in: a title, the series named beside their lines, and the plot below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from trafficdesk.ui.labels import plain_label

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

_HEADER_HEIGHT: Final = 24


class Swatch(QWidget):
    """A short line in a series' colour, before its name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._color = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_color(self, color: str) -> None:
        """Draw in `color`."""
        self._color = color
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as a dash."""
        return QSize(12, 12)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(self._color), 2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawLine(1, self.height() // 2, self.width() - 1, self.height() // 2)
        painter.end()


class ChartCard(QFrame):
    """A card with a head line; `header` and `body` are there to be filled.

    Parameters
    ----------
    title : the chart's name.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("class", "card")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 8, 12, 8)
        outer.setSpacing(4)
        self.header = QHBoxLayout()
        self.header.setSpacing(8)
        head = plain_label(title, "head")
        head.setFixedHeight(_HEADER_HEIGHT)
        self.header.addWidget(head)
        outer.addLayout(self.header)
        self.body = QVBoxLayout()
        self.body.setSpacing(0)
        outer.addLayout(self.body, 1)
        self.empty = plain_label("", "muted", self)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.setAccessibleName(title)

    def add_series(self, name: str) -> Swatch:
        """Name a series in the head line; returns the line before it, to be coloured."""
        swatch = Swatch()
        label: QLabel = plain_label(name, "muted")
        self.header.addSpacing(4)
        self.header.addWidget(swatch)
        self.header.addWidget(label)
        return swatch
