"""Evidence that is opened again: its incident is chosen, and said is who recorded it and whether its scores hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from trafficdesk.ui.workers.evidence_job import EvidenceJob

if TYPE_CHECKING:
    from trafficdesk.ui.desk import Desk


class EvidenceOpening(QObject):
    """Tells when the rows have their verdicts."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        desk.analysis.caught_up.connect(self._on_caught_up)

    @Slot()
    def _on_caught_up(self) -> None:
        job = self._desk.capture.job
        if not isinstance(job, EvidenceJob) or job.evidence is None or job.verification is None:
            return
        evidence, verification = job.evidence, job.verification
        record = self._desk.session.model.record
        model = f", model {record.number} (seed {record.seed})" if record is not None else ""
        missing = f" {evidence.missing:,} packets are not in it." if evidence.missing else ""
        self._desk.window.banner.show_message(
            f"Evidence as TrafficDesk {evidence.version} recorded it{model}.{missing}",
            f"{verification.words} Nothing is learned from it.",
            "notice" if verification.holds else "error",
        )
        self._desk.show_incident(evidence.incident.id)
