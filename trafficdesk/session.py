"""`AnalysisSession`: batch in, log, metrics and scores out; the same object behind the window and the terminal.

Pure: no thread, no Qt, no clock of its own. Detection may run in this process (`analyze`) or in another
(`detect.process`); the session only stores what came back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.classify.stored import store
from trafficdesk.coverage import Coverage, Passed
from trafficdesk.describe import Describer
from trafficdesk.detect.findings import FindingLog
from trafficdesk.detect.listed import Listed
from trafficdesk.detect.recall import Recall
from trafficdesk.detect.stretch import STEP_ROWS, AnalysisPace, Answer, Stretch
from trafficdesk.identity import Identifier, RecentRows
from trafficdesk.identity.own_traffic import OWN_TRAFFIC
from trafficdesk.metrics import TrafficMetrics
from trafficdesk.packets.end_names import EndNames
from trafficdesk.packets.log import DEFAULT_CAPACITY, FLAGGED, PacketLog, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.capture.source import FrameStore, Gap
    from trafficdesk.detect.finding import Detection, Incident, ModelState
    from trafficdesk.detect.questions import Question
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.store.recorder import Recorder

Ask = Callable[["Question[Any]", Callable[[Any], None]], bool]
"""Takes a question and what is told the answer, in any thread; False = there is nobody to ask."""
ANALYSIS_ROWS: Final = STEP_ROWS


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
    clock_ns : nanoseconds since the Unix epoch, for suppression rules that expire and lists that grow old.
    """

    def __init__(
        self, capacity: int = DEFAULT_CAPACITY, *, clock_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self.log = PacketLog(capacity)
        self.metrics = TrafficMetrics()
        self.findings = FindingLog(ends=EndNames(self.log))
        self.recall = Recall(self.log, self.findings, clock_ns)
        self.notes = self.log.identities.notes
        """What a person noted of packets, or their file says."""
        self.gaps: tuple[Gap, ...] = ()
        """Spans in which an interface could not be captured on, by beginning."""
        self.identifier = Identifier(self.log.identities)
        """Batches pass through it before they come here, in the thread that captures."""
        self.reverse_dns = False
        """Whether the resolver may be asked for names."""
        self._recent = RecentRows(self.log)
        self.listed = Listed(self.log, lambda: clock_ns() / 1e9)
        self.describer = Describer(self.log, self.listed)
        self.frames: Callable[[], FrameStore | None] = _nowhere
        """Where its packets' bytes are kept; whoever captures says so."""
        self.ask: Ask = _nobody
        """Asks the detector; whoever has one says so. May be called from any thread."""
        self.recorder: Recorder | None = None
        """Takes live captures into the history; whoever starts one tells it so."""
        self.capture_id = 0
        self._forget_analysis()

    def _forget_analysis(self) -> None:
        self.pace = AnalysisPace()
        self.scored = 0
        self.unscored = 0
        self.own = 0
        """Rows of TrafficDesk's own conversations, which are not judged."""
        self._own_ids = np.empty(0, np.int64)
        self._flagged = 0
        self._next_analysis_id = 0
        self._under_way = range(0)
        self._passed = Passed()

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Every incident so far but for the suppressed, in order of opening, newest value of each."""
        return self.recall.told(self.findings.incidents)

    @property
    def suppressed_incidents(self) -> tuple[Incident, ...]:
        """Those of which a person does not want to be told."""
        return self.recall.suppressed(self.findings.incidents)

    @property
    def flagged(self) -> int:
        """Rows ever flagged, those suppressed left out."""
        return self._flagged + self.recall.flagged_change

    @property
    def model(self) -> ModelState:
        """Where the model stands."""
        return self.findings.model

    @property
    def pending(self) -> int:
        """Rows neither scored nor given up: with `scored`, `unscored` and `own` they are all rows ever."""
        return self.log.end_id - self.scored - self.unscored - self.own

    @property
    def waiting(self) -> int:
        """Rows in the log that were not handed to the detector yet."""
        return self.log.end_id - max(self._next_analysis_id, self.log.first_id)

    @property
    def coverage(self) -> Coverage:
        """How much of the traffic analysis has looked at."""
        return self._passed.coverage(self.scored, self.unscored)

    def begin(self) -> int:
        """Start a new capture: forget the old one's rows and findings. Returns its capture_id."""
        if self.recorder is not None:
            self.recorder.end()
        self.identifier.close()
        self.log.clear()
        self.identifier = Identifier(self.log.identities, reverse_dns=self.reverse_dns)
        self._recent.clear()
        self.describer.clear()
        self.listed.clear()
        self.metrics = TrafficMetrics()
        self.findings = FindingLog(ends=EndNames(self.log))
        self.recall = self.recall.renewed(self.log, self.findings)
        self.notes = self.log.identities.notes
        self.gaps = ()
        self._forget_analysis()
        self.capture_id += 1
        return self.capture_id

    def ingest(self, batch: PacketBatch) -> AnalysisUpdate:
        """Append packets that the capture delivered."""
        evicted = self.log.append(batch)
        self.metrics.add(batch)
        self._recent.add(batch)
        if batch.comments:
            self._show_notes(self.notes.read(batch.first_id, batch.comments))
        if self.recorder is not None:
            self.recorder.add(batch)
        return AnalysisUpdate(self.capture_id, batch=batch, evicted=evicted)

    @property
    def gap_spans(self) -> tuple[tuple[int, int], ...]:
        """Start and end in ns of the gaps that have ended, for the detector."""
        return tuple((gap.start_ns, gap.end_ns) for gap in self.gaps if gap.end_ns is not None)

    def note_gaps(self, gaps: tuple[Gap, ...]) -> bool:
        """Take the capture's gaps, before the rows that follow them; whether something is new."""
        changed = gaps is not self.gaps and gaps != self.gaps
        if changed:
            self.gaps = gaps
            if self.recorder is not None:
                self.recorder.tell(gaps=gaps)
        return changed

    def toggle_marks(self, ids: NDArray[np.int64]) -> None:
        """Mark packets (ascending ids), or take the marks away where all have one."""
        self.notes.toggle(ids)
        self._show_notes(ids)

    def comment(self, ids: NDArray[np.int64], text: str) -> None:
        """Say something of packets (ascending ids); nothing takes back what was said."""
        self.notes.set_comment(ids, text)
        self._show_notes(ids)

    def _show_notes(self, ids: NDArray[np.int64]) -> None:
        self.log.update_analysis("mark", ids, self.notes.flags(ids))

    def set_reverse_dns(self, allowed: bool) -> None:
        """Ask the resolver for the names of peers that no packet named, from now on, or ask no more."""
        self.reverse_dns = allowed
        self.identifier.set_reverse_dns(allowed)

    def settle(self) -> tuple[int, int] | None:
        """Write programs and names that became known after their rows came; returns the span of packet_ids touched."""
        changes = self.identifier.take_changes()
        span = self._recent.tell(changes) if changes is not None else None
        if span is not None:
            self.recall.renamed(*span)
        return span

    def next_for_analysis(self, rows: int = ANALYSIS_ROWS) -> PacketBatch | None:
        """The next rows the detector has not seen, or None; none is left out.

        Rows that left the log before their turn are counted as unscored, never silently passed over.
        """
        stretch = self._next(rows, rows)
        return stretch.batch() if stretch is not None else None

    def next_stretch(self, *, live: bool) -> Stretch | None:
        """As `next_for_analysis`, for a detector in another process; live, rows may be left out to keep up."""
        spanned, kept = self.pace.next_step(self.waiting) if live else (ANALYSIS_ROWS, ANALYSIS_ROWS)
        return self._next(spanned, kept)

    def give_up(self) -> None:
        """The detector has gone with the rows it had: they are counted as unscored."""
        rows = len(self._under_way)
        if not rows:
            return
        self.log.set_analysis(
            self._under_way.start,
            np.full(rows, np.nan, np.float32),
            np.full(rows, Verdict.SKIPPED, np.uint8),
            np.zeros(rows, np.uint8),
            np.zeros(rows, np.int32),
        )
        self._pass(self._under_way, 0)

    def apply(self, said: Detection | Answer, *, recorded: bool = False) -> AnalysisUpdate:
        """Store what the detector said of the rows it was handed last; those left out of them are unscored.

        An `Answer` also says how long it took, which the next stretch is chosen by. What was `recorded` is stored as it
        is: today's names, lists and corrections have no say in it.
        """
        if isinstance(said, Answer):
            self.pace.measured(len(said.detection), said.seconds)
        detection = said.detection if isinstance(said, Answer) else said
        if detection.ids is not None:
            detection = detection.spread(self._under_way.start, self._under_way.stop)
            detection.verdict[self._own_ids - detection.first_id] = Verdict.OWN
        store(self.log, detection.label, detection.application)
        if not recorded:
            detection = self.describer.named(self.listed.judged(detection))
        self.log.set_analysis(
            detection.first_id, detection.score, detection.verdict, detection.family, detection.incident
        )
        if len(detection.joined_ids):
            self.log.update_analysis("incident", detection.joined_ids, detection.joined_incident)
        self.findings.add(detection)
        self._flagged += int(np.count_nonzero(detection.verdict & FLAGGED))
        if not recorded:
            self.recall.added(detection)
        rows = range(detection.first_id, detection.first_id + len(detection))
        self._pass(rows, int(np.count_nonzero(detection.verdict & Verdict.SCORED)))
        if self.recorder is not None:
            self.recorder.tell(
                detection.incidents,
                model=detection.model,
                scored=self.scored,
                unscored=self.unscored,
                flagged=self.flagged,
                suppressed=self.suppressed_incidents,
            )
        incidents = self.recall.changed(detection.incidents)
        return AnalysisUpdate(self.capture_id, detection=detection, incidents=incidents)

    def _next(self, spanned: int, kept: int) -> Stretch | None:
        start = self._next_analysis_id
        if start < self.log.first_id:
            lost = self.log.first_id - start
            self.unscored += lost
            start = self.log.first_id
            self._passed.add(self._time_of(range(start, start + 1)), 0, lost)
        stop = min(start + spanned, self.log.end_id)
        self._next_analysis_id = stop
        self._under_way = range(start, stop)
        parts = tuple(self.log.views(start, stop))
        mine = [part.first_id + OWN_TRAFFIC.mine(part) for part in parts]
        self._own_ids = np.concatenate(mine) if mine else np.empty(0, np.int64)
        return Stretch(parts, kept, self._own_ids) if stop > start else None

    def _pass(self, rows: range, scored: int) -> None:
        """Of `rows`, which analysis has passed, so many were scored."""
        unscored = len(rows) - scored - len(self._own_ids)
        self.scored += scored
        self.unscored += unscored
        self.own += len(self._own_ids)
        self._under_way, self._own_ids = range(0), self._own_ids[:0]
        self._passed.add(self._time_of(rows), scored, unscored)

    def _time_of(self, rows: range) -> int:
        """When the last of `rows` happened, ns; of the oldest row kept where it has left already."""
        last = max(rows.stop - 1, self.log.first_id)
        if not self.log.first_id <= last < self.log.end_id:
            return 0
        return int(self.log.column("timestamp_ns", np.array([last]))[0])


def _nobody(_question: Question[Any], _then: Callable[[Any], None]) -> bool:
    """There is no detector to ask."""
    return False


def _nowhere() -> None:
    """Nobody keeps them."""
