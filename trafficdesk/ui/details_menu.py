"""What can be done with a layer or a field of the details: copy it, filter by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtWidgets import QMenu

from trafficdesk.ui.field_filter import filter_for_field, filter_for_layer
from trafficdesk.ui.filter_menu import FilterMenu

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QObject
    from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem


class DetailsMenu(FilterMenu):
    """Builds the menu for the line that was clicked.

    Parameters
    ----------
    present : the filter that is applied now.
    """

    def __init__(self, tree: QTreeWidget, present: Callable[[], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tree = tree
        self._present = present
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self.show)

    def build(self, item: QTreeWidgetItem) -> QMenu:
        """The menu for a layer or a field."""
        menu = QMenu()
        name, _, value = item.text(0).partition(": ")
        layer = item.parent()
        copied = value if layer is not None else item.text(0)
        self.add_copy(menu, "Copy value" if layer is not None else "Copy line", copied)
        menu.addSeparator()
        if layer is None:
            expression = filter_for_layer(item.text(0).partition(" · ")[0])
        else:
            expression = filter_for_field(layer.text(0).partition(" · ")[0], name, value)
        self.add_filters(menu, expression, self._present())
        return menu

    @Slot(QPoint)
    def show(self, position: QPoint) -> None:
        """Build it and let the person choose."""
        item = self._tree.itemAt(position)
        if item is not None:
            self.build(item).exec(self._tree.viewport().mapToGlobal(position))
