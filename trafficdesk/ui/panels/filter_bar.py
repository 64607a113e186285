"""The display filter's line: green while it can be understood, red with the reason beneath while it can't."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QIcon, QKeySequence
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.ui import theme
from trafficdesk.ui.icons import icon
from trafficdesk.ui.labels import tooltip

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent

    from trafficdesk.packets.display_filter import DisplayFilter
    from trafficdesk.ui.theme import Tokens

DEBOUNCE_MS: Final = 150
_HINT: Final = "Display filter, for example  ip.addr == 192.168.1.0/24 && tcp.port == 443"

Compile = Callable[[str], "DisplayFilter"]


class FilterBar(QLineEdit):
    """One line; Enter applies it, Esc clears it.

    Parameters
    ----------
    compile_filter : understands an expression or raises `BadDisplayFilter`.
    """

    applied = Signal(object)
    """The `DisplayFilter` to show rows by, or None for all rows."""

    def __init__(self, compile_filter: Compile, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compile = compile_filter
        self._applied_text = ""
        self._reason = QLabel(self.window())
        self._reason.setTextFormat(Qt.TextFormat.PlainText)
        self._reason.setProperty("class", "reason")
        self._reason.hide()
        self._debounce = QTimer(self, interval=DEBOUNCE_MS, singleShot=True)
        self._debounce.timeout.connect(self.check)
        self.setFont(theme.mono_font())
        self.setPlaceholderText(_HINT)
        self._clear = self.addAction(QIcon(), QLineEdit.ActionPosition.TrailingPosition)
        self._clear.setToolTip("Clear the filter (Esc)")
        self._clear.setVisible(False)
        self._clear.triggered.connect(self.clear_and_apply)
        self.setAccessibleName("Display filter")
        self.textChanged.connect(self._on_text_changed)
        self.returnPressed.connect(self.apply)

    def apply_theme(self, tokens: Tokens) -> None:
        """Draw the icon in the text's colour."""
        self._clear.setIcon(icon("close", tokens.muted))

    @property
    def state(self) -> str:
        """Either "", "valid" or "invalid"."""
        return str(self.property("state") or "")

    @property
    def reason(self) -> str:
        """Why the line can't be understood; empty while it can."""
        return self._reason.text() if self.state == "invalid" else ""

    def set_expression(self, expression: str) -> None:
        """Put `expression` into the line and apply it."""
        self.setText(expression)
        self.apply()

    @Slot()
    def check(self) -> DisplayFilter | None:
        """Colour the line; returns its filter where it has one that can be understood."""
        self._debounce.stop()
        if not self.text().strip():
            self._show_state("", "")
            return None
        try:
            compiled = self._compile(self.text())
        except BadDisplayFilter as error:
            self._show_state("invalid", str(error))
            return None
        self._show_state("valid", "")
        return compiled

    @Slot()
    def apply(self) -> None:
        """Show rows by what the line says; a line that can't be understood changes nothing."""
        compiled = self.check()
        if self.state != "invalid":
            self._applied_text = self.text()
            self.applied.emit(compiled)

    @Slot()
    def clear_and_apply(self) -> None:
        """Show all rows."""
        self.clear()
        if self._applied_text:
            self.apply()
        else:
            self.check()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc clears."""
        if event.matches(QKeySequence.StandardKey.Cancel):
            self.clear_and_apply()
            event.accept()
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The reason stays as a tooltip only."""
        super().focusOutEvent(event)
        self._reason.hide()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A line that can't be understood says why again."""
        super().focusInEvent(event)
        self._place_reason()

    @Slot(str)
    def _on_text_changed(self, text: str) -> None:
        self._clear.setVisible(bool(text))
        self._debounce.start()

    def _show_state(self, state: str, reason: str) -> None:
        self._reason.setText(reason)
        self.setToolTip(tooltip(reason) if reason else "")
        self.setAccessibleDescription(reason)
        if state != self.state:
            self.setProperty("state", state)
            self.style().unpolish(self)
            self.style().polish(self)
        self._place_reason()

    def _place_reason(self) -> None:
        shown = bool(self._reason.text()) and self.hasFocus()
        if shown:
            window = self.window()
            if self._reason.parentWidget() is not window:
                self._reason.setParent(window)
            self._reason.setMaximumWidth(self.width())
            self._reason.adjustSize()
            self._reason.move(self.mapTo(window, QPoint(0, self.height() + theme.SPACING)))
            self._reason.raise_()
        self._reason.setVisible(shown)
