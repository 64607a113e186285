"""The button that says in which order incidents are listed, and its menu of orders, groups and kinds."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from trafficdesk.ui.incident_view import Group, IncidentView, Kind, Order


class IncidentOrder(QToolButton):
    """One choice of each kind is checked.

    Signals
    -------
    chosen : an `Order`, a `Group` or a `Kind`.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choices: dict[Order | Group | Kind, QAction] = {}
        self.setProperty("class", "small")
        self.setToolTip("Order, groups, and which incidents are listed")
        self.setAccessibleName("Order of the incidents")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        self._add(menu, tuple(Order))
        menu.addSeparator()
        self._add(menu, tuple(Group))
        menu.addSeparator()
        self._add(menu, tuple(Kind))
        self.setMenu(menu)
        self.show_view(IncidentView())

    def show_view(self, view: IncidentView) -> None:
        """Check what is chosen, and say the order; emits nothing."""
        for choice in (view.order, view.group, view.kind):
            self.choices[choice].setChecked(True)
        self.setText(view.order.value)

    def _add(self, menu: QMenu, choices: tuple[Order | Group | Kind, ...]) -> None:
        group = QActionGroup(menu)
        for choice in choices:
            action = menu.addAction(choice.value)
            action.setCheckable(True)
            action.triggered.connect(self._on_triggered)
            group.addAction(action)
            self.choices[choice] = action

    @Slot()
    def _on_triggered(self) -> None:
        action = self.sender()
        # Qt would give an enum back as its text.
        self.chosen.emit(next(choice for choice, known in self.choices.items() if known is action))
