"""Save evidence…: an incident's packets, rows, reasons and page as one zip, made in a thread."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QThreadPool, Slot
from PySide6.QtWidgets import QFileDialog

from trafficdesk import __version__
from trafficdesk.ui.export_controller import with_suffix
from trafficdesk.ui.panels.correction_buttons import EVIDENCE
from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.capture.source import FrameStore
    from trafficdesk.detect.finding import Incident
    from trafficdesk.detect.findings import FindingLog
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.export.evidence import SavedEvidence
    from trafficdesk.packets.log import PacketLog
    from trafficdesk.ui.desk import Desk

_FORMS: Final = ("Evidence, packets cut to their headers (*.zip)", "Evidence with whole packets (*.zip)")
_OF_THE_CAPTURE: Final = frozenset({"dropped", "scored", "unscored", "seed", "gaps", "suppressed"})
_STOP_WAIT_MS: Final = 30_000


class EvidenceCommands(QObject):
    """One bundle at a time."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._running: Background | None = None
        desk.window.page.anomalies.correction_wanted.connect(self._on_wanted)
        desk.window.closing.connect(self.shut_down)

    @property
    def running(self) -> bool:
        """Whether evidence is being written."""
        return self._running is not None

    @Slot(int, str)
    def _on_wanted(self, incident_id: int, what: str) -> None:
        incident = self._desk.session.findings.incident(incident_id) if what == EVIDENCE else None
        if incident is None:
            return
        banner = self._desk.window.banner
        if self.running or self._desk.capture.frames is None:
            banner.show_message(
                "Evidence can't be saved now.", "Wait until what is written is done.", "warning"
            )
            return
        name = f"evidence-{incident.family.replace(' ', '-')}-{incident.id}.zip"
        chosen, form = QFileDialog.getSaveFileName(
            self._desk.window, "Save evidence", name, ";;".join(_FORMS)
        )
        if chosen:
            banner.dismiss()
            self.save(with_suffix(chosen, ".zip"), incident, payload=form == _FORMS[1])

    def save(self, path: Path, incident: Incident, *, payload: bool = False) -> None:
        """Write the evidence of `incident`."""
        session, store = self._desk.session, self._desk.capture.frames
        if store is None:
            return
        log, findings, said = session.log.snapshot(), session.findings, self._said()

        def work(progress: Callable[[float], None]) -> SavedEvidence:
            return bundle(path, log, findings, store, incident, said=said, payload=payload, progress=progress)

        self._running = Background(str(path), work, "Saving the evidence")
        self._running.signals.done.connect(self._on_done)
        self._running.signals.failed.connect(self._on_failed)
        self._running.start(self._pool)

    @Slot()
    def shut_down(self) -> None:
        """Wait for what is under way."""
        self._pool.waitForDone(_STOP_WAIT_MS)

    def _said(self) -> dict[str, Any]:
        """What the scores depend on."""
        record = self._desk.session.model.record
        return {
            "version": __version__,
            "settings": asdict(self._desk.preferences.settings.detection),
            "model_in_force": asdict(record) if record is not None else None,
        }

    @Slot(object, object)
    def _on_done(self, _path: str, saved: SavedEvidence) -> None:
        self._running = None
        lost = f" {saved.missing:,} frames are no longer kept." if saved.missing else ""
        self._desk.window.banner.show_message(f"{saved.packets:,} packets are in {saved.path}.{lost}")

    @Slot(object, object)
    def _on_failed(self, _path: str, error: TrafficDeskError) -> None:
        self._running = None
        self._desk.window.banner.show_error(error)


def bundle(
    path: Path,
    log: PacketLog,
    findings: FindingLog,
    store: FrameStore,
    incident: Incident,
    *,
    said: Mapping[str, Any],
    payload: bool = False,
    progress: Callable[[float], None] | None = None,
) -> SavedEvidence:
    """Choose the packets, draw page and chart, and write the zip; `log` must not change."""
    from trafficdesk.export.evidence import AROUND_S, evidence_ids, save_evidence
    from trafficdesk.export.summary_json import incident_of

    ids = evidence_ids(log, incident)
    why = {"incident": incident_of(incident), "seconds_around": AROUND_S, **said}
    return save_evidence(
        path,
        log,
        findings,
        store,
        ids=ids,
        why=why,
        others=_pages(log, incident, ids),
        payload=payload,
        progress=progress,
    )


def _pages(log: PacketLog, incident: Incident, ids: NDArray[np.int64]) -> dict[str, bytes]:
    """The page and the chart of these packets alone."""
    from trafficdesk.export.summary_json import Summary, summary_of
    from trafficdesk.metrics import TrafficMetrics
    from trafficdesk.metrics.rates import Rates
    from trafficdesk.metrics.tables import TrafficTables
    from trafficdesk.packets.log import FLAGGED
    from trafficdesk.report import Report, write_report
    from trafficdesk.report.content import charts_of

    metrics, tables, rates = TrafficMetrics(), TrafficTables(identities=log.identities), Rates()
    batch = log.take(ids)
    if len(ids):
        metrics.add(batch)
        tables.add(batch)
        rates.add(batch)
    flagged = (log.column("verdict", ids) & FLAGGED) != 0
    rates.flag(batch["timestamp_ns"][flagged])
    told = summary_of(Summary(metrics.snapshot(), (incident,), int(flagged.sum()), tables=tables))
    # What was lost or not scored is known of the capture only.
    told = {key: value for key, value in told.items() if key not in _OF_THE_CAPTURE}
    note = "Of the packets between the ends of this incident only, 30 s before to 30 s after it."
    report = Report(f"Evidence of incident {incident.id}", told, series=rates.series(), notes=(note,))
    files = {}
    drawing = charts_of(report).get("volume")
    if drawing is not None:
        files = {"chart.svg": drawing.svg(alone=True).encode(), "chart.png": drawing.png()}
    with tempfile.TemporaryDirectory(prefix="trafficdesk-") as name:
        page = Path(name, "page.html")
        write_report(page, report)
        return {"page.html": page.read_bytes(), **files}
