"""The packet table's context menu: copy, filter by what is under the mouse, export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from trafficdesk.ui.cell_filter import filter_for_cell, shown_address
from trafficdesk.ui.filter_menu import FilterMenu

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex, QObject, QPoint

    from trafficdesk.packets.log import PacketLog
    from trafficdesk.ui.actions import Actions
    from trafficdesk.ui.models.packet_table_model import PacketTableModel


class PacketMenu(FilterMenu):
    """Builds the menu for the cell that was clicked."""

    def __init__(self, log: PacketLog, model: PacketTableModel, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._log = log
        self._model = model
        self._actions = actions
        self._present = ""

    def build(self, index: QModelIndex, present: str) -> QMenu:
        """The menu for a cell; `present` is the filter that is applied now."""
        self._present = present
        menu = QMenu()
        text = self._model.text(index.row(), index.column())
        self.add_copy(menu, "Copy value", text)
        address = shown_address(self._log, self._model.packet_id(index.row()), index.column())
        if address not in {"", text}:
            self.add_copy(menu, "Copy address", address)
        menu.addAction(self._actions["copy"])
        menu.addAction(self._actions["copy_as_filter"])
        menu.addAction(self._actions["copy_bytes"])
        menu.addSeparator()
        self._add_filters(menu, index, text)
        menu.addAction(self._actions["follow_conversation"])
        menu.addSeparator()
        menu.addAction(self._actions["mark"])
        menu.addAction(self._actions["comment"])
        menu.addSeparator()
        for name in ("expected", "suspicious", "once", "suppress"):
            menu.addAction(self._actions[name])
        menu.addSeparator()
        menu.addAction(self._actions["save"])
        menu.addAction(self._actions["export_selected"])
        return menu

    def show(self, position: QPoint, index: QModelIndex, present: str) -> None:
        """Build it and let the person choose."""
        self.build(index, present).exec(position)

    def _add_filters(self, menu: QMenu, index: QModelIndex, text: str) -> None:
        packet_id = self._model.packet_id(index.row())
        expression = filter_for_cell(self._log, packet_id, index.column(), text)
        self.add_filters(menu, expression, self._present)
