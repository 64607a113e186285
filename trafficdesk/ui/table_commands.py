"""What a person can do with the packet table: sort it, mark packets, say something of them, find them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from trafficdesk.ui.sort_controller import SortController

if TYPE_CHECKING:
    from trafficdesk.ui.desk import Desk


class TableCommands(QObject):
    """Joins the table, its header and its menu with what they ask for."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        page = desk.window.page
        self.sorting = SortController(desk.model, page.sort_note, self)
        page.table.header.sectionClicked.connect(self.sorting.toggle)
        desk.capture.began.connect(self.sorting.unsort)
        desk.window.closing.connect(self.sorting.shut_down)
