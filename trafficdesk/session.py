"""`AnalysisSession`: batch in, log, metrics and scores out; the same object behind the window and the terminal.

Pure: no thread, no Qt, no clock of its own. Detection may run in this process (`analyze`) or in another
(`detect.process`); the session only stores what came back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.detect.findings import FindingLog
from trafficdesk.metrics import TrafficMetrics
from trafficdesk.packets.log import DEFAULT_CAPACITY, FLAGGED, PacketLog, Verdict

if TYPE_CHECKING:
    from trafficdesk.capture.source import Gap
    from trafficdesk.detect.finding import Detection, Incident, ModelState
    from trafficdesk.packets.batch import PacketBatch

ANALYSIS_ROWS = 8_192
"""Rows handed to the detector at once: some 100 ms of its work, 1.3 MB through the pipe."""


@dataclass(frozen=True, slots=True, eq=False)
class AnalysisUpdate:
    """What one step changed."""

    capture_id: int
    """Which capture it belongs to; late updates of a stopped one are discarded by this."""
    batch: PacketBatch | None = None
    """Rows appended."""
    evicted: int = 0
    """Oldest rows that left the log."""
    detection: Detection | None = None
    """Scores stored."""
    incidents: tuple[Incident, ...] = ()
    """Incidents opened or changed."""


class AnalysisSession:
    """One capture's state.

    Parameters
    ----------
    capacity : rows the log keeps.
    """

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self.log = PacketLog(capacity)
        self.metrics = TrafficMetrics()
        self.findings = FindingLog()
        self.gaps: tuple[Gap, ...] = ()
        """Spans in which an interface could not be captured on, by beginning."""
        self.capture_id = 0
        self.scored = 0
        self.unscored = 0
        self.flagged = 0
        self._next_analysis_id = 0

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Every incident so far, in order of opening, newest value of each."""
        return self.findings.incidents

    @property
    def model(self) -> ModelState:
        """Where the model stands."""
        return self.findings.model

    @property
    def pending(self) -> int:
        """Rows in the log that were not handed to the detector yet."""
        return self.log.end_id - max(self._next_analysis_id, self.log.first_id)

    def begin(self) -> int:
        """Start a new capture: forget the old one's rows and findings. Returns its capture_id."""
        self.log.clear()
        self.metrics = TrafficMetrics()
        self.findings = FindingLog()
        self.gaps = ()
        self.scored = self.unscored = self.flagged = 0
        self._next_analysis_id = 0
        self.capture_id += 1
        return self.capture_id

    def ingest(self, batch: PacketBatch) -> AnalysisUpdate:
        """Append packets that the capture delivered."""
        evicted = self.log.append(batch)
        self.metrics.add(batch)
        return AnalysisUpdate(self.capture_id, batch=batch, evicted=evicted)

    def note_gaps(self, gaps: tuple[Gap, ...]) -> bool:
        """Take the capture's gaps, before the rows that follow them; whether something is new."""
        changed = gaps is not self.gaps and gaps != self.gaps
        if changed:
            self.gaps = gaps
        return changed

    def next_for_analysis(self, rows: int = ANALYSIS_ROWS) -> PacketBatch | None:
        """The next rows the detector has not seen, or None.

        Rows that left the log before their turn are counted as unscored, never silently passed over.
        """
        start = self._next_analysis_id
        if start < self.log.first_id:
            self.unscored += self.log.first_id - start
            start = self.log.first_id
        stop = min(start + rows, self.log.end_id)
        self._next_analysis_id = stop
        return self.log.slice(start, stop) if stop > start else None

    def apply(self, detection: Detection) -> AnalysisUpdate:
        """Store what the detector said."""
        self.log.set_analysis(
            detection.first_id, detection.score, detection.verdict, detection.family, detection.incident
        )
        if len(detection.joined_ids):
            self.log.update_analysis("incident", detection.joined_ids, detection.joined_incident)
        self.findings.add(detection)
        self.scored += int(np.count_nonzero(detection.verdict & Verdict.SCORED))
        self.flagged += int(np.count_nonzero(detection.verdict & FLAGGED))
        return AnalysisUpdate(self.capture_id, detection=detection, incidents=detection.incidents)
