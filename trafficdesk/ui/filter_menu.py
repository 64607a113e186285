"""The choices of "Apply as filter", the same from every table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.ui.cell_filter import combined

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

_LONGEST: Final = 60
"""Characters of an expression in the menu."""


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
