"""Draws the packet table's cells: the tint and edge of flagged rows, the score as a bar and a number.

It paints a cell whole instead of through the style: a screenful is some 400 cells, repainted with every batch, and
a style sheet's item painting costs several times as much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from trafficdesk.packets.notes import NoteFlag
from trafficdesk.ui import theme
from trafficdesk.ui.models.packet_page import Column, Look, Mark
from trafficdesk.ui.models.packet_table_model import PacketTableModel

if TYPE_CHECKING:
    from trafficdesk.ui.theme import Tokens

PADDING: Final = 8
EDGE: Final = 3
"""Pixels of the bar at the left edge of a flagged row."""
_BAR_WIDTH: Final = 32
_BAR_HEIGHT: Final = 6
_NUMBER_WIDTH: Final = 40
_FULL_BAR: Final = 2.0
"""Score at which the bar is full: twice the model's threshold."""

_MIDDLE: Final = (Column.SOURCE, Column.DESTINATION, Column.HOST)
_ROUNDING: Final = 4
"""Pixels by which an advance in whole numbers may be short."""
_KEPT_TEXTS: Final = 10_000

# Flags are combined once: doing it for every cell took a fifth of a paint.
_LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_ALIGNMENTS: Final = tuple(_RIGHT if column in (Column.NUMBER, Column.LENGTH) else _LEFT for column in Column)
_Index = QModelIndex | QPersistentModelIndex


