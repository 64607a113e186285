"""How a row of the interface list is painted: icon, name, addresses, sparkline, rate and state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from trafficdesk.capture.interface_rates import KEPT
from trafficdesk.ui.icons import pixmap
from trafficdesk.ui.theme import SECONDARY_PX, number_font, ui_font
from trafficdesk.ui.wording import byte_rate, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trafficdesk.capture.interface_rates import RateHistories
    from trafficdesk.capture.interfaces import InterfaceInfo
    from trafficdesk.ui.theme import Tokens

ROW_HEIGHT: Final = 52
INFO: Final = Qt.ItemDataRole.UserRole
"""Role of a row's `InterfaceInfo`."""
_SPARK_WIDTH: Final = 120
_STATE_WIDTH: Final = 96
_LEAST_TOP: Final = 4_000.0
"""bytes/s at the top of a sparkline at least: a stray ARP request is not to look like a download."""
_WIRELESS: Final = ("wl", "wi-fi", "wifi", "airport")


def state_of(info: InterfaceInfo) -> str:
    """One or two words: whether frames can come in, or that they may not be read."""
    return info.link_words if info.permitted else "not permitted"


def drawing_of(info: InterfaceInfo) -> str:
    """Name of the icon that fits."""
    if info.is_loopback:
        return "loopback"
    words = f"{info.name} {info.friendly_name}".lower()
    if any(word in words for word in _WIRELESS):
        return "wireless"
    return "virtual" if info.is_virtual or info.name == "any" else "wired"


def name_of(info: InterfaceInfo) -> str:
    """Friendly name with the system's own: "Wi-Fi · wlan0"."""
    friendly = info.friendly_name
    return visible(info.name if friendly in {"", info.name} else f"{friendly} · {info.name}")


def rate_words(rate: float | None) -> str:
    """How much runs now; empty where it isn't known."""
    if rate is None:
        return ""
    return "quiet" if rate < 1 else byte_rate(rate)


def sparkline(rates: Sequence[float], area: QRectF) -> QPolygonF:
    """The line of `rates` (bytes/s, oldest first) in `area`, the newest at its right edge, zero at its bottom."""
    top = max(*rates, _LEAST_TOP) if rates else _LEAST_TOP
    step = area.width() / (KEPT - 1)
    first = area.right() - step * (len(rates) - 1)
    return QPolygonF(
        [
            QPointF(first + step * number, area.bottom() - area.height() * min(rate / top, 1.0))
            for number, rate in enumerate(rates)
        ]
    )


