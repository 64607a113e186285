"""Labels for text that others wrote: always plain, wrapped anywhere, bounded in lines.

`QLabel` guesses rich text by default and never breaks a long word, so that one host name could format itself or push
a panel wider than the window.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent

_KEPT_WIDTHS: Final = 8
"""Widths whose line breaks a label remembers."""


def plain_label(text: str = "", style_class: str = "", parent: QWidget | None = None) -> QLabel:
    """A `QLabel` that never renders markup; `style_class` is one of `theme`'s (head, muted, error, …)."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    if style_class:
        label.setProperty("class", style_class)
    return label


class ElidedLabel(QLabel):
    """One line of plain text, cut with an ellipsis where it does not fit; the tooltip shows the whole."""

    def __init__(
        self,
        text: str = "",
        style_class: str = "",
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._whole = ""
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if style_class:
            self.setProperty("class", style_class)
        self.set_whole(text)

    def whole(self) -> str:
        """The uncut text."""
        return self._whole

    def set_whole(self, text: str) -> None:
        """Show `text`, as much of it as fits."""
        text = visible(text)
        if text != self._whole:
            self._whole = text
            self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut for the new width."""
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        cut = self.fontMetrics().elidedText(self._whole, self._mode, self.contentsRect().width())
        self.setText(cut)
        self.setToolTip(tooltip(self._whole) if cut != self._whole else "")
        self.setAccessibleName(self._whole)


_TOGETHER: Final = re.compile(r"(?<=≤) |(?<=\d) (?=(?:%|(?:s|ms|min|h|bytes|kB|MB|GB|TB)\b))")
"""A sign and a unit stay on the line of their number."""


class WrappedLabel(QWidget):
    """Plain text wrapped at words, else anywhere, and cut after `max_lines`; the tooltip then shows the whole."""

    def __init__(
        self,
        text: str = "",
        *,
        pixels: int = 13,
        bold: bool = False,
        max_lines: int = 6,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text = self._shown = ""
        self._laid_out: dict[int, list[tuple[int, int]]] = {}
        self._height = 0.0
        self._color = ""
        self._max_lines = max_lines
        font = self.font()
        font.setPixelSize(pixels)
        if bold:
            font.setWeight(font.Weight.DemiBold)
        self.setFont(font)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set_text(text)

    def text(self) -> str:
        """The whole text."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show `text`."""
        text = visible(text)
        if text != self._text:
            self._text = text
            self._shown = _TOGETHER.sub("\u00a0", text)
            self._laid_out.clear()
            self.setAccessibleName(text)
            self._update_tooltip()
            self.updateGeometry()
            self.update()

    def set_color(self, color: str) -> None:
        """Draw in `color` ("#rrggbb")."""
        self._color = color
        self.update()

    def hasHeightForWidth(self) -> bool:
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of the shown lines in pixels."""
        return round(len(self._lines(width)) * self._line_height())

    def sizeHint(self) -> QSize:
        """A usual side panel's width."""
        return QSize(240, self.heightForWidth(240))

    def minimumSizeHint(self) -> QSize:
        """One line, as narrow as wished."""
        return QSize(24, round(self._line_height()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the lines that fit."""
        painter = QPainter(self)
        painter.setPen(self._color or self.palette().windowText().color())
        metrics = QFontMetricsF(self.font())
        lines = self._lines(self.width())
        for index, (start, stop) in enumerate(lines):
            line = self._part(start, stop).rstrip()
            if index == len(lines) - 1 and self._is_cut(lines):
                line = metrics.elidedText(self._part(start), Qt.TextElideMode.ElideRight, self.width())
            top = index * self._line_height()
            painter.drawText(
                QRectF(0, top, self.width(), self._line_height()),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine,
                line,
            )
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Offer the whole text as a tooltip where it is cut."""
        super().resizeEvent(event)
        self._update_tooltip()

    def _part(self, start: int, stop: int | None = None) -> str:
        """Text between two of Qt's positions, which count UTF-16 units, not characters."""
        units = self._shown.encode("utf-16-le")
        return units[2 * start : None if stop is None else 2 * stop].decode("utf-16-le", "replace")

    def _is_cut(self, lines: list[tuple[int, int]]) -> bool:
        return bool(lines) and lines[-1][1] < len(self._shown.encode("utf-16-le")) // 2

    def _update_tooltip(self) -> None:
        self.setToolTip(tooltip(self._text) if self._is_cut(self._lines(self.width())) else "")

    def _line_height(self) -> float:
        if not self._height:
            self._height = float(QFontMetricsF(self.font()).height()) + 2
        return self._height

    def _lines(self, width: int) -> list[tuple[int, int]]:
        """Start and stop of each shown line, in UTF-16 units."""
        # A layout asks for the hint's width and the real one in turn: both are kept.
        if width in self._laid_out:
            return self._laid_out[width]
        layout = QTextLayout(self._shown, self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        lines: list[tuple[int, int]] = []
        layout.beginLayout()
        while len(lines) < self._max_lines:
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(max(width, 1))
            line.setPosition(QPointF(0, 0))
            lines.append((line.textStart(), line.textStart() + line.textLength()))
        layout.endLayout()
        if len(self._laid_out) >= _KEPT_WIDTHS:
            self._laid_out.clear()
        self._laid_out[width] = lines
        return lines


def tooltip(text: str) -> str:
    """`text` so that a tooltip, which guesses rich text, shows it as it is."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<span>{escaped}</span>"
