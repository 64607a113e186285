"""Runs captures one after another and takes their batches into the session, a part per turn of the event loop."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.ui.pace import Pace
from trafficdesk.ui.workers.capture_worker import CaptureWorker, FromCapture

if TYPE_CHECKING:
    from trafficdesk.capture.source import FrameStore
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.session import AnalysisSession
    from trafficdesk.ui.workers.capture_jobs import CaptureJob

_STOP_WAIT_MS = 60_000
"""A source ends within a tenth of a second, on a busy machine later; its thread must not be destroyed while it runs."""
_FEWEST_ROWS = 4_096
"""Half of what taking so many in costs is there for any number; where a thread decodes meanwhile, even more."""


class CaptureController(QObject):
    """The one place that begins, feeds and ends a capture."""

    began = Signal()
    """The session is empty and `job` is under way."""
    evicting = Signal(object)
    """packet_id below which the log is about to forget rows."""
    ingested = Signal(object)
    """`AnalysisUpdate` of rows just appended."""
    waiting = Signal()
    """The log is full of rows that were not analysed yet; `resume` when some were."""
    interrupted = Signal()
    """The session's gaps have changed."""
    ended = Signal()
    """Everything that was read is in the log."""
    warned = Signal(object)
    """`TrafficDeskError` that does not end the capture."""
    failed = Signal(object)
    """`TrafficDeskError`; rows read before are in the log or still on their way there."""

    def __init__(self, session: AnalysisSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._worker: CaptureWorker | None = None
        self._next_job: CaptureJob | None = None
        self._waiting: deque[PacketBatch] = deque()
        self._taken = 0
        self._source_ended = False
        """Told by the thread's last signal: it may have finished while its batches are still on their way."""
        self._statistics = CaptureStatistics()
        self._pace = Pace(fewest=_FEWEST_ROWS)
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._take_some)
        self.waits_for_analysis = True
        self.stop_reason = ""
        """The limit that ended the last capture, as a sentence; empty = none."""
        self.job: CaptureJob | None = None
        self.frames: FrameStore | None = None

    @property
    def running(self) -> bool:
        """Whether rows are still to come."""
        return self._worker is not None

    @property
    def live(self) -> bool:
        """Whether an interface is being listened on."""
        return self.running and self.job is not None and self.job.live

    @property
    def progress(self) -> float | None:
        """Share of the file read; None where nothing is being read or there is no end."""
        return self.job.progress if self.running and self.job else None

    @property
    def statistics(self) -> CaptureStatistics:
        """What was received and lost since the capture began."""
        return self._worker.statistics() if self._worker else self._statistics

    @property
    def waiting_for(self) -> str:
        """Which interfaces are waited for, and why; empty = none."""
        return self._worker.waiting_for() if self._worker else ""

    def start(self, job: CaptureJob) -> None:
        """Begin `job` with an empty log, after the present capture has ended."""
        if self._worker is None:
            self._begin(job)
        else:
            self._next_job = job
            self.stop()

    def stop(self) -> None:
        """End the present capture; what it has read already is kept."""
        if self._worker is not None:
            self._worker.request_stop()

    def shut_down(self) -> None:
        """End the capture at once and wait for its thread."""
        self._next_job = None
        if self._worker is not None:
            worker, self._worker = self._worker, None
            worker.request_stop()
            self._drop_waiting(worker)
            worker.wait(_STOP_WAIT_MS)
        self._turn.stop()
        self._close_source()

    @Slot()
    def resume(self) -> None:
        """Analysis has caught up: rows that had to wait for it may come in."""
        if self._waiting and not self._turn.isActive():
            self._turn.start()

    def _begin(self, job: CaptureJob) -> None:
        self._close_source()
        self._waiting.clear()
        self._taken = 0
        self._source_ended = False
        self.stop_reason = ""
        self.job = job
        capture_id = self._session.begin()
        worker = CaptureWorker(job, capture_id, self, identifier=self._session.identifier)
        worker.opened.connect(self._on_opened)
        worker.batch_ready.connect(self._on_batch)
        worker.failed.connect(self._on_failed)
        worker.warned.connect(self._on_warned)
        worker.finished.connect(self._on_finished)
        self._worker = worker
        self.began.emit()
        worker.start()

    @Slot(object)
    def _on_opened(self, opened: FromCapture) -> None:
        if opened.capture_id == self._session.capture_id:
            self.frames = opened.value  # type: ignore[assignment]  # by the signal's contract

    @Slot(object)
    def _on_batch(self, delivered: FromCapture) -> None:
        if delivered.capture_id == self._session.capture_id and self._worker is not None:
            self._waiting.append(delivered.value)  # type: ignore[arg-type]  # by the signal's contract
            self._turn.start()

    @Slot(object)
    def _on_failed(self, failure: FromCapture) -> None:
        if failure.capture_id == self._session.capture_id:
            self.failed.emit(failure.value)

    @Slot(object)
    def _on_warned(self, warning: FromCapture) -> None:
        if warning.capture_id == self._session.capture_id:
            self.warned.emit(warning.value)

    @Slot()
    def _on_finished(self) -> None:
        if self._next_job is not None and self._worker is not None:
            self._drop_waiting(self._worker)
        self._source_ended = True
        self._end_if_done()

    @Slot()
    def _take_some(self) -> None:
        if not self._waiting:
            self._turn.stop()
            self._end_if_done()
            return
        batch = self._waiting[0]
        part = batch.slice(self._taken, min(self._taken + self._pace.rows, len(batch)))
        if self._must_wait(len(part)):
            self._turn.stop()
            self.waiting.emit()
            return
        with self._pace.measured():
            self._take(part)
        self._taken += len(part)
        if self._taken >= len(batch):
            self._waiting.popleft()
            self._taken = 0
            if self._worker is not None:
                self._worker.release()

    @Slot()
    def note_gaps(self) -> None:
        """Take what the capture thread knows of interruptions."""
        if self._worker is not None and self._session.note_gaps(self._worker.gaps()):
            self.interrupted.emit()

    def _take(self, part: PacketBatch) -> None:
        self.note_gaps()
        log = self._session.log
        leaving = log.rows_evicted_by(len(part))
        if leaving:
            self.evicting.emit(log.first_id + leaving)
        self.ingested.emit(self._session.ingest(part))

    def _must_wait(self, rows: int) -> bool:
        """Whether taking `rows` would push rows of a file out of the log before analysis came to them.

        A file can wait; an interface can't, there they are counted as not analysed.
        """
        if self.job is None or self.job.live or not self.waits_for_analysis:
            return False
        log = self._session.log
        return log.rows_evicted_by(rows) > len(log) - self._session.waiting

    def _end_if_done(self) -> None:
        worker = self._worker
        if worker is None or not self._source_ended or self._waiting:
            return
        self.note_gaps()
        self._statistics = worker.statistics()
        self.stop_reason = worker.stop_reason()
        self._worker = None
        worker.deleteLater()
        self.ended.emit()
        if self._next_job is not None:
            job, self._next_job = self._next_job, None
            self._begin(job)

    def _drop_waiting(self, worker: CaptureWorker) -> None:
        for _ in range(len(self._waiting)):
            worker.release()
        self._waiting.clear()
        self._taken = 0

    def _close_source(self) -> None:
        self.frames = None
        if self.job is not None:
            self.job.close()
