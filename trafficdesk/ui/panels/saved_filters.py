"""Saved display filters as a row of buttons beneath the bar; not there while there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolBar, QToolButton, QWidget

from trafficdesk.ui import theme
from trafficdesk.ui.icons import icon
from trafficdesk.ui.labels import tooltip
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from trafficdesk.ui.saved_filter import SavedFilter
    from trafficdesk.ui.theme import Tokens

_MARGIN: Final = 12
CHOICES: Final = (
    ("rename", "Rename…"),
    ("replace", "Use the filter that is applied"),
    ("left", "Move left"),
    ("right", "Move right"),
    ("remove", "Remove"),
)
"""What can be done with a button, and how it reads."""


class SavedFilters(QWidget):
    """One button each; those that do not fit are behind the arrow at the end."""

    chosen = Signal(str)
    """An expression to be applied."""
    changed = Signal(str, str)
    """Name of a button and which of `CHOICES` is asked for it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filters: tuple[SavedFilter, ...] = ()
        self._applied = ""
        self.tools = QToolBar()
        self.tools.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.tools.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tools.customContextMenuRequested.connect(self._on_menu)
        self.setProperty("class", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Saved display filters")
        row = QHBoxLayout(self)
        row.setContentsMargins(_MARGIN, theme.SPACING, _MARGIN, theme.SPACING)
        row.addWidget(self.tools)
        self.hide()

    def apply_theme(self, tokens: Tokens) -> None:
        """Draw the arrow at the end in the text's colour."""
        more = self.tools.findChild(QToolButton, "qt_toolbar_ext_button")
        if isinstance(more, QToolButton):
            more.setIcon(icon("chevron-right", tokens.text))

    def set_filters(self, filters: tuple[SavedFilter, ...]) -> None:
        """Show these, in this order."""
        if filters == self._filters:
            return
        self._filters = filters
        self.tools.clear()
        for saved in filters:
            action = self.tools.addAction(visible(saved.name).replace("&", "&&"))
            action.setData(saved)
            action.setCheckable(True)
            action.setToolTip(tooltip(visible(saved.expression)))
            action.triggered.connect(self._on_clicked)
            button = self.tools.widgetForAction(action)
            button.setProperty("class", "small")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleDescription(visible(saved.expression))
        self.setVisible(bool(filters))
        self.show_applied(self._applied)

    def show_applied(self, expression: str) -> None:
        """Press the button whose filter is applied."""
        self._applied = expression.strip()
        for action in self.tools.actions():
            action.setChecked(action.data().expression == self._applied)

    def menu_for(self, action: QAction, parent: QWidget) -> QMenu:
        """What can be done with a button."""
        menu = QMenu(parent)
        menu.addSection(visible(action.data().expression[:60]).replace("&", "&&"))
        place, last = self.tools.actions().index(action), len(self._filters) - 1
        possible = {"left": place > 0, "right": place < last, "replace": bool(self._applied)}
        for choice, words in CHOICES:
            if choice == "remove":
                menu.addSeparator()
            item = menu.addAction(words)
            item.setData((action.data().name, choice))
            item.setEnabled(possible.get(choice, True))
            item.triggered.connect(self._on_choice)
        return menu

    @Slot()
    def _on_clicked(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            # Pressed again it takes its filter back.
            self.chosen.emit(action.data().expression if action.isChecked() else "")

    @Slot()
    def _on_choice(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            name, choice = action.data()
            self.changed.emit(name, choice)

    @Slot(QPoint)
    def _on_menu(self, position: QPoint) -> None:
        action = self.tools.actionAt(position)
        if action is not None and action.data() is not None:
            menu = self.menu_for(action, self)
            menu.exec(self.tools.mapToGlobal(position))
            menu.deleteLater()
