"""Report… on the page of history: its span and machine as HTML, PDF or Markdown, asked for and written in a thread."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from trafficdesk.paths import data_dir
from trafficdesk.ui.export_controller import with_suffix
from trafficdesk.ui.file_writing import FileWriting
from trafficdesk.ui.report_commands import FORMS, write_form

if TYPE_CHECKING:
    from pathlib import Path

    from trafficdesk.settings.secrets import Password
    from trafficdesk.ui.desk import Desk


class PastReport(QObject):
    """One report at a time.

    Parameters
    ----------
    password : of a history server; asked in the thread.
    """

    def __init__(self, desk: Desk, password: Password, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = desk.window
        self._preferences = desk.preferences
        self._password = password
        self._writing = FileWriting(desk.window, "The report", self)
        self._writing.written.connect(self._on_written)
        self._writing.ended.connect(self._on_ended)
        desk.window.history.report.clicked.connect(self.choose)

    @property
    def running(self) -> bool:
        """Whether a report is being written."""
        return self._writing.running

    @Slot()
    def choose(self) -> None:
        """Ask where the report is to be written, and write it."""
        if self.running:
            self._window.banner.show_message(
                "A report is being written.", "Wait until it is done.", "warning"
            )
            return
        request, now_s = self._window.history.request, int(time.time())
        day = datetime.fromtimestamp(request.end_s or now_s, UTC)
        chosen, form = QFileDialog.getSaveFileName(
            self._window, "Report of all hosts in this span", f"history-{day:%Y-%m-%d}.html", ";;".join(FORMS)
        )
        if chosen:
            self._window.banner.dismiss()
            self.write(with_suffix(chosen, FORMS.get(form, ".html")), now_s)

    def write(self, path: Path, now_s: int) -> None:
        """Write a report of the span that is looked at, which ends at `now_s` unless it was chosen otherwise."""
        request, settings = self._window.history.request, self._preferences.settings.history
        password, folder = self._password.get, data_dir()

        def work(_progress: object) -> str:
            from trafficdesk.report.past import report_of_span
            from trafficdesk.store.history import History
            from trafficdesk.store.keeping import open_store
            from trafficdesk.store.migrations import bring_up_to_date
            from trafficdesk.ui.history_answer import span_of

            # A connection of its own: the page goes on asking.
            database = open_store(settings, folder, password)
            try:
                bring_up_to_date(database)
                write_form(path, report_of_span(History(database), span_of(request, now_s)))
            finally:
                database.close()
            return str(path)

        self._window.history.report.setEnabled(False)
        self._writing.start(path, work)

    @Slot(object)
    def _on_written(self, path: str) -> None:
        self._window.banner.show_message(f"The report was written to {path}.")

    @Slot()
    def _on_ended(self) -> None:
        self._window.history.report.setEnabled(True)
