"""The interfaces to capture on: name, addresses, state; one painted row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from trafficdesk.ui.icons import pixmap
from trafficdesk.ui.labels import tooltip
from trafficdesk.ui.theme import SECONDARY_PX, ui_font
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trafficdesk.capture.interfaces import InterfaceInfo
    from trafficdesk.ui.theme import Tokens

_ROW_HEIGHT: Final = 52
_ROLE: Final = Qt.ItemDataRole.UserRole
_WIRELESS: Final = ("wl", "wi-fi", "wifi", "airport")
_VIRTUAL: Final = (
    *("docker", "br-", "veth", "virbr", "vmnet", "vbox", "tun", "tap", "wg", "utun"),
    *("any", "ifb", "dummy", "bluetooth"),
)


def state_of(interface: InterfaceInfo) -> str:
    """One or two words: why it can't be captured on, or that there is nothing to see."""
    if not interface.permitted:
        return "not permitted"
    return "" if interface.is_up else "not connected"


def drawing_of(interface: InterfaceInfo) -> str:
    """Name of the icon that fits."""
    words = f"{interface.name} {interface.friendly_name}".lower()
    if interface.is_loopback:
        return "loopback"
    if any(word in words for word in _WIRELESS):
        return "wireless"
    return "virtual" if words.startswith(_VIRTUAL) else "wired"


def name_of(interface: InterfaceInfo) -> str:
    """Friendly name with the system's own: "Wi-Fi · wlan0"."""
    friendly = interface.friendly_name
    return visible(interface.name if friendly in {"", interface.name} else f"{friendly} · {interface.name}")


class InterfaceList(QListWidget):
    """A list to choose an interface from.

    Signals
    -------
    chosen : name of the interface that was double-clicked or entered.
    """

    chosen = Signal(str)

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = _InterfaceDelegate(tokens, self)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Interfaces")
        self.setStyleSheet("QListWidget { background: transparent; }")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.itemActivated.connect(self._report)

    def set_interfaces(self, interfaces: Sequence[InterfaceInfo], preferred: str = "") -> None:
        """Show `interfaces`; the choice stays where it can, else falls on `preferred`, else on the first usable."""
        current = self.current()
        kept = preferred if current is None else current.name
        self.clear()
        for interface in interfaces:
            item = QListWidgetItem(name_of(interface))
            item.setData(_ROLE, interface)
            addresses = visible(", ".join(interface.addresses))
            spoken = ", ".join(part for part in (name_of(interface), addresses, state_of(interface)) if part)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, spoken)
            item.setToolTip(tooltip(spoken))
            self.addItem(item)
        names = [interface.name for interface in interfaces]
        usable = [name for name, one in zip(names, interfaces, strict=True) if one.permitted and one.is_up]
        choice = next((name for name in (kept, preferred, *usable, *names) if name in names), None)
        if choice is not None:
            self.setCurrentRow(names.index(choice))
        self.setMaximumHeight(max(len(names), 1) * _ROW_HEIGHT + 2)

    def current(self) -> InterfaceInfo | None:
        """The chosen interface."""
        item = self.currentItem()
        chosen: InterfaceInfo | None = item.data(_ROLE) if item is not None else None
        return chosen

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._delegate.tokens = tokens
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """All rows."""
        return QSize(480, max(self.count(), 1) * _ROW_HEIGHT + 2)

    def _report(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(_ROLE).name)


class _InterfaceDelegate(QStyledItemDelegate):
    """Paints a row: icon, name, addresses below, state at the right."""

    def __init__(self, tokens: Tokens, parent: QWidget) -> None:
        super().__init__(parent)
        self.tokens = tokens

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Two lines of text."""
        return QSize(240, _ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw text as it is: no style ever takes it for markup."""
        interface: InterfaceInfo = index.data(_ROLE)
        rect: QRect = option.rect.adjusted(0, 2, 0, -2)
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_background(painter, rect, state)
        scale = painter.device().devicePixelRatioF()
        color = self.tokens.text if interface.permitted else self.tokens.muted
        painter.drawPixmap(
            rect.left() + 12, rect.center().y() - 9, pixmap(drawing_of(interface), color, 20, scale=scale)
        )
        right = self._paint_state(painter, rect, state_of(interface))
        texts = QRect(rect.left() + 44, rect.top() + 7, right - rect.left() - 52, rect.height() - 14)
        painter.setFont(ui_font())
        painter.setPen(QColor(color))
        self._paint_line(painter, texts, name_of(interface), Qt.AlignmentFlag.AlignTop)
        painter.setFont(ui_font(SECONDARY_PX))
        painter.setPen(QColor(self.tokens.muted))
        addresses = visible(" · ".join(interface.addresses)) or "no address"
        self._paint_line(painter, texts, addresses, Qt.AlignmentFlag.AlignBottom)
        painter.restore()

    def _paint_background(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
        path = QPainterPath()
        path.addRoundedRect(rect, 6, 6)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillPath(path, QColor(self.tokens.accent_background))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillPath(path, QColor(self.tokens.grid))
        if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_Selected:
            painter.setPen(QColor(self.tokens.accent))
            painter.drawRoundedRect(rect.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)

    def _paint_state(self, painter: QPainter, rect: QRect, words: str) -> int:
        """Returns where the space for the other texts ends."""
        if not words:
            return rect.right() - 12
        painter.setFont(ui_font(SECONDARY_PX))
        painter.setPen(QColor(self.tokens.muted))
        width = painter.fontMetrics().horizontalAdvance(words)
        box = QRect(rect.right() - 12 - width, rect.top(), width + 1, rect.height())
        self._paint_line(painter, box, words, Qt.AlignmentFlag.AlignVCenter)
        return box.left() - 12

    def _paint_line(self, painter: QPainter, rect: QRect, text: str, vertical: Qt.AlignmentFlag) -> None:
        cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | vertical | Qt.TextFlag.TextSingleLine, cut)
