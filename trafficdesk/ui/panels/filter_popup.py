"""The list beneath the display filter's line: what may come next, or what was asked before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from trafficdesk.ui import theme
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trafficdesk.packets.filter_choices import Choice

MOST_SHOWN: Final = 200
"""Rows; who sees more types another letter."""
_ROWS: Final = 10
"""Seen at once."""
_WIDEST: Final = 640
_PADDING: Final = 8
_FRAME: Final = 5
"""Border and padding of the style sheet."""
_GAP: Final = 24
_ROW_HEIGHT: Final = 24
_TEXT: Final = Qt.ItemDataRole.UserRole
_WORDS: Final = Qt.ItemDataRole.UserRole + 1
_Index = QModelIndex | QPersistentModelIndex


class FilterPopup(QListView):
    """A child of the window, so that the line keeps the focus; never takes it."""

    chosen = Signal(str)
    """What the row that was clicked stands for."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = QStandardItemModel(self)
        self.setModel(self._rows)
        self.setItemDelegate(_ChoiceDelegate(self))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setProperty("class", "popup")
        self.setAccessibleName("What may come next in the display filter")
        self.clicked.connect(self._on_clicked)
        self.hide()

    @property
    def choices(self) -> list[str]:
        """What is offered, from the top; empty while it is hidden."""
        return (
            [self._rows.item(row).data(_TEXT) for row in range(self._rows.rowCount())]
            if self.isVisible()
            else []
        )

    @property
    def current(self) -> str | None:
        """What the marked row stands for; None while none is marked."""
        index = self.currentIndex()
        return str(index.data(_TEXT)) if self.isVisible() and index.isValid() else None

    def offer(self, choices: Sequence[Choice], line: QWidget) -> None:
        """Show `choices` beneath `line`; hides where there are none."""
        self._rows.clear()
        if not choices:
            self.hide()
            return
        for choice in choices[:MOST_SHOWN]:
            item = QStandardItem(visible(f"{choice.text}, {choice.words}" if choice.words else choice.text))
            item.setData(choice.text, _TEXT)
            item.setData(visible(choice.words), _WORDS)
            self._rows.appendRow(item)
        window = line.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        height = min(self._rows.rowCount(), _ROWS) * _ROW_HEIGHT + 2 * _FRAME
        place = line.mapTo(window, QPoint(0, line.height() + theme.SPACING // 2))
        self.setGeometry(place.x(), place.y(), min(line.width(), _WIDEST), height)
        self.scrollToTop()
        self.raise_()
        self.show()

    def mark(self, step: int) -> None:
        """Mark the next row (1), the one before (-1), or those a page away; none is marked beyond the first one."""
        row = self.currentIndex().row() + step
        if row < 0:
            self.setCurrentIndex(QModelIndex())
        else:
            self.setCurrentIndex(self._rows.index(min(row, self._rows.rowCount() - 1), 0))

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        self.chosen.emit(str(index.data(_TEXT)))


class _ChoiceDelegate(QStyledItemDelegate):
    """What would be written on the left, what it means on the right; neither is ever taken for markup."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        """Every row is as high as a table's."""
        return QSize(0, _ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """One row."""
        rect, palette = option.rect, option.palette
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, _faint(palette.accent().color(), 0.22))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, _faint(palette.text().color(), 0.05))
        inner = rect.adjusted(_PADDING, 0, -_PADDING, 0)
        mono, words_font = theme.mono_font(), theme.ui_font(theme.SECONDARY_PX)
        text, words = visible(str(index.data(_TEXT))), str(index.data(_WORDS))
        middle = int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
        painter.setFont(mono)
        painter.setPen(palette.text().color())
        shown = QFontMetrics(mono).elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, middle | int(Qt.AlignmentFlag.AlignLeft), shown)
        room = inner.width() - QFontMetrics(mono).horizontalAdvance(shown) - _GAP
        painter.setFont(words_font)
        # The style sheet replaces this role in the view's own palette by a paler one.
        painter.setPen(QGuiApplication.palette().placeholderText().color())
        shown = QFontMetrics(words_font).elidedText(words, Qt.TextElideMode.ElideRight, max(room, 0))
        painter.drawText(inner, middle | int(Qt.AlignmentFlag.AlignRight), shown)


def _faint(color: QColor, share: float) -> QColor:
    faint = QColor(color)
    faint.setAlphaF(share)
    return faint
