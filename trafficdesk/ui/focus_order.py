"""The order in which Tab goes from part to part: as they are read, not as they were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from collections.abc import Iterable


def let_follow(first: QWidget, parts: Iterable[QWidget]) -> None:
    """Let Tab go from `first` through each of `parts`, and what is in it, before it goes on."""
    for part in parts:
        for widget in (part, *part.findChildren(QWidget)):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
                QWidget.setTabOrder(first, widget)
                first = widget
