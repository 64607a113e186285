"""Tells the charts, the anomaly panel and the status bar what the session holds, ten times a second at most."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import psutil
from PySide6.QtCore import QObject, QTimer, Slot

from trafficdesk.capture.loss import LossHistory
from trafficdesk.ui.diagnostics import rss_mb
from trafficdesk.ui.panels.status import StatusReport
from trafficdesk.ui.wording import share, visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.detect.finding import Incident
    from trafficdesk.session import AnalysisSession
    from trafficdesk.ui.analysis_controller import AnalysisController
    from trafficdesk.ui.capture_controller import CaptureController
    from trafficdesk.ui.filter_controller import FilterController
    from trafficdesk.ui.main_window import MainWindow
    from trafficdesk.ui.models.packet_table_model import PacketTableModel

_REFRESH_MS: Final = 100
_OPENING_TICKS: Final = 3
"""A file comes so fast that drawing it ten times a second would take longer than reading it."""
_IDLE_TICKS: Final = 10
"""Ages and memory change without anything arriving: once a second."""
_QUIET_S: Final = 3
_NANOSECONDS: Final = 1_000_000_000


class Dashboard(QObject):
    """Reads everything, changes nothing but what is drawn."""

    def __init__(
        self,
        window: MainWindow,
        session: AnalysisSession,
        model: PacketTableModel,
        capture: CaptureController,
        analysis: AnalysisController,
        *,
        display: FilterController,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._model = model
        self._capture = capture
        self._analysis = analysis
        self._display = display
        self._clock = clock
        self._process = psutil.Process()
        self._changed = True
        self._incidents: tuple[Incident, ...] | None = None
        """Those the panel and the chart have; the session gives the same tuple until one changes."""
        self._ticks = 0
        self._export_progress: float | None = None
        self.history_words: Callable[[], str] = lambda: ""
        """How the history is doing, where it is not well."""
        self._losses = LossHistory()
        window.status.dropped_clicked.connect(self.explain_losses)
        self._timer = QTimer(self, interval=_REFRESH_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    @Slot()
    def touch(self) -> None:
        """Something changed; the next tick shows it."""
        self._changed = True

    @Slot(float)
    def show_export(self, share: float) -> None:
        """An export goes on."""
        self._export_progress = share
        self._changed = True

    @Slot()
    def export_ended(self) -> None:
        """It does not any more."""
        self._export_progress = None
        self._changed = True

    @Slot()
    def explain_losses(self) -> None:
        """Say where packets were lost, since when, and what helps."""
        from trafficdesk.ui.dialogs.losses import LossDialog

        LossDialog(self._losses.losses, self._window).open()

    @Slot()
    def refresh(self) -> None:
        """Show everything as it is now."""
        self._changed = False
        # Together with the charts, as the whole window is painted whenever one part of it is.
        self._display.tell()
        snapshot = self._session.metrics.snapshot()
        page = self._window.page
        self._capture.note_gaps()
        incidents = self._session.incidents
        if page.volume is not None and page.protocols is not None:
            page.volume.set_live(self._capture.live)
            page.volume.set_data(snapshot)
            page.volume.set_gaps(self._session.gaps)
            if incidents is not self._incidents:
                page.volume.set_marks(list(incidents))
            page.protocols.set_data(snapshot)
        page.anomalies.set_model_state(self._session.model)
        page.anomalies.set_progress(self._session.scored, self._session.pending)
        if incidents is not self._incidents:
            page.anomalies.set_incidents(incidents)
            self._incidents = incidents if page.volume is not None else None
        self._show_rows_or_why_not()
        self._window.status.show_report(self.report())

    def report(self) -> StatusReport:
        """The status bar's numbers."""
        statistics = self._capture.statistics
        self._losses.note(statistics, self._clock())
        rate = self.rate()
        progress, words = self._progress()
        return StatusReport(
            state=self._state(),
            waiting_for=self._capture.waiting_for,
            source=self._capture.job.title if self._capture.job else "",
            packets=self._session.log.end_id,
            shown=self._model.rowCount(),
            flagged=self._session.flagged,
            suppressed=(len(self._session.suppressed_incidents), self._session.recall.suppressed_rows),
            lost=statistics,
            history=self.history_words(),
            bytes_per_s=rate[0] if rate else None,
            packets_per_s=rate[1] if rate else None,
            pending=self._session.pending,
            unscored=self._session.unscored,
            coverage=self._session.coverage,
            model_age_s=self._model_age(),
            learning=self._learning(),
            memory_mb=rss_mb(self._process),
            progress=progress,
            progress_words=words,
            can_cancel=self._export_progress is not None,
        )

    def rate(self) -> tuple[float, float] | None:
        """Bytes/s and packets/s of the last whole second of a live capture."""
        if not self._capture.live:
            return None
        snapshot = self._session.metrics.snapshot()
        quiet = self._clock() - snapshot.last_ns / _NANOSECONDS > _QUIET_S
        if len(snapshot.seconds) < 2 or quiet:
            return 0.0, 0.0  # the last second is not whole yet
        return float(snapshot.bytes_per_s[-2]), float(snapshot.packets_per_s[-2])

    @Slot()
    def _tick(self) -> None:
        self._ticks += 1
        opening = self._capture.running and not self._capture.live and self._model.rowCount() > 0
        every = _OPENING_TICKS if opening else 1
        if (self._changed and self._ticks % every == 0) or self._ticks % _IDLE_TICKS == 0:
            self.refresh()

    def _state(self) -> str:
        if self._capture.running:
            return "Capturing" if self._capture.live else "Opening"
        if self._analysis.busy and self._capture.job is not None:
            return "Analysing"
        if self._capture.job is None:
            return "Ready"
        return "Stopped" if self._capture.job.live else "Ready"

    def _progress(self) -> tuple[float | None, str]:
        if self._export_progress is not None:
            return self._export_progress, f"Written {share(self._export_progress)}"
        if self._display.searching:
            return None, "Filtering"
        loading = self._capture.progress
        if loading is not None:
            return loading, f"Opened {share(loading)}"
        analysed = None if self._capture.live else self._analysis.progress
        if analysed is not None:
            return analysed, f"Analysed {share(analysed)}"
        return None, ""

    def _model_age(self) -> float | None:
        model = self._session.model
        if not model.model_id or not self._capture.live:
            return None
        return max(self._session.metrics.snapshot().last_ns - model.fitted_at_ns, 0) / _NANOSECONDS

    def _learning(self) -> str:
        model = self._session.model
        return model.learning_words if self._capture.live and model.learning else ""

    def _show_rows_or_why_not(self) -> None:
        page, packets = self._window.page, len(self._session.log)
        if self._model.rowCount():
            page.show_table()
        elif self._display.active and packets:
            if self._display.searching:
                return
            page.show_empty(f"The display filter hides all {packets:,} packets.", "Clear filter")
        elif self._capture.live and self._capture.waiting_for:
            page.show_empty(visible(f"Waiting for {self._capture.waiting_for}."))
        elif self._capture.live:
            page.show_empty(
                f"Listening on {self._capture.job.title if self._capture.job else ''}. No packet yet."
            )
        elif self._capture.running:
            page.show_table()
        else:
            page.show_empty("No packets.", "Open a file")
