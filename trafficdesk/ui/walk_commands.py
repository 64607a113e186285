"""How a person gets from packet to packet: along a conversation, to a text, back to what was looked at before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication

from trafficdesk.packets.conversation import conversation_filter, conversation_mask
from trafficdesk.packets.log import FLAGGED
from trafficdesk.ui.cell_filter import filter_for_cell
from trafficdesk.ui.find_controller import FindController
from trafficdesk.ui.selection_history import SelectionHistory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.ui.desk import Desk


class WalkCommands(QObject):
    """Joins the commands with the table."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = desk.session
        self._model = desk.model
        self._window = desk.window
        self._capture = desk.capture
        self._table = desk.window.page.table
        self._history = SelectionHistory()
        bar = desk.window.page.find_bar
        self.finding = FindController(desk.session, desk.model, self._table, bar, self)
        self._table.packet_selected.connect(self._on_selected)
        desk.capture.began.connect(self._history.clear)
        desk.window.closing.connect(self.finding.shut_down)
        actions = desk.window.actions_
        for name, doing in {
            "previous_flagged": self.previous_flagged,
            "next_flagged": self.next_flagged,
            "find": self.find,
            "find_next": bar.find_next,
            "find_previous": bar.find_previous,
            "follow_conversation": self.follow_conversation,
            "next_in_conversation": self.next_in_conversation,
            "previous_in_conversation": self.previous_in_conversation,
            "back": self.back,
            "forth": self.forth,
            "copy_as_filter": self.copy_as_filter,
            "copy_bytes": self.copy_bytes,
        }.items():
            actions[name].triggered.connect(doing)

    @Slot()
    def find(self) -> None:
        """Ask for a text."""
        self._window.show_packets()
        self._window.page.find_bar.begin()

    @Slot()
    def previous_flagged(self) -> None:
        """The last flagged row before the current one."""
        self._move_among(self._session.log.select(_is_flagged), -1)

    @Slot()
    def next_flagged(self) -> None:
        """The first flagged row after the current one."""
        self._move_among(self._session.log.select(_is_flagged), 1)

    @Slot()
    def follow_conversation(self) -> None:
        """Show the packets of the current one's conversation alone."""
        packet_id = self._table.current_id()
        expression = conversation_filter(self._session.log, packet_id) if packet_id is not None else ""
        if expression:
            self._window.filter_bar.set_expression(expression)

    @Slot()
    def next_in_conversation(self) -> None:
        """The next row of the current one's conversation."""
        self._move_in_conversation(1)

    @Slot()
    def previous_in_conversation(self) -> None:
        """The row before of the current one's conversation."""
        self._move_in_conversation(-1)

    @Slot()
    def back(self) -> None:
        """What was selected before."""
        self._go_through_history(-1)

    @Slot()
    def forth(self) -> None:
        """What was selected after that."""
        self._go_through_history(1)

    @Slot()
    def copy_as_filter(self) -> None:
        """The filter that asks for what the current cell shows."""
        index = self._table.currentIndex()
        if index.isValid():
            text = self._model.text(index.row(), index.column())
            packet_id = self._model.packet_id(index.row())
            expression = filter_for_cell(self._session.log, packet_id, index.column(), text)
            if expression:
                QGuiApplication.clipboard().setText(expression)

    @Slot()
    def copy_bytes(self) -> None:
        """The current packet's bytes as hexadecimal digits."""
        packet_id, store = self._table.current_id(), self._capture.frames
        frame = store.frame(packet_id) if store is not None and packet_id is not None else None
        if frame is None:
            self._window.banner.show_message(
                "There are no bytes to copy.",
                "Select a packet whose frame is still kept.",
                "warning",
            )
        else:
            QGuiApplication.clipboard().setText(bytes(frame.data).hex(" "))

    def _move_in_conversation(self, step: int) -> None:
        packet_id = self._table.current_id()
        if packet_id is not None:
            log = self._session.log
            self._move_among(log.select(conversation_mask(log, packet_id)), step)

    def _move_among(self, ids: NDArray[np.int64], step: int) -> None:
        rows = self._model.rows_of(ids)
        here = self._table.currentIndex().row()
        beyond = rows[rows > here] if step > 0 else rows[rows < here][::-1]
        if len(beyond):
            self._table.go_to_row(int(beyond[0]))

    def _go_through_history(self, step: int) -> None:
        # Those that a filter hides, or that have left, are passed over.
        packet_id = self._history.step(step)
        while packet_id is not None:
            row = self._model.row_of(packet_id)
            if row is not None:
                self._table.go_to_row(row)
                return
            packet_id = self._history.step(step)

    @Slot(object)
    def _on_selected(self, packet_id: int | None) -> None:
        if packet_id is not None:
            self._history.visit(packet_id)


def _is_flagged(_batch: PacketBatch, analysis: dict[str, NDArray[np.generic]]) -> NDArray[np.bool_]:
    return np.asarray((analysis["verdict"].astype(np.uint8) & FLAGGED) != 0)