class InterfaceDelegate(QStyledItemDelegate):
    """Paints text as it is: no style ever takes it for markup.

    Parameters
    ----------
    histories : the rates to draw; None draws none.
    checkable : whether chosen rows have a tick instead of an edge.
    """

    def __init__(
        self, tokens: Tokens, histories: RateHistories | None, parent: QWidget, *, checkable: bool = False
    ) -> None:
        super().__init__(parent)
        self.tokens = tokens
        self._histories = histories
        self._checkable = checkable

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Two lines of text."""
        return QSize(240, ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one row."""
        info: InterfaceInfo = index.data(INFO)
        rect: QRect = option.rect.adjusted(0, 2, 0, -2)
        state: QStyle.StateFlag = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_background(painter, rect, state)
        left = rect.left() + 12
        if self._checkable:
            self._paint_tick(painter, QRect(left, rect.center().y() - 8, 16, 16), checked=selected)
            left += 28
        elif selected:
            self._paint_edge(painter, rect)
        color = self.tokens.text if info.permitted and info.is_up else self.tokens.muted
        scale = painter.device().devicePixelRatioF()
        painter.drawPixmap(left, rect.center().y() - 9, pixmap(drawing_of(info), color, 20, scale=scale))
        right = self._paint_state(painter, rect, info)
        right = self._paint_sparkline(painter, rect, right, info)
        texts = QRect(left + 32, rect.top() + 7, right - left - 32, rect.height() - 14)
        painter.setFont(ui_font())
        painter.setPen(QColor(color))
        _line(painter, texts, name_of(info), Qt.AlignmentFlag.AlignTop)
        painter.setFont(ui_font(SECONDARY_PX))
        painter.setPen(QColor(self.tokens.muted))
        addresses = visible(" · ".join(info.addresses)) or _without_address(info)
        _line(painter, texts, addresses, Qt.AlignmentFlag.AlignBottom)
        painter.restore()

    def _paint_background(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
        path = QPainterPath()
        path.addRoundedRect(rect, 6, 6)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillPath(path, QColor(self.tokens.accent_background))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillPath(path, QColor(self.tokens.grid))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(self.tokens.accent))
            painter.drawRoundedRect(rect.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)

    def _paint_edge(self, painter: QPainter, rect: QRect) -> None:
        """Chosen is a shape as well as a colour."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.tokens.accent))
        painter.drawRoundedRect(QRectF(rect.left() + 3, rect.top() + 12, 3, rect.height() - 24), 1.5, 1.5)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_tick(self, painter: QPainter, box: QRect, *, checked: bool) -> None:
        painter.setPen(QColor(self.tokens.accent if checked else self.tokens.muted))
        painter.setBrush(QColor(self.tokens.accent if checked else self.tokens.raised))
        painter.drawRoundedRect(box.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if checked:
            painter.setPen(QPen(QColor(self.tokens.on_accent), 2))
            corner = QPointF(box.topLeft())
            painter.drawPolyline([corner + QPointF(x, y) for x, y in ((4, 8.5), (7, 11.5), (12, 5))])

    def _paint_state(self, painter: QPainter, rect: QRect, info: InterfaceInfo) -> int:
        """Rate above state, at the right edge; returns where the space for the rest ends."""
        box = QRect(rect.right() - 12 - _STATE_WIDTH, rect.top() + 7, _STATE_WIDTH, rect.height() - 14)
        rate = rate_words(self._histories.latest(info)) if self._histories and info.is_up else ""
        right = Qt.AlignmentFlag.AlignRight
        painter.setFont(number_font(SECONDARY_PX))
        if rate:
            painter.setPen(QColor(self.tokens.text if rate != "quiet" else self.tokens.muted))
            _line(painter, box, rate, Qt.AlignmentFlag.AlignTop, right)
        painter.setPen(QColor(self.tokens.muted))
        vertical = Qt.AlignmentFlag.AlignBottom if rate else Qt.AlignmentFlag.AlignVCenter
        _line(painter, box, state_of(info), vertical, right)
        return box.left() - 12

    def _paint_sparkline(self, painter: QPainter, rect: QRect, right: int, info: InterfaceInfo) -> int:
        if self._histories is None or not info.is_up:
            return right
        area = QRectF(right - _SPARK_WIDTH, rect.top() + 11, _SPARK_WIDTH, rect.height() - 22)
        painter.setPen(QPen(QColor(self.tokens.line), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        line = sparkline(self._histories.rates(info), area)
        if line.count() > 1:
            accent = QColor(self.tokens.accent)
            fill = QColor(accent)
            fill.setAlphaF(0.16)
            body = QPainterPath()
            outline = QPolygonF(line)
            outline.append(QPointF(line.last().x(), area.bottom()))
            outline.append(QPointF(line.first().x(), area.bottom()))
            body.addPolygon(outline)
            painter.fillPath(body, fill)
            painter.setPen(QPen(accent, 1.5))
            painter.drawPolyline(line)
        return round(area.left()) - 12


def _without_address(info: InterfaceInfo) -> str:
    return "everything at once" if info.name == "any" else "no address"


def _line(
    painter: QPainter,
    rect: QRect,
    text: str,
    vertical: Qt.AlignmentFlag,
    horizontal: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, horizontal | vertical | Qt.TextFlag.TextSingleLine, cut)
