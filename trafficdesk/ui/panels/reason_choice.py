"""One reason of a row that can be chosen, to be shown in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from trafficdesk.ui.labels import WrappedLabel
from trafficdesk.ui.theme import SECONDARY_PX

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QPaintEvent, QResizeEvent

    from trafficdesk.ui.theme import Tokens

_RADIUS: Final = 6


class ReasonChoice(QAbstractButton):
    """What was measured, and below it what is usual; one of several is chosen, by mouse or arrows.

    Signals
    -------
    stepped : -1 or 1, on Up and Down: the next one is wanted.
    """

    stepped = Signal(int)

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._said = WrappedLabel(pixels=SECONDARY_PX, max_lines=3)
        self._usual = WrappedLabel(pixels=SECONDARY_PX, max_lines=1)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(0)
        for label in (self._said, self._usual):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(label)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.apply_theme(tokens)

    def show_words(self, said: str, usual: str) -> None:
        """Show a reason in two parts."""
        self._said.set_text(said)
        self._usual.set_text(usual)
        self._usual.setVisible(bool(usual))
        self.setAccessibleName(f"{said}; {usual}" if usual else said)
        self.updateGeometry()

    @property
    def words(self) -> tuple[str, str]:
        """What is shown."""
        return self._said.text(), self._usual.text()

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._tokens = tokens
        self._said.set_color(tokens.text)
        self._usual.set_color(tokens.muted)
        self.update()

    def hasHeightForWidth(self) -> bool:
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Both labels and the margins."""
        return self._column.heightForWidth(width)

    def sizeHint(self) -> QSize:
        """As high as the text needs at the present width."""
        return QSize(240, self.heightForWidth(max(self.width(), 120)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width needs another height."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down are told, else the scroll area around would take them."""
        if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            self.stepped.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ground and outline."""
        if not (self.isChecked() or self.hasFocus() or self.underMouse()):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        ground = self._tokens.accent_background if self.isChecked() else self._tokens.grid
        painter.setBrush(QColor(ground))
        painter.setPen(QPen(QColor(self._tokens.accent if self.hasFocus() else ground), 1))
        painter.drawRoundedRect(box, _RADIUS, _RADIUS)
        painter.end()
