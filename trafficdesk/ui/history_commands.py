"""What a person can do with the page of history: filter the live table, open packets, write a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from trafficdesk.ui.cell_filter import filter_for_range
from trafficdesk.ui.export_controller import with_suffix
from trafficdesk.ui.history_controller import HistoryController
from trafficdesk.ui.history_learning import HistoryLearning
from trafficdesk.ui.history_reader import HistoryReader
from trafficdesk.ui.past_report import PastReport
from trafficdesk.ui.statistics_menu import StatisticsMenu
from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from trafficdesk.capture.spool.folder import Abandoned
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.settings.secrets import Password
    from trafficdesk.ui.desk import Desk

_SECOND_NS: Final = 1_000_000_000


class HistoryCommands(QObject):
    """Joins the page with what answers it, with the desk, and with what records live captures."""

    def __init__(self, desk: Desk, password: Password) -> None:
        super().__init__(desk)
        self._desk = desk
        self.password = password
        self._window = desk.window
        self._page = page = desk.window.history
        self._looking: Background | None = None
        self.recording = HistoryController(desk, password)
        self.reader = HistoryReader(page, desk.preferences, password, self)
        self.report = PastReport(desk, password, self)
        self.learning = HistoryLearning(desk, self)
        desk.dashboard.history_words = self._words
        self._menu = StatisticsMenu(page, lambda: self._window.filter_bar.applied_expression, self)
        self._menu.filter_wanted.connect(self._filter)
        self._window.history_shown.connect(self.reader.set_looked_at)
        self._window.actions_["show_history"].triggered.connect(self._window.show_history)
        page.export_requested.connect(self.export)
        page.live.clicked.connect(self._on_live)
        page.story.filter_wanted.connect(self._on_filter_incident)
        page.story.packets_wanted.connect(self.open_packets)
        self.reader.exported.connect(self._on_exported)
        self.reader.failed.connect(self._window.banner.show_error)

    def start(self, *, later: bool = False) -> None:
        """Begin to record, if the settings want a history."""
        self.recording.start(later=later)

    @Slot()
    def password_kept(self) -> None:
        """Another password counts, for writing and for asking."""
        self.reader.forget_store()
        self.recording.restart()

    def _words(self) -> str:
        keeping = self.recording.keeping
        return keeping.state.words if keeping is not None else ""

    def shut_down(self) -> None:
        """Write what waits, and end every thread."""
        self.reader.shut_down()
        self.recording.shut_down()

    @Slot()
    def export(self) -> None:
        """Write the table in front."""
        name = "-".join(filter(None, ("history", self._page.tab.value.lower(), self._page.request.host)))
        name = name.replace(":", "-")
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, "Export the table as CSV", f"{name}.csv", "CSV (*.csv)"
        )
        if chosen:
            self._window.banner.dismiss()
            self.reader.export(with_suffix(chosen, ".csv"))

    @Slot(object)
    def open_packets(self, told: dict[str, Any]) -> None:
        """Show an incident's packets: of the capture that is shown, else of one that is still kept on disk."""
        snapshot = self._desk.session.metrics.snapshot()
        if snapshot.packets and snapshot.first_ns <= told["start_ns"] <= snapshot.last_ns:
            self._filter(_incident_filter(told))
            return
        if self._desk.capture.running:
            self._window.banner.show_message(
                "A capture is running.", "Stop it first: the packets would take its place.", "warning"
            )
            return

        def look(_progress: object) -> Abandoned | None:
            from trafficdesk.capture.spool.ended import ended_capture
            from trafficdesk.capture.spool.folder import spool_dir

            return ended_capture(spool_dir(), told["start_ns"])

        self._looking = Background(_incident_filter(told), look, "Looking for the packets")
        self._looking.signals.done.connect(self._on_found)
        self._looking.signals.failed.connect(self._on_not_found)
        self._looking.start(self.reader.pool)

    @Slot(object, object)
    def _on_found(self, expression: str, capture: Abandoned | None) -> None:
        self._looking = None
        if capture is None:
            self._window.banner.show_message(
                "The packets of this incident are no longer kept on this computer.",
                "How many raw frames are kept can be set under Settings, Capture.",
                "warning",
            )
            return
        self._desk.open_abandoned(capture)
        self._window.show_packets()
        self._window.filter_bar.set_expression(expression)

    @Slot(object, object)
    def _on_not_found(self, _key: object, error: TrafficDeskError) -> None:
        self._looking = None
        self._window.banner.show_error(error)

    @Slot()
    def _on_live(self) -> None:
        from trafficdesk.ui.history_sheets import address_filter

        self._filter(address_filter(self._page.request.host))

    @Slot(object)
    def _on_filter_incident(self, told: dict[str, Any]) -> None:
        from trafficdesk.ui.history_sheets import address_filter

        self._filter(address_filter(told["culprit"]))

    @Slot(str)
    def _filter(self, expression: str) -> None:
        if expression:
            self._window.filter_bar.set_expression(expression)
            self._window.show_packets()

    @Slot(int, str)
    def _on_exported(self, rows: int, path: str) -> None:
        self._window.banner.show_message(f"{rows:,} rows were exported to {path}.")


def _incident_filter(told: dict[str, Any]) -> str:
    """Packets of the culprit, in the incident's time."""
    from trafficdesk.ui.history_sheets import address_filter

    span = filter_for_range(told["start_ns"], told["end_ns"] + _SECOND_NS)
    return " && ".join(filter(None, (address_filter(told["culprit"]), span)))
