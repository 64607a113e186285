"""The bytes of one frame: offset, sixteen bytes in two groups of eight, and their ASCII; a range highlighted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QKeySequence, QPainter
from PySide6.QtWidgets import QAbstractScrollArea, QSizePolicy, QWidget

from trafficdesk.ui import theme

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent

    from trafficdesk.ui.theme import Tokens

PER_LINE: Final = 16
_MARGIN: Final = 12
_LINE_HEIGHT: Final = 20
_HEX_AT: Final = 6
"""Characters before the first byte: a four-digit offset and a gap."""
_ASCII_AT: Final = _HEX_AT + 3 * PER_LINE + 1 + 2
_CHARACTERS: Final = _ASCII_AT + PER_LINE + 1


class HexView(QAbstractScrollArea):
    """Shows bytes; only the lines in sight are drawn."""

    byte_clicked = Signal(int)
    """Offset in the frame."""

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data = b""
        self._range = range(0)
        font = theme.mono_font()
        self.setFont(font)
        self.viewport().setFont(font)
        self._advance = QFontMetrics(font).horizontalAdvance("0")
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Bytes")
        self.apply_theme(tokens)

    @property
    def highlighted(self) -> range:
        """Offsets that are highlighted."""
        return self._range

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._ground = QColor(tokens.panel)
        self._text = QColor(tokens.text)
        self._muted = QColor(tokens.muted)
        self._highlight = QColor(tokens.accent_background)
        self.viewport().update()

    def set_data(self, data: bytes) -> None:
        """Show `data` from its beginning."""
        self._data = data
        self._range = range(0)
        self._update_bars()
        self.verticalScrollBar().setValue(0)
        self.viewport().update()

    def highlight(self, start: int, stop: int) -> None:
        """Mark the bytes `start:stop` and bring the first into sight."""
        self._range = range(max(start, 0), min(stop, len(self._data)))
        if self._range:
            self._reveal(self._range.start // PER_LINE)
        self.viewport().update()

    def line_text(self, line: int) -> str:
        """One line as it would be copied."""
        part = self._data[line * PER_LINE : (line + 1) * PER_LINE]
        return f"{line * PER_LINE:04x}  {_hex(part):<{3 * PER_LINE}}  {_ascii(part)}"

    def sizeHint(self) -> QSize:
        """The whole width beside the bar of a long packet, eight lines."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(2 * _MARGIN + _CHARACTERS * self._advance + bar, 8 * _LINE_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """A few bytes, two lines."""
        return QSize(120, 2 * _LINE_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lines in sight."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._ground)
        top = self.verticalScrollBar().value()
        last = min(self._lines(), top + self.viewport().height() // _LINE_HEIGHT + 1)
        for line in range(top, last):
            self._paint_line(painter, line, _MARGIN // 2 + (line - top) * _LINE_HEIGHT)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer lines fit."""
        super().resizeEvent(event)
        self._update_bars()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Tell which byte was clicked."""
        offset = self.offset_at(event.position().toPoint())
        if offset is not None:
            self.byte_clicked.emit(offset)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """It belongs to the press."""
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the bytes: those highlighted, else all."""
        if event.matches(QKeySequence.StandardKey.Copy) and self._data:
            chosen = self._data[self._range.start : self._range.stop] if self._range else self._data
            QGuiApplication.clipboard().setText(chosen.hex(" "))
            event.accept()
            return
        super().keyPressEvent(event)

    def offset_at(self, point: QPoint) -> int | None:
        """Offset of the byte at a point of the viewport, in the hex or the ASCII part."""
        line = self.verticalScrollBar().value() + (point.y() - _MARGIN // 2) // _LINE_HEIGHT
        character = (point.x() - _MARGIN + self.horizontalScrollBar().value()) // self._advance
        for place in range(PER_LINE):
            if character in (_hex_at(place), _hex_at(place) + 1, _ascii_at(place)):
                offset = int(line * PER_LINE + place)
                return offset if 0 <= offset < len(self._data) else None
        return None

    def _paint_line(self, painter: QPainter, line: int, y: int) -> None:
        start = line * PER_LINE
        part = self._data[start : start + PER_LINE]
        left = _MARGIN - self.horizontalScrollBar().value()
        self._paint_highlight(painter, start, len(part), left, y)
        self._draw(painter, left, y, self._muted, f"{start:04x}")
        self._draw(painter, left + _HEX_AT * self._advance, y, self._text, _hex(part))
        self._draw(painter, left + _ASCII_AT * self._advance, y, self._muted, _ascii(part))

    def _paint_highlight(self, painter: QPainter, start: int, length: int, left: int, y: int) -> None:
        places = [place for place in range(length) if start + place in self._range]
        for place in places:
            joined = place + 1 in places
            gap = 1 + (place == PER_LINE // 2 - 1) if joined else 0
            width = (2 + gap) * self._advance
            painter.fillRect(
                QRect(left + _hex_at(place) * self._advance, y, width, _LINE_HEIGHT), self._highlight
            )
            gap = joined and place == PER_LINE // 2 - 1
            width = (1 + gap) * self._advance
            painter.fillRect(
                QRect(left + _ascii_at(place) * self._advance, y, width, _LINE_HEIGHT), self._highlight
            )

    @staticmethod
    def _draw(painter: QPainter, x: int, y: int, color: QColor, text: str) -> None:
        painter.setPen(color)
        painter.drawText(QRect(x, y, 2_000, _LINE_HEIGHT), int(Qt.AlignmentFlag.AlignVCenter), text)

    def _lines(self) -> int:
        return -(-len(self._data) // PER_LINE)

    def _visible_lines(self) -> int:
        return max((self.viewport().height() - _MARGIN) // _LINE_HEIGHT, 1)

    def _update_bars(self) -> None:
        bar = self.verticalScrollBar()
        bar.setPageStep(self._visible_lines())
        bar.setRange(0, max(self._lines() - self._visible_lines(), 0))
        width = 2 * _MARGIN + _CHARACTERS * self._advance
        across = self.horizontalScrollBar()
        across.setPageStep(self.viewport().width())
        across.setSingleStep(self._advance)
        across.setRange(0, max(width - self.viewport().width(), 0) if self._data else 0)

    def _reveal(self, line: int) -> None:
        bar = self.verticalScrollBar()
        if not bar.value() <= line < bar.value() + self._visible_lines():
            bar.setValue(line)


def _hex_at(place: int) -> int:
    return _HEX_AT + 3 * place + (place >= PER_LINE // 2)


def _ascii_at(place: int) -> int:
    return _ASCII_AT + place + (place >= PER_LINE // 2)


def _hex(part: bytes) -> str:
    half = PER_LINE // 2
    return f"{part[:half].hex(' '):<{3 * half}} {part[half:].hex(' ')}".rstrip()


def _ascii(part: bytes) -> str:
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
    return f"{text[: PER_LINE // 2]} {text[PER_LINE // 2 :]}".rstrip()
