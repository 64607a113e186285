"""`bundle`: what is known of an incident, gathered from a session and written as one zip; in any thread."""

from __future__ import annotations

import queue
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from trafficdesk import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.capture.source import FrameStore
    from trafficdesk.detect.finding import Incident
    from trafficdesk.detect.findings import FindingLog
    from trafficdesk.detect.model_record import ModelRecord
    from trafficdesk.detect.proof import Proof
    from trafficdesk.evidence.recording import Recording
    from trafficdesk.export.evidence import SavedEvidence
    from trafficdesk.packets.log import PacketLog
    from trafficdesk.session import AnalysisSession, Ask
    from trafficdesk.settings import DetectionSettings

SCORES: Final = "scores.bin"
_PATIENCE_S: Final = 10.0
"""The detector answers between two batches."""
_OF_THE_CAPTURE: Final = frozenset({"dropped", "scored", "unscored", "seed", "gaps", "suppressed"})


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What evidence is taken from, as it was at one moment."""

    log: PacketLog
    """Does not change any more."""
    findings: FindingLog
    frames: FrameStore | None
    """None = no packet's bytes are kept."""
    settings: DetectionSettings
    record: ModelRecord | None
    """Of the model in force."""
    ask: Ask | None
    """See `AnalysisSession.ask`; None = the detector is not asked."""

    @classmethod
    def of(cls, session: AnalysisSession, settings: DetectionSettings) -> Self:
        """Of this moment; in the session's thread."""
        frames = session.frames()
        return cls(
            session.log.snapshot(), session.findings, frames, settings, session.model.record, session.ask
        )


def bundle(
    path: Path,
    scene: Scene,
    incident: Incident,
    *,
    ids: NDArray[np.int64] | None = None,
    proof: Proof | None = None,
    payload: bool = False,
    progress: Callable[[float], None] | None = None,
) -> SavedEvidence:
    """Choose the packets, draw page and chart, and write the zip.

    Parameters
    ----------
    ids : packets chosen already, ascending.
    proof : what their scores were computed from, if it is known already; asked for otherwise.
    payload : whether the packets keep what is beyond their headers.

    Raises
    ------
    ExportError
        If it can't be written.
    """
    from trafficdesk.export.evidence import AROUND_S, evidence_ids, save_evidence
    from trafficdesk.export.summary_json import incident_of

    ids = evidence_ids(scene.log, incident) if ids is None else ids
    why = {
        "incident": {**incident_of(incident), "timeline": incident.timeline, "step_s": incident.step_s},
        "seconds_around": AROUND_S,
        "version": __version__,
        "settings": asdict(scene.settings),
        "model_in_force": asdict(scene.record) if scene.record is not None else None,
    }
    proof = asked(scene.ask, ids) if proof is None else proof

    def told(kept: NDArray[np.int64]) -> dict[str, bytes]:
        return {SCORES: recorded(scene, ids, kept, proof).packed()}

    return save_evidence(
        path,
        scene.log,
        scene.findings,
        scene.frames,
        ids=ids,
        why=why,
        others=_pages(scene.log, incident, ids),
        told=told,
        payload=payload,
        progress=progress,
    )


def asked(ask: Ask | None, ids: NDArray[np.int64]) -> Proof | None:
    """What the detector remembers of packets; None = it can't be asked, or does not answer in time."""
    from trafficdesk.detect.proof import ProofQuestion

    answered: queue.SimpleQueue[Proof] = queue.SimpleQueue()
    if ask is None or not ask(ProofQuestion(ids), answered.put):
        return None
    try:
        return answered.get(timeout=_PATIENCE_S)
    except queue.Empty:
        return None


def recorded(scene: Scene, ids: NDArray[np.int64], kept: NDArray[np.int64], proof: Proof | None) -> Recording:
    """What analysis said of packets `ids`, of which `kept` have their frames."""
    from trafficdesk.evidence.recording import Recording

    said = {name: scene.log.column(name, ids) for name in ("score", "verdict", "family", "incident")}
    rows, mine = scene.findings.flagged_rows(ids), None
    if proof is not None:
        mine = proof.where(np.isin(proof.ids, ids))
    return Recording(ids=ids, kept=np.isin(ids, kept), **said, flagged=rows, proof=mine)


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
    told: dict[str, Any] = summary_of(
        Summary(metrics.snapshot(), (incident,), int(flagged.sum()), tables=tables)
    )
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
