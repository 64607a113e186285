"""What every context menu of packets and sums does: copy a text, apply it as a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication

from trafficdesk.ui.cell_filter import combined

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

_LONGEST: Final = 60
"""Characters of an expression in the menu."""


class FilterMenu(QObject):
    """A context menu that copies, or filters by, what was clicked."""

    filter_wanted = Signal(str)
    """An expression to be applied."""

    def add_copy(self, menu: QMenu, words: str, text: str) -> None:
        """Add an action of those words that copies `text`."""
        action = menu.addAction(words)
        action.setData(text)
        action.triggered.connect(self._on_copy)

    def add_filters(
        self, menu: QMenu, expression: str, present: str, *, title: str = "Apply as filter"
    ) -> None:
        """Add what `add_filter_menu` adds; a choice is told by `filter_wanted`."""
        add_filter_menu(menu, expression, present, self._on_filter, title=title)

    @Slot()
    def _on_copy(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            QGuiApplication.clipboard().setText(str(action.data()))

    @Slot()
    def _on_filter(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.filter_wanted.emit(str(action.data()))


def add_filter_menu(
    menu: QMenu,
    expression: str,
    present: str,
    chosen: Callable[[], object],
    *,
    title: str = "Apply as filter",
) -> QMenu:
    """Add a submenu of that title to `menu`; each choice's action carries its expression as data and calls `chosen`.

    `present` is the filter that is applied now; an empty `expression` leaves the submenu disabled.
    """
    submenu = menu.addMenu(title)
    submenu.setEnabled(bool(expression))
    if not expression:
        return submenu
    shown = expression if len(expression) <= _LONGEST else f"{expression[:_LONGEST]}…"
    submenu.addSection(shown.replace("&", "&&"))
    choices = [("Selected", expression), ("Not selected", f"!({expression})")]
    if present.strip():
        choices.append(("… and selected", combined(present, "&&", expression)))
        choices.append(("… or selected", combined(present, "||", expression)))
        choices.append(("… and not selected", combined(present, "&&", f"!({expression})")))
        choices.append(("… or not selected", combined(present, "||", f"!({expression})")))
    for words, choice in choices:
        action = submenu.addAction(words)
        action.setData(choice)
        action.triggered.connect(chosen)
    return submenu