class PacketDelegate(QStyledItemDelegate):
    """Paints cells of a `PacketTableModel`."""

    def __init__(self, tokens: Tokens, parent: QObject | None = None) -> None:
        super().__init__(parent)
        fonts = [theme.ui_font() for _ in Column]
        fonts[Column.TIME] = theme.mono_font()
        for column in (Column.NUMBER, Column.LENGTH, Column.SCORE):
            fonts[column] = theme.number_font()
        self._fonts = fonts
        self._alignments = list(_ALIGNMENTS)
        self._metrics = [QFontMetrics(font) for font in fonts]
        self._cut: dict[tuple[int, int, str], str] = {}
        self.apply_theme(tokens)

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._text = QColor(tokens.text)
        self._muted = QColor(tokens.muted)
        self._grid = QColor(tokens.grid)
        self._selected = QColor(tokens.accent_background)
        self._by_rule = [QColor(hue) for hue in tokens.hues]
        self._accent = QColor(tokens.accent)
        self._line = QPen(self._accent)
        quiet = theme.mixed(tokens.muted, tokens.grid, 0.6)
        self._hues = {
            Look.PLAIN: quiet,
            Look.COLLATERAL: quiet,
            Look.UNUSUAL: QColor(tokens.unusual),
            Look.FAMILY: QColor(tokens.family),
        }
        self._tints = {
            Look.UNUSUAL: QColor(tokens.unusual_background),
            Look.FAMILY: QColor(tokens.family_background),
        }

    def set_time_right(self, *, right: bool) -> None:
        """Whether times are numbers, which stand at the right."""
        self._alignments[Column.TIME] = _RIGHT if right else _LEFT

    def text_width(self, column: Column, text: str) -> int:
        """Pixels that `text` needs in a column."""
        return self._metrics[column].horizontalAdvance(text) + 2 * PADDING + _ROUNDING

    def sizeHint(self, _option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Width of the text; rows are of one height."""
        column = Column(index.column())
        if column == Column.SCORE:
            return QSize(_BAR_WIDTH + _NUMBER_WIDTH + 3 * PADDING, theme.ROW_HEIGHT)
        return QSize(self.text_width(column, str(index.data() or "")), theme.ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """One cell."""
        model = index.model()
        assert isinstance(model, PacketTableModel)
        row, column = index.row(), index.column()
        mark = model.mark(row)
        rect, state = option.rect, option.state
        self._paint_ground(
            painter,
            rect,
            mark,
            column,
            hue=model.hue(row),
            selected=bool(state & QStyle.StateFlag.State_Selected),
        )
        if column == _SCORE:
            self._paint_score(painter, rect, mark)
        else:
            self._paint_text(painter, rect, mark, column, model.text(row, column))
        if column == _NUMBER:
            note = model.note(row)
            if note:
                self._paint_note(painter, rect, note)

    def _paint_ground(
        self, painter: QPainter, rect: QRect, mark: Mark, column: int, *, hue: int, selected: bool
    ) -> None:
        tint = self._tints.get(mark.look)
        if tint is not None:
            painter.fillRect(rect, tint)
            if column == _NUMBER:
                painter.fillRect(rect.x(), rect.y(), EDGE, rect.height(), self._hues[mark.look])
        elif selected:
            painter.fillRect(rect, self._selected)
        elif hue:
            painter.fillRect(rect, self._by_rule[hue - 1])
        if selected:
            painter.setPen(self._line)
            painter.drawLine(rect.topLeft(), rect.topRight())
            painter.drawLine(rect.bottomLeft(), rect.bottomRight())

    def _paint_note(self, painter: QPainter, rect: QRect, note: int) -> None:
        """A bookmark for a mark, a bubble for a comment, at the left of the number."""
        left, top = rect.x() + EDGE + 2, rect.center().y() - 4
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._accent)
        if note & _MARKED:
            corners = ((0, 0), (7, 0), (7, 10), (3.5, 7), (0, 10))
            painter.drawPolygon(QPolygonF([QPointF(left + x, top + y) for x, y in corners]))
        if note & _COMMENTED:
            left += 10
            painter.drawRoundedRect(QRectF(left, top, 10, 7), 2, 2)
            tail = ((2, 6), (6, 6), (2, 10))
            painter.drawPolygon(QPolygonF([QPointF(left + x, top + y) for x, y in tail]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_text(self, painter: QPainter, rect: QRect, mark: Mark, column: int, text: str) -> None:
        if not text:
            return
        painter.setFont(self._fonts[column])
        dimmed = mark.look is Look.COLLATERAL or column == _INFO
        painter.setPen(self._muted if dimmed else self._text)
        room = rect.width() - 2 * PADDING
        painter.drawText(
            rect.x() + PADDING,
            rect.y(),
            room,
            rect.height(),
            self._alignments[column],
            self._fitted(text, column, room),
        )

    def _fitted(self, text: str, column: int, room: int) -> str:
        """`text`, cut to `room` pixels; measured once for as long as it stays on the screen."""
        key = (column, room, text)
        fitted = self._cut.get(key)
        if fitted is None:
            if len(self._cut) >= _KEPT_TEXTS:
                self._cut.clear()
            mode = Qt.TextElideMode.ElideMiddle if column in _MIDDLE else Qt.TextElideMode.ElideRight
            fitted = self._cut[key] = self._metrics[column].elidedText(text, mode, room)
        return fitted

    def _paint_score(self, painter: QPainter, rect: QRect, mark: Mark) -> None:
        if not mark.score_text:
            return
        left = rect.x() + PADDING
        groove = QRectF(left, rect.center().y() - _BAR_HEIGHT / 2 + 1, _BAR_WIDTH, _BAR_HEIGHT)
        share = min(max(mark.score / _FULL_BAR, 0.0), 1.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._grid)
        painter.drawRoundedRect(groove, _BAR_HEIGHT / 2, _BAR_HEIGHT / 2)
        groove.setWidth(max(share * _BAR_WIDTH, 2.0))
        painter.setBrush(self._hues[mark.look])
        painter.drawRoundedRect(groove, _BAR_HEIGHT / 2, _BAR_HEIGHT / 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(self._fonts[_SCORE])
        painter.setPen(self._text if mark.flagged else self._muted)
        number = left + _BAR_WIDTH + PADDING
        painter.drawText(number, rect.y(), _NUMBER_WIDTH, rect.height(), _RIGHT, mark.score_text)


# Plain numbers: an IntEnum's members cost an attribute look-up for every cell.
_NUMBER: Final = int(Column.NUMBER)
_INFO: Final = int(Column.INFO)
_SCORE: Final = int(Column.SCORE)
_MARKED: Final = int(NoteFlag.MARKED)
_COMMENTED: Final = int(NoteFlag.COMMENTED)
