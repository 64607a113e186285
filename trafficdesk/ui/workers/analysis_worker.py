"""The analysis thread: hands batches to the analysis process and brings back what it said, one at a time."""

from __future__ import annotations

import logging
import queue
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal

from trafficdesk.detect.stretch import analysed
from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.detect.process import AnalysisProcess
    from trafficdesk.detect.questions import Question
    from trafficdesk.detect.stretch import Answer, Stretch
    from trafficdesk.settings import DetectionSettings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """What the detector said, and of which capture."""

    capture_id: int
    answer: Answer


class AnalysisWorker(QThread):
    """Starts the analysis process when it runs, and ends it with itself."""

    ready = Signal()
    """The process is up; the first batch may come."""
    analysed = Signal(object)
    """`Analysed`; the next batch may come."""
    refitted = Signal(object)
    """`ModelState` after a fit that a person asked for."""
    answered = Signal(object, object)
    """What `ask` was given to know the question by, and its answer."""
    failed = Signal(object)
    """`TrafficDeskError`: the process can't be had any more; the thread ends."""

    def __init__(
        self,
        settings: DetectionSettings,
        capture_id: int,
        parent: QObject | None = None,
        *,
        live: bool = False,
        opened: int = 0,
        interface: str = "",
    ) -> None:
        super().__init__(parent)
        from trafficdesk.detect.process import AnalysisProcess

        self.capture_id = capture_id
        self._process = AnalysisProcess(settings, interface)
        self._live = live
        self._opened = opened
        self._stopping = False
        self._inbox: queue.SimpleQueue[Callable[[AnalysisProcess], None] | None] = queue.SimpleQueue()

    def submit(self, stretch: Stretch) -> None:
        """Analyse `stretch`; `analysed` answers. One at a time: the caller waits for the answer."""
        self._inbox.put(partial(self._analyse, stretch=stretch))

    def tell_gaps(self, spans: tuple[tuple[int, int], ...]) -> None:
        """Before the rows that follow them: when nothing could be captured."""
        self._inbox.put(lambda process: process.tell_gaps(spans))

    def refit(self) -> None:
        """Fit the forest anew as soon as what is under way is done."""
        self._inbox.put(lambda process: self.refitted.emit(process.refit_now()))

    def ask(self, key: object, question: Question[Any]) -> None:
        """Ask the detector as soon as what is under way is done; `answered` answers."""
        self._inbox.put(lambda process: self.answered.emit(key, process.ask(question)))

    def set_settings(self, settings: DetectionSettings) -> None:
        """Use other settings from the next batch on."""
        self._inbox.put(lambda process: process.set_settings(settings))

    def request_stop(self) -> None:
        """End after what is under way, which takes a tenth of a second."""
        self._stopping = True
        self._inbox.put(None)

    def kill(self) -> None:
        """Do not wait for what is under way any longer, once stopping was asked for."""
        self._process.kill()

    def run(self) -> None:
        """The thread: whatever happens is reported, nothing is raised into Qt."""
        try:
            self._process.start(self._opened)
            self._process.wait_until_ready(live=self._live)
            self.ready.emit()
            while not self._stopping and (task := self._inbox.get()) is not None:
                task(self._process)
        except TrafficDeskError as error:
            self._report(error)
        except Exception as error:  # noqa: BLE001  # the worker's shell
            _log.exception("the analysis failed")
            self._report(
                TrafficDeskError(f"The analysis failed: {error!r}.", "The log file has the details.")
            )
        finally:
            self._process.stop()

    def _analyse(self, process: AnalysisProcess, *, stretch: Stretch) -> None:
        answer = analysed(stretch, process.analyse)
        if not self._stopping:
            self.analysed.emit(Analysed(self.capture_id, answer))

    def _report(self, error: TrafficDeskError) -> None:
        if not self._stopping:
            self.failed.emit(error)
