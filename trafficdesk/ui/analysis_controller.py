"""Keeps the analysis process fed: one stretch under way, begun when there is something to analyse.

A file waits for its analysis. An interface does not: there rows may be left out to keep up, and a process that ends is
replaced by a new one, which learns anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from trafficdesk.detect.backoff import Backoff
from trafficdesk.detect.correction_questions import Hear
from trafficdesk.ui.workers.analysis_worker import Analysed, AnalysisWorker

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.capture.source import Gap
    from trafficdesk.detect.finding import ModelState
    from trafficdesk.detect.questions import Answered_co, Question
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.session import AnalysisSession
    from trafficdesk.settings import DetectionSettings
    from trafficdesk.ui.workers.evidence_job import EvidenceJob

_STOP_WAIT_MS = 5_000


class AnalysisController(QObject):
    """Takes what the session has not analysed yet to the detector and back."""

    updated = Signal(object)
    """`AnalysisUpdate` with a detection, already stored in the session."""
    refitted = Signal()
    """The model was fitted because a person asked for it."""
    caught_up = Signal()
    """Nothing waits for analysis any more."""
    failed = Signal(object)
    """`TrafficDeskError`; analysis rests until the next capture."""
    interrupted = Signal(object)
    """`TrafficDeskError`; analysis begins anew by itself, with what comes from now on."""

    def __init__(
        self, session: AnalysisSession, settings: DetectionSettings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._settings = settings
        self._worker: AnalysisWorker | None = None
        self._retiring: list[AnalysisWorker] = []
        self._idle = False
        self._held = False
        self._live = False
        self._interface = ""
        self._recorded: EvidenceJob | None = None
        self._broken = False
        self._analysed_to = 0
        self._backoff = Backoff()
        self._again = QTimer(self, singleShot=True)
        self._again.timeout.connect(self.feed)
        self._told: tuple[Gap, ...] = ()
        """Gaps that the worker knows."""

    @property
    def busy(self) -> bool:
        """Whether rows wait for analysis or are under way."""
        return not self._broken and (
            self._session.waiting > 0 or (self._worker is not None and not self._idle)
        )

    @property
    def progress(self) -> float | None:
        """Share of the capture's rows analysed; None while there is nothing to do."""
        total = self._session.log.end_id
        if not self.busy or not total:
            return None
        return min(self._analysed_to / total, 1.0)

    def begin(self, *, hold: bool, interface: str = "", recorded: EvidenceJob | None = None) -> None:
        """A new capture began; `hold` waits for `let_go` so that a file's rows appear at full speed.

        What need not be held is live; what is learned on `interface` is kept for its network. Of what was `recorded`
        nothing is judged anew.
        """
        self._recorded = recorded
        self._interface = interface
        self._retire()
        self._again.stop()
        self._backoff = Backoff()
        self._held = hold
        self._live = not hold
        self._broken = False
        self._analysed_to = 0

    @Slot()
    def let_go(self) -> None:
        """Analyse from now on."""
        self._held = False
        self.feed()

    @Slot()
    def feed(self) -> None:
        """Hand over the next rows if the detector is free."""
        if self._held or self._broken or self._again.isActive() or not self._session.waiting:
            return
        if self._recorded is not None:
            self._tell_recorded(self._recorded)
        elif self._worker is None:
            self._start()
        elif self._idle:
            stretch = self._session.next_stretch(live=self._live)
            if stretch is not None:
                self._idle = False
                self._tell_gaps(self._worker)
                self._worker.submit(stretch)

    @Slot()
    def refit(self) -> None:
        """Fit the forest anew now."""
        if self._worker is not None:
            self._worker.refit()

    def ask(self, question: Question[Answered_co], then: Callable[[Answered_co], None]) -> bool:
        """Ask the detector, from any thread; `then` gets the answer in the window's, unless the capture ends before.

        Returns whether there is a detector to ask: none before the first rows, nor after it has failed.
        """
        if self._recorded is not None:
            return self._recorded.answer(question, then)
        worker = self._worker
        if worker is not None:
            worker.ask(then, question)
        return worker is not None

    @Slot(object)
    def set_settings(self, settings: DetectionSettings) -> None:
        """Detect with other settings from now on."""
        self._settings = settings
        if self._worker is not None:
            self._worker.set_settings(settings)

    def shut_down(self) -> None:
        """End the process and wait for its threads."""
        self._again.stop()
        self._retire()
        for worker in self._retiring:
            # A thread must not be destroyed while it runs, and a step on a busy machine may take long.
            while not worker.wait(_STOP_WAIT_MS):
                worker.kill()
        self._retiring = []

    def _tell_recorded(self, job: EvidenceJob) -> None:
        """The next rows as they were recorded; one step per turn of the event loop."""
        stretch = self._session.next_stretch(live=False)
        if stretch is None:
            return
        detection = job.detection(stretch.start_id, stretch.stop_id)
        self._analysed_to = stretch.stop_id
        self.updated.emit(self._session.apply(detection, recorded=True))
        if self._session.waiting:
            self._again.start(0)
        else:
            self.caught_up.emit()

    def _tell_gaps(self, worker: AnalysisWorker) -> None:
        if self._session.gaps is not self._told:
            self._told = self._session.gaps
            worker.tell_gaps(self._session.gap_spans)

    def _start(self) -> None:
        self._told = ()
        session = self._session
        opened = session.findings.last_number
        worker = AnalysisWorker(
            self._settings,
            session.capture_id,
            self,
            live=self._live,
            opened=opened,
            interface=self._interface,
        )
        worker.ready.connect(self._on_ready)
        worker.analysed.connect(self._on_analysed)
        worker.refitted.connect(self._on_refitted)
        worker.answered.connect(self._on_answered)
        worker.failed.connect(self._on_failed)
        worker.finished.connect(self._on_finished)
        self._worker = worker
        self._idle = False
        worker.start()
        labels = session.recall.corrections.detector_part()
        if labels.entries:
            worker.ask(_disregard, Hear(labels))

    def _retire(self) -> None:
        if self._worker is not None:
            worker, self._worker = self._worker, None
            self._retiring.append(worker)
            worker.request_stop()
        self._idle = False

    @Slot()
    def _on_ready(self) -> None:
        if self.sender() is self._worker:
            self._idle = True
            self.feed()

    @Slot(object)
    def _on_analysed(self, analysed: Analysed) -> None:
        if analysed.capture_id != self._session.capture_id:
            return
        self._idle = True
        self._backoff.went_well()
        update = self._session.apply(analysed.answer)
        assert update.detection is not None
        self._analysed_to = update.detection.first_id + len(update.detection)
        self.feed()
        self.updated.emit(update)
        if self._idle:
            self.caught_up.emit()

    @Slot(object)
    def _on_refitted(self, model: ModelState) -> None:
        if self.sender() is self._worker:
            self._session.findings.model = model
            self.refitted.emit()

    @Slot(object, object)
    def _on_answered(self, then: Callable[[Any], None], answer: object) -> None:
        if self.sender() is self._worker:
            then(answer)

    @Slot(object)
    def _on_failed(self, error: TrafficDeskError) -> None:
        if self.sender() is not self._worker:
            return
        self._retire()
        self._session.give_up()
        if self._live:
            self._again.start(round(1_000 * self._backoff.next_s()))
            self.interrupted.emit(error)
        else:
            self._broken = True
            self.failed.emit(error)

    @Slot()
    def _on_finished(self) -> None:
        for worker in [worker for worker in self._retiring if worker.isFinished()]:
            self._retiring.remove(worker)
            worker.deleteLater()


def _disregard(_answer: object) -> None:
    """Of a new detector, which remembers nothing yet, nothing is heard."""
