"""Draws the cells of a table of statistics: text with room around it, cut in the middle where it names an end."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from trafficdesk.ui import theme

PADDING: Final = 8
_Index = QModelIndex | QPersistentModelIndex


class SheetDelegate(QStyledItemDelegate):
    """Colours come from the palette, which the theme sets."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._font = theme.number_font()
        self._metrics = QFontMetrics(self._font)

    def width_of(self, text: str) -> int:
        """Pixels that `text` needs."""
        return self._metrics.horizontalAdvance(text) + 2 * PADDING

    def sizeHint(self, _option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Width of the text; rows are of one height."""
        return QSize(self.width_of(str(index.data() or "")), theme.ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """One cell."""
        rect, palette = option.rect, option.palette
        if option.state & QStyle.StateFlag.State_Selected:
            accent = palette.accent().color()
            painter.fillRect(rect, _faint(accent))
            painter.setPen(QPen(accent))
            painter.drawLine(rect.topLeft(), rect.topRight())
            painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        text = str(index.data() or "")
        room = rect.width() - 2 * PADDING
        painter.setFont(self._font)
        painter.setPen(palette.text().color())
        alignment = Qt.AlignmentFlag(index.data(Qt.ItemDataRole.TextAlignmentRole))
        painter.drawText(
            rect.adjusted(PADDING, 0, -PADDING, 0),
            int(alignment | Qt.TextFlag.TextSingleLine),
            self._metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room),
        )


def _faint(accent: QColor) -> QColor:
    faint = QColor(accent)
    faint.setAlphaF(0.14)
    return faint
