"""Save evidence…: an incident's packets, rows, reasons and page as one zip, made in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from trafficdesk.ui.evidence_opening import EvidenceOpening
from trafficdesk.ui.export_controller import with_suffix
from trafficdesk.ui.file_writing import FileWriting
from trafficdesk.ui.panels.correction_buttons import EVIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trafficdesk.detect.finding import Incident
    from trafficdesk.export.evidence import SavedEvidence
    from trafficdesk.ui.desk import Desk

_FORMS: Final = ("Evidence, packets cut to their headers (*.zip)", "Evidence with whole packets (*.zip)")


class EvidenceCommands(QObject):
    """One bundle at a time."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._writing = FileWriting(desk.window, "Saving the evidence", self)
        self._writing.written.connect(self._on_written)
        self.opening = EvidenceOpening(desk, self)
        desk.window.page.anomalies.correction_wanted.connect(self._on_wanted)

    @property
    def running(self) -> bool:
        """Whether evidence is being written."""
        return self._writing.running

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
        from trafficdesk.evidence.bundle import Scene, bundle

        scene = Scene.of(self._desk.session, self._desk.preferences.settings.detection)

        def work(progress: Callable[[float], None]) -> SavedEvidence:
            return bundle(path, scene, incident, payload=payload, progress=progress)

        self._writing.start(path, work)

    @Slot(object)
    def _on_written(self, saved: SavedEvidence) -> None:
        lost = f" {saved.missing:,} frames are no longer kept." if saved.missing else ""
        self._desk.window.banner.show_message(f"{saved.packets:,} packets are in {saved.path}.{lost}")
