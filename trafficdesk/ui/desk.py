"""Joins the session, the controllers and the window: who hears of what. It holds no state of the traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from trafficdesk.errors import PermissionDenied
from trafficdesk.paths import sample_capture
from trafficdesk.ui.analysis_controller import AnalysisController
from trafficdesk.ui.capture_controller import CaptureController
from trafficdesk.ui.cell_filter import filter_for_range
from trafficdesk.ui.dashboard import Dashboard
from trafficdesk.ui.details_controller import DetailsController
from trafficdesk.ui.filter_controller import FilterController
from trafficdesk.ui.later_statistics import LaterStatistics
from trafficdesk.ui.models.packet_page import Column
from trafficdesk.ui.names_controller import NamesController
from trafficdesk.ui.workers.capture_jobs import AbandonedJob, LiveJob
from trafficdesk.ui.workers.evidence_job import file_job, recorded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from trafficdesk.capture.spool.folder import Abandoned
    from trafficdesk.detect.finding import Incident
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.session import AnalysisSession, AnalysisUpdate
    from trafficdesk.settings import MailSettings, Settings
    from trafficdesk.ui.main_window import MainWindow
    from trafficdesk.ui.models.packet_table_model import PacketTableModel
    from trafficdesk.ui.preferences import Preferences
    from trafficdesk.ui.statistics_controller import StatisticsController

_REMEMBERED: Final = 10_000
"""Incidents of which we know what was told: more than are kept."""
SAMPLE_TITLE: Final = "Sample"
_SETTLE_MS: Final = 250
"""How often rows are told whose they were; people don't read faster."""


class AlertSink(Protocol):
    """Where incidents go that are worth telling; must not block. `alerts.AlertDispatcher` is one."""

    def handle(self, incidents: Iterable[Incident], session: AnalysisSession) -> object:
        """Take incidents that were opened or changed."""
        ...

    def set_settings(self, settings: MailSettings) -> None:
        """Use other settings from now on."""
        ...


