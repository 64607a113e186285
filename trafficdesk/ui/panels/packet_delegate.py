"""Draws the packet table's cells: the tint and edge of flagged rows, the score as a bar and a number.

It paints a cell whole instead of through the style: a screenful is some 400 cells, repainted with every batch, and
a style sheet's item painting costs several times as much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from trafficdesk.ui import theme
from trafficdesk.ui.models.packet_page import Column, Mark
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

_RIGHT: Final = (Column.NUMBER, Column.LENGTH)
_MIDDLE: Final = (Column.SOURCE, Column.DESTINATION)
_Index = QModelIndex | QPersistentModelIndex


class PacketDelegate(QStyledItemDelegate):
    """Paints cells of a `PacketTableModel`."""

    def __init__(self, tokens: Tokens, parent: QObject | None = None) -> None:
        super().__init__(parent)
        fonts = dict.fromkeys(Column, theme.ui_font())
        fonts[Column.TIME] = theme.mono_font()
        for column in (Column.NUMBER, Column.LENGTH, Column.SCORE):
            fonts[column] = theme.number_font()
        self._fonts = fonts
        self._metrics = {column: QFontMetrics(font) for column, font in fonts.items()}
        self.apply_theme(tokens)

    def apply_theme(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._text = QColor(tokens.text)
        self._muted = QColor(tokens.muted)
        self._grid = QColor(tokens.grid)
        self._selected = QColor(tokens.accent_background)
        self._line = QPen(QColor(tokens.accent))
        self._unusual = QColor(tokens.unusual)
        self._family = QColor(tokens.family)
        self._unusual_tint = QColor(tokens.unusual_background)
        self._family_tint = QColor(tokens.family_background)

    def text_width(self, column: Column, text: str) -> int:
        """Pixels that `text` needs in a column."""
        return self._metrics[column].horizontalAdvance(text) + 2 * PADDING

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Width of the text; rows are of one height."""
        column = Column(index.column())
        if column == Column.SCORE:
            return QSize(_BAR_WIDTH + _NUMBER_WIDTH + 3 * PADDING, theme.ROW_HEIGHT)
        return QSize(self.text_width(column, str(index.data() or "")), theme.ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """One cell."""
        model = index.model()
        assert isinstance(model, PacketTableModel)
        row, column = index.row(), Column(index.column())
        if row >= model.rowCount():
            return
        mark = model.mark(row)
        rect: QRect = option.rect  # type: ignore[attr-defined]  # the stubs lack the fields of style options
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        self._paint_ground(
            painter, rect, mark, column, selected=bool(state & QStyle.StateFlag.State_Selected)
        )
        if column == Column.SCORE:
            self._paint_score(painter, rect, mark)
        else:
            self._paint_text(painter, rect, mark, column, model.text(row, column))

    def _paint_ground(
        self, painter: QPainter, rect: QRect, mark: Mark, column: Column, *, selected: bool
    ) -> None:
        if mark.flagged:
            painter.fillRect(rect, self._family_tint if mark.named else self._unusual_tint)
        elif selected:
            painter.fillRect(rect, self._selected)
        if selected:
            painter.setPen(self._line)
            painter.drawLine(rect.topLeft(), rect.topRight())
            painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if column == Column.NUMBER and mark.flagged:
            painter.fillRect(rect.x(), rect.y(), EDGE, rect.height(), self._hue(mark))

    def _paint_text(self, painter: QPainter, rect: QRect, mark: Mark, column: Column, text: str) -> None:
        if not text:
            return
        room = rect.width() - 2 * PADDING
        metrics = self._metrics[column]
        if metrics.horizontalAdvance(text) > room:
            mode = Qt.TextElideMode.ElideMiddle if column in _MIDDLE else Qt.TextElideMode.ElideRight
            text = metrics.elidedText(text, mode, room)
        painter.setFont(self._fonts[column])
        painter.setPen(self._colour(mark, column))
        side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
        flags = side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.drawText(rect.adjusted(PADDING, 0, -PADDING, 0), int(flags), text)

    def _paint_score(self, painter: QPainter, rect: QRect, mark: Mark) -> None:
        if not mark.score_text:
            return
        left = rect.x() + PADDING
        groove = QRectF(left, rect.center().y() - _BAR_HEIGHT / 2 + 1, _BAR_WIDTH, _BAR_HEIGHT)
        share = min(max(mark.score / _FULL_BAR, 0.0), 1.0)
        painter.setRenderHint(painter.RenderHint.Antialiasing, True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._grid)
        painter.drawRoundedRect(groove, _BAR_HEIGHT / 2, _BAR_HEIGHT / 2)
        filled = QRectF(groove)
        filled.setWidth(max(share * _BAR_WIDTH, 2.0))
        painter.setBrush(self._hue(mark))
        painter.drawRoundedRect(filled, _BAR_HEIGHT / 2, _BAR_HEIGHT / 2)
        painter.setRenderHint(painter.RenderHint.Antialiasing, False)
        painter.setFont(self._fonts[Column.SCORE])
        painter.setPen(self._text if mark.flagged else self._muted)
        number = QRect(left + _BAR_WIDTH + PADDING, rect.y(), _NUMBER_WIDTH, rect.height())
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(number, int(flags), mark.score_text)

    def _hue(self, mark: Mark) -> QColor:
        if not mark.flagged:
            return self._muted
        return self._family if mark.named else self._unusual

    def _colour(self, mark: Mark, column: Column) -> QColor:
        if column == Column.FINDING:
            return self._text
        return self._muted if mark.collateral or column == Column.INFO else self._text
