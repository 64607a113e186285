"""The display filter's line: green while it can be understood, red with the reason beneath while it can't.

Beneath it stands what may come next, or, with the arrow down, what was asked before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QIcon, QKeySequence
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets.filter_choices import Choice
from trafficdesk.ui import theme
from trafficdesk.ui.icons import icon
from trafficdesk.ui.labels import tooltip
from trafficdesk.ui.panels.filter_popup import FilterPopup

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent

    from trafficdesk.packets.display_filter import DisplayFilter
    from trafficdesk.packets.filter_completion import Offer
    from trafficdesk.ui.theme import Tokens

DEBOUNCE_MS: Final = 150
_HINT: Final = "Display filter, for example  ip.addr == 192.168.1.0/24 && tcp.port == 443"

_STEPS: Final = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 9, Qt.Key.Key_PageUp: -9}

Compile = Callable[[str], "DisplayFilter"]
Complete = Callable[[str, int], "Offer"]


class FilterBar(QLineEdit):
    """One line; Enter applies it, Esc clears it, Tab takes what is offered, the arrow down opens the history.

    Parameters
    ----------
    compile_filter : understands an expression or raises `BadDisplayFilter`.
    """

    applied = Signal(object)
    """The `DisplayFilter` to show rows by, or None for all rows."""
    save_requested = Signal(str)
    """An expression that is to have a button."""

    def __init__(self, compile_filter: Compile, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compile = compile_filter
        self._complete: Complete | None = None
        self._history: tuple[str, ...] = ()
        self._offer: Offer | None = None
        self._applied_text = ""
        self._popup = FilterPopup()
        self._popup.chosen.connect(self._take)
        self._reason = QLabel(self.window())
        self._reason.setTextFormat(Qt.TextFormat.PlainText)
        self._reason.setProperty("class", "reason")
        self._reason.hide()
        self._debounce = QTimer(self, interval=DEBOUNCE_MS, singleShot=True)
        self._debounce.timeout.connect(self.check)
        self.setFont(theme.mono_font())
        self.setPlaceholderText(_HINT)
        self._recent = self.addAction(QIcon(), QLineEdit.ActionPosition.TrailingPosition)
        self._recent.setToolTip("Filters applied before (Down)")
        self._recent.setVisible(False)
        self._recent.triggered.connect(self.show_history)
        self._save = self.addAction(QIcon(), QLineEdit.ActionPosition.TrailingPosition)
        self._save.setToolTip("Keep this filter as a button")
        self._save.setVisible(False)
        self._save.triggered.connect(self._on_save)
        self._clear = self.addAction(QIcon(), QLineEdit.ActionPosition.TrailingPosition)
        self._clear.setToolTip("Clear the filter (Esc)")
        self._clear.setVisible(False)
        self._clear.triggered.connect(self.clear_and_apply)
        self.setAccessibleName("Display filter")
        self.textChanged.connect(self._on_text_changed)
        self.textEdited.connect(self._on_edited)
        self.returnPressed.connect(self.apply)
        self.destroyed.connect(self._popup.deleteLater)

    def apply_theme(self, tokens: Tokens) -> None:
        """Draw the icons in the text's colour."""
        self._clear.setIcon(icon("close", tokens.muted))
        self._save.setIcon(icon("bookmark", tokens.muted))
        self._recent.setIcon(icon("chevron-down", tokens.muted))

    def set_completion(self, complete: Complete) -> None:
        """Offer what `complete` says of the line and the cursor's place in it."""
        self._complete = complete

    def set_history(self, expressions: tuple[str, ...]) -> None:
        """What the arrow down offers, newest first."""
        self._history = expressions
        self._recent.setVisible(bool(expressions))

    @property
    def offered(self) -> list[str]:
        """What stands beneath the line."""
        return self._popup.choices

    @property
    def applied_expression(self) -> str:
        """What rows are shown by; empty = all rows."""
        return self._applied_text.strip()

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
        self._popup.hide()
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
        self._popup.hide()
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

    @Slot()
    def show_history(self) -> None:
        """Offer what was asked before."""
        self.setFocus()
        self._offer = None
        self._show_choices([Choice(expression, "") for expression in self._history])

    @Slot()
    def offer_more(self) -> None:
        """Offer everything that may stand where the cursor is."""
        if self._complete is not None:
            self._offer = self._complete(self.text(), self.cursorPosition())
            self._show_choices(self._offer.choices)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes the list, else clears; arrows and Enter choose from the list."""
        marked = self._popup.current
        if event.matches(QKeySequence.StandardKey.Cancel):
            if self._popup.isVisible():
                self._hide_choices()
            else:
                self.clear_and_apply()
        elif event.key() in _STEPS and self._popup.isVisible():
            self._popup.mark(_STEPS[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Down:
            self.show_history()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and marked is not None:
            self._take(marked)
        elif event.key() == Qt.Key.Key_Space and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.offer_more()
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab takes what is offered."""
        choices = self._popup.choices
        if not choices or not forward:
            return super().focusNextPrevChild(forward)
        self._take(self._popup.current or choices[0])
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The list would stand in the wrong place."""
        super().resizeEvent(event)
        self._popup.hide()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The reason stays as a tooltip only."""
        super().focusOutEvent(event)
        self._popup.hide()
        self._reason.hide()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A line that can't be understood says why again."""
        super().focusInEvent(event)
        self._place_reason()

    @Slot(str)
    def _on_text_changed(self, text: str) -> None:
        self._clear.setVisible(bool(text))
        self._debounce.start()

    @Slot(str)
    def _on_edited(self, _text: str) -> None:
        if self._complete is None:
            return
        self._offer = self._complete(self.text(), self.cursorPosition())
        self._show_choices(self._offer.choices if self._offer.eager else ())

    @Slot()
    def _on_save(self) -> None:
        self.save_requested.emit(self.text().strip())

    @Slot(str)
    def _take(self, text: str) -> None:
        """Write what was chosen; what may follow is offered at once."""
        if self._offer is None:
            self.set_expression(text)
            return
        self.setSelection(self._offer.start, self._offer.stop - self._offer.start)
        self.insert(text + self._offer.tail)
        self._on_edited("")

    def _show_choices(self, choices: Sequence[Choice]) -> None:
        self._popup.offer(choices, self)
        self._place_reason()

    def _hide_choices(self) -> None:
        self._show_choices(())

    def _show_state(self, state: str, reason: str) -> None:
        self._save.setVisible(state == "valid")
        self._reason.setText(reason)
        self.setToolTip(tooltip(reason) if reason else "")
        self.setAccessibleDescription(reason)
        if state != self.state:
            self.setProperty("state", state)
            self.style().unpolish(self)
            self.style().polish(self)
        self._place_reason()

    def _fit_reason(self) -> None:
        """As wide as its words, at most as the line, and then as high as they need: none is cut."""
        self._reason.setWordWrap(False)
        width = min(self._reason.sizeHint().width(), self.width())
        self._reason.setWordWrap(True)
        self._reason.resize(width, self._reason.heightForWidth(width))

    def _place_reason(self) -> None:
        shown = bool(self._reason.text()) and self.hasFocus() and not self._popup.isVisible()
        if shown:
            window = self.window()
            if self._reason.parentWidget() is not window:
                self._reason.setParent(window)
            self._fit_reason()
            self._reason.move(self.mapTo(window, QPoint(0, self.height() + theme.SPACING)))
            self._reason.raise_()
        self._reason.setVisible(shown)
