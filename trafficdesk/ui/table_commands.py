"""What a person can do with the packet table: sort it, mark packets, say something of them, find them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QInputDialog

from trafficdesk.settings import TimeFormat
from trafficdesk.ui.sort_controller import SortController

if TYPE_CHECKING:
    from trafficdesk.settings import Settings
    from trafficdesk.ui.desk import Desk

_TIMES: Final = {
    "time_of_day": TimeFormat.TIME_OF_DAY,
    "time_since_start": TimeFormat.SINCE_START,
    "time_since_previous": TimeFormat.SINCE_PREVIOUS,
    "time_utc": TimeFormat.UTC,
}
"""What each command shows."""


class TableCommands(QObject):
    """Joins the table, its header and its menu with what they ask for."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = desk.session
        self._model = desk.model
        self._display = desk.display
        self._details = desk.details
        self._window = desk.window
        self._table = desk.window.page.table
        self.sorting = SortController(desk.model, desk.window.page.sort_note, self)
        self._table.header.sectionClicked.connect(self.sorting.toggle)
        desk.capture.began.connect(self.sorting.unsort)
        desk.window.closing.connect(self.sorting.shut_down)
        self._preferences = desk.preferences
        self._preferences.changed.connect(self._on_settings)
        actions = desk.window.actions_
        for name, form in _TIMES.items():
            actions[name].setData(form)
            actions[name].triggered.connect(self._on_time_chosen)
        self._table.header.time_choices = [actions[name] for name in _TIMES]
        self._show_times(self._preferences.settings.view.time_format)
        for name, doing in {
            "mark": self.mark,
            "comment": self.ask_comment,
            "previous_mark": self.previous_mark,
            "next_mark": self.next_mark,
        }.items():
            actions[name].triggered.connect(doing)

    @Slot()
    def mark(self) -> None:
        """Mark the selected packets, or take their marks away where all have one."""
        ids = self._table.selected_ids()
        if len(ids):
            self._session.toggle_marks(ids)
            self._model.refresh_notes()
            self._display.noted()

    @Slot()
    def ask_comment(self) -> None:
        """Ask what is to be said of the selected packets."""
        ids = self._table.selected_ids()
        if not len(ids):
            return
        which = f"packet {ids[0] + 1:,}" if len(ids) == 1 else f"{len(ids):,} packets"
        text, accepted = QInputDialog.getMultiLineText(
            self._window, "Comment", f"Comment of {which}", self._session.notes.comment(int(ids[0]))
        )
        if accepted:
            self.comment(text)

    def comment(self, text: str) -> None:
        """Say `text` of the selected packets; an empty one takes back what was said."""
        self._session.comment(self._table.selected_ids(), text)
        self._model.refresh_notes()
        self._display.noted()
        self._details.show_comment()

    @Slot()
    def previous_mark(self) -> None:
        """The last marked row before the current one."""
        self._move_to_mark(-1)

    @Slot()
    def next_mark(self) -> None:
        """The first marked row after the current one."""
        self._move_to_mark(1)

    def _show_times(self, form: TimeFormat) -> None:
        for name, mine in _TIMES.items():
            self._window.actions_[name].setChecked(form is mine)
        self._table.header.set_time_format(form)
        self._model.set_time_format(form)

    @Slot()
    def _on_time_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._preferences.set_time_format(TimeFormat(action.data()))

    @Slot(object, object)
    def _on_settings(self, before: Settings, now: Settings) -> None:
        if before.view.time_format is not now.view.time_format:
            self._show_times(now.view.time_format)

    def _move_to_mark(self, step: int) -> None:
        rows = self._model.rows_of(self._session.notes.marked)
        here = self._table.currentIndex().row()
        beyond = rows[rows > here] if step > 0 else rows[rows < here][::-1]
        if len(beyond):
            self._table.go_to_row(int(np.int64(beyond[0])))