class Desk(QObject):
    """One session at a time, in one window.

    Parameters
    ----------
    alerts : told of incidents; None tells nobody.
    """

    loaded = Signal()
    """The last row of a file is in the table."""
    due = Signal(object)
    """Incidents worth telling, each as often as it is announced."""
    alert_failed = Signal(object)
    """`AlertError`; may be emitted from the alert sink's thread."""

    def __init__(
        self,
        window: MainWindow,
        session: AnalysisSession,
        model: PacketTableModel,
        preferences: Preferences,
        alerts: AlertSink | None = None,
    ) -> None:
        super().__init__(window)
        self.window = window
        self.session = session
        self.model = model
        self.preferences = preferences
        self.alerts = alerts
        self.capture = CaptureController(session, self)
        self.analysis = AnalysisController(session, preferences.settings.detection, self)
        session.frames, session.ask = lambda: self.capture.frames, self.analysis.ask
        self.display = FilterController(session, model, self)
        self.details = DetailsController(
            window.page.details, lambda: self.capture.frames, self, session=session
        )
        self.names = NamesController(session, model, window.page.table.header, self)
        self.names.failed.connect(window.banner.show_error)
        self.names.apply(preferences.settings.names)
        self.dashboard = Dashboard(window, session, model, self.capture, self.analysis, display=self.display)
        self.later_statistics = LaterStatistics(self)
        self._announced: dict[int, int] = {}
        self._settling = QTimer(self, interval=_SETTLE_MS)
        self._settling.timeout.connect(self.names.settle)
        self._settling.start()
        self._join()

    @property
    def statistics(self) -> StatisticsController:
        """Counts for the page of statistics; made when it is first asked for."""
        return self.later_statistics.controller

    def open_file(self, path: Path, title: str = "") -> None:
        """Show a capture file."""
        self.window.banner.dismiss()
        self.capture.start(file_job(path, title))
        if not title:
            self.preferences.add_recent(path)

    def open_abandoned(self, capture: Abandoned) -> None:
        """Show what was kept of a capture whose program died."""
        self.window.banner.dismiss()
        self.capture.start(AbandonedJob(capture))

    @Slot()
    def open_sample(self) -> None:
        """Show the bundled capture."""
        self.open_file(sample_capture(), SAMPLE_TITLE)

    @Slot(str)
    def listen(self, interface: str) -> None:
        """Capture on one interface or several ("eth0,wlan0")."""
        self.window.banner.dismiss()
        self.window.choose_interfaces(interface)
        self.preferences.set_interface(interface)
        self.preferences.add_capture_filter(self.preferences.settings.capture.capture_filter)
        self.capture.start(LiveJob(interface, self.preferences.settings.capture))

    def shut_down(self) -> None:
        """End every thread and process."""
        self.capture.shut_down()
        self.analysis.shut_down()
        self.details.shut_down()
        self.later_statistics.shut_down()
        self.session.identifier.close()

    @Slot(int)
    def show_incident(self, incident_id: int) -> None:
        """Select the rows of an incident; a filter that hides them all gives way."""
        ids = self.ids_of(incident_id)
        if not len(ids):
            return
        if not len(self.model.rows_of(ids)):
            self.window.filter_bar.clear_and_apply()
        self.window.page.anomalies.select(incident_id)
        self.window.page.table.select_ids(ids)

    def ids_of(self, incident_id: int) -> NDArray[np.int64]:
        """packet_ids of an incident's rows."""

        def mine(_batch: PacketBatch, analysis: dict[str, NDArray[np.generic]]) -> NDArray[np.bool_]:
            return np.asarray(analysis["incident"] == incident_id)

        return self.session.log.select(mine)

    @Slot(object, object)
    def filter_range(self, start_ns: int, stop_ns: int) -> None:
        """Show the packets of a span of time."""
        self.window.filter_bar.set_expression(filter_for_range(start_ns, stop_ns))

    @Slot(str)
    def filter_protocol(self, name: str) -> None:
        """Show the packets of a protocol."""
        from trafficdesk.packets.display_filter import filter_for_value

        self.window.filter_bar.set_expression(filter_for_value("_ws.col.protocol", name))

    def _join(self) -> None:
        capture, analysis, display = self.capture, self.analysis, self.display
        page, banner = self.window.page, self.window.banner
        capture.began.connect(self._on_began)
        capture.evicting.connect(display.evict_before)
        capture.ingested.connect(self._on_ingested)
        capture.waiting.connect(analysis.let_go)
        capture.interrupted.connect(self.dashboard.touch)
        capture.ended.connect(self._on_ended)
        capture.failed.connect(self._on_capture_failed)
        capture.warned.connect(banner.show_warning)
        analysis.updated.connect(self._on_analysed)
        analysis.refitted.connect(self.dashboard.touch)
        analysis.failed.connect(self._on_analysis_failed)
        analysis.interrupted.connect(self._on_analysis_interrupted)
        display.changed.connect(self.dashboard.refresh)
        self.names.settled.connect(display.identified)
        self.names.settled.connect(self.details.show_who)
        display.busy_changed.connect(self.dashboard.touch)
        page.table.packet_selected.connect(self.details.show)
        page.anomalies.incident_activated.connect(self.show_incident)
        page.anomalies.refit_requested.connect(analysis.refit)
        page.anomalies.settings_changed.connect(self.preferences.set_detection)
        page.range_chosen.connect(self.filter_range)
        page.protocol_chosen.connect(self.filter_protocol)
        self.window.filter_bar.applied.connect(display.apply)
        self.preferences.changed.connect(self._on_settings)
        self.preferences.failed.connect(banner.show_error)
        self.alert_failed.connect(banner.show_error)

    @Slot()
    def _on_began(self) -> None:
        job = self.capture.job
        assert job is not None
        self._announced.clear()
        self.capture.waits_for_analysis = True
        interface = job.title if job.live else ""
        self.analysis.begin(hold=not job.live, interface=interface, recorded=recorded(job))
        self.display.capture_began()
        self.statistics.begin()
        table = self.window.page.table
        (table.follow if job.live else table.stay)()
        table.header.set_useful(Column.PROGRAM, useful=job.live)
        table.header.set_useful(Column.INTERFACE, useful=False)
        self.window.show_capture(job.title)
        self.window.page.setFocus()
        self.window.show_capturing(True)
        self.dashboard.refresh()

    @Slot(object)
    def _on_capture_failed(self, error: TrafficDeskError) -> None:
        if isinstance(error, PermissionDenied) and not len(self.session.log):
            # Not a dead end: the page that says what allows it, and notices when it is done.
            self.window.show_welcome()
            self.window.banner.show_message(error.title, "This page says what allows it.", "error")
        else:
            self.window.banner.show_error(error)

    @Slot(object)
    def _on_ingested(self, update: AnalysisUpdate) -> None:
        assert update.batch is not None
        self.display.ingested(update.batch)
        if len(update.batch.interfaces) > 1:
            self.window.page.table.header.set_useful(Column.INTERFACE, useful=True)
        self.analysis.feed()
        self.dashboard.touch()

    @Slot()
    def _on_ended(self) -> None:
        self.window.show_capturing(False)
        self.dashboard.refresh()  # tells the table of the last rows, too
        if self.capture.stop_reason:
            self.window.banner.show_message(
                f"The capture has stopped: {self.capture.stop_reason}, as set.",
                "The limits are in the capture options.",
            )
        if self.capture.job is not None and not self.capture.job.live:
            self.window.page.table.choose_first()
            self.loaded.emit()
        self.analysis.let_go()

    @Slot(object)
    def _on_analysed(self, update: AnalysisUpdate) -> None:
        assert update.detection is not None
        self.model.refresh_marks(update.detection)
        self.display.analysed(update.detection)
        self.capture.resume()
        self.dashboard.touch()
        due = [incident for incident in update.incidents if self._is_due(incident)]
        if due:
            self.due.emit(due)
            if self.alerts is not None:
                self.alerts.handle(due, self.session)

    def _is_due(self, incident: Incident) -> bool:
        """Whether an incident is worth telling again since it was told last."""
        due = incident.announced > self._announced.get(incident.id, 0)
        self._announced[incident.id] = incident.announced
        if len(self._announced) > _REMEMBERED:
            del self._announced[next(iter(self._announced))]
        return due

    @Slot(object)
    def _on_analysis_failed(self, error: TrafficDeskError) -> None:
        self.window.banner.show_error(error)
        self.capture.waits_for_analysis = False
        self.capture.resume()
        self.dashboard.touch()

    @Slot(object)
    def _on_analysis_interrupted(self, error: TrafficDeskError) -> None:
        hint = "It begins anew and learns again; packets go on being captured."
        self.window.banner.show_message(error.title, hint, "warning")
        self.dashboard.touch()

    @Slot(object, object)
    def _on_settings(self, before: Settings, now: Settings) -> None:
        if before.detection != now.detection:
            self.analysis.set_settings(now.detection)
            self.window.page.anomalies.set_settings(now.detection)
        if before.names != now.names:
            self.names.apply(now.names)
        if before.mail != now.mail and self.alerts is not None:
            self.alerts.set_settings(now.mail)
        if before.view.recent_files != now.view.recent_files:
            self.window.set_recent(now.view.recent_files)
