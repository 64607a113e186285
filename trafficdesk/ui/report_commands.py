"""File, Report…: what is shown as HTML, PDF or Markdown, counted and written in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from trafficdesk.ui.export_controller import with_suffix
from trafficdesk.ui.file_writing import FileWriting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trafficdesk.detect.finding import ModelState
    from trafficdesk.export.summary_json import Summary
    from trafficdesk.packets.log import PacketLog
    from trafficdesk.report import Report
    from trafficdesk.ui.desk import Desk

FORMS: Final = {"HTML page (*.html)": ".html", "PDF (*.pdf)": ".pdf", "Markdown (*.md)": ".md"}


class ReportCommands(QObject):
    """One report at a time."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._window = desk.window
        self._writing = FileWriting(desk.window, "The report", self)
        self._writing.written.connect(self._on_written)
        desk.window.actions_["report"].triggered.connect(self.choose)

    @property
    def running(self) -> bool:
        """Whether a report is being written."""
        return self._writing.running

    @Slot()
    def choose(self) -> None:
        """Ask where the report is to be written, and write it."""
        banner = self._window.banner
        if self.running:
            banner.show_message("A report is being written.", "Wait until it is done.", "warning")
        elif not self._desk.session.log.end_id:
            banner.show_message(
                "There is nothing to report.", "Start a capture or open a file first.", "warning"
            )
        else:
            chosen, form = QFileDialog.getSaveFileName(
                self._window, "Report", "report.html", ";;".join(FORMS)
            )
            if chosen:
                banner.dismiss()
                self.write(with_suffix(chosen, FORMS.get(form, ".html")))

    def write(self, path: Path) -> None:
        """Write a report of what was captured so far."""
        log, summary, title = self._desk.session.log.snapshot(), self._summary(), self._title()
        model = self._desk.session.model

        def work(progress: Callable[[float], None]) -> str:
            write_form(path, report_of_log(log, summary, title, progress, model=model))
            return str(path)

        self._writing.start(path, work)

    def _title(self) -> str:
        job = self._desk.capture.job
        return job.title if job is not None else "Capture"

    def _summary(self) -> Summary:
        from trafficdesk.export.summary_json import Summary

        session = self._desk.session
        return Summary(
            session.metrics.snapshot(),
            session.incidents,
            flagged=session.flagged,
            scored=session.scored,
            unscored=session.unscored,
            own=session.own,
            lost=self._desk.capture.statistics,
            seed=self._desk.preferences.settings.detection.seed,
            gaps=session.gaps,
            suppressed=(len(session.suppressed_incidents), session.recall.suppressed_rows),
            threats=tuple(session.listed.sightings),
        )

    @Slot(object)
    def _on_written(self, path: str) -> None:
        self._window.banner.show_message(f"The report was written to {path}.")


def report_of_log(
    log: PacketLog,
    summary: Summary,
    title: str,
    progress: Callable[[float], None],
    *,
    model: ModelState | None = None,
) -> Report:
    """A report whose tables and charts are of the rows that `log` keeps; it must not change."""
    from dataclasses import replace

    from trafficdesk.export.summary_json import summary_of
    from trafficdesk.metrics.rates import Rates
    from trafficdesk.metrics.tables import TrafficTables
    from trafficdesk.packets.log import FLAGGED
    from trafficdesk.report import Report

    tables, rates, done = TrafficTables(identities=log.identities), Rates(), 0
    for batch in log.batches():
        tables.add(batch)
        rates.add(batch)
        flagged = (log.column("verdict", batch.ids) & FLAGGED) != 0
        rates.flag(batch["timestamp_ns"][flagged])
        done += len(batch)
        progress(done / len(log))
    notes: tuple[str, ...] = ()
    if log.first_id:
        kept = f"the newest {len(log):,} of {log.end_id:,} packets, which are kept in memory"
        notes = (f"Charts, conversations and lengths are of {kept}.",)
    told = summary_of(replace(summary, tables=tables.tell(log)))
    return Report(title, told, summary.metrics, rates.series(), model, notes)


def write_form(path: Path, report: Report) -> None:
    """HTML, PDF or Markdown, as the suffix says.

    Raises
    ------
    ExportError
        If it can't be written.
    """
    from trafficdesk.report import PDF, page_for_paper, write_bytes, write_report

    if path.suffix.lower() == PDF:
        from trafficdesk.ui.paper import pdf_bytes

        write_bytes(path, pdf_bytes(*page_for_paper(report)))
    else:
        write_report(path, report)
