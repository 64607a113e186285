"""Between `monitor` and the analysis process: rows in, answers out, one stretch in flight.

`Analyst` is the thread that talks to the process; `LiveAnalysis` keeps it fed from the session and starts it anew when it
ends while an interface is being watched.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.detect.backoff import Backoff
from trafficdesk.detect.correction_questions import Hear, Heard
from trafficdesk.detect.stretch import Answer, analysed
from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.capture.source import Gap
    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.detect.process import AnalysisProcess
    from trafficdesk.detect.questions import Question
    from trafficdesk.detect.stretch import Stretch
    from trafficdesk.session import AnalysisSession, AnalysisUpdate
    from trafficdesk.settings import DetectionSettings

READY: Final = object()
"""Told once, when the process has started."""
_PATIENCE_S: Final = 2.0
_NOTHING: Final = (np.empty(0, np.int64), np.empty(0, np.int32))


@dataclass(frozen=True, slots=True)
class AnalystGone:
    """Told last: the process can't be had any more."""

    error: TrafficDeskError


class Analyst:
    """The analysis process and the thread that talks to it; one stretch in flight.

    Parameters
    ----------
    tell : takes `READY`, `Answer`, `Heard` and `AnalystGone`, in the thread.
    live, opened : as for `AnalysisProcess`.
    corrections : what a person said of rows.
    """

    def __init__(
        self,
        process: AnalysisProcess,
        tell: Callable[[object], None],
        *,
        live: bool,
        opened: int = 0,
        corrections: Corrections | None = None,
    ) -> None:
        self._process = process
        self._live = live
        self._tell = tell
        self._opened = opened
        self._corrections = corrections
        self._inbox: queue.SimpleQueue[Callable[[AnalysisProcess], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="analysis", daemon=True)
        self._thread.start()

    def analyse(self, stretch: Stretch) -> None:
        """Hand over rows; their `Answer` comes through `tell`."""
        self._inbox.put(lambda process: analysed(stretch, process.analyse))

    def tell_gaps(self, spans: tuple[tuple[int, int], ...]) -> None:
        """Before the rows that follow them: start and end in ns of spans in which nothing could be captured."""
        self._inbox.put(lambda process: process.tell_gaps(spans))

    def set_settings(self, settings: DetectionSettings) -> None:
        """Before the rows that follow: go on with other settings."""
        self._inbox.put(lambda process: process.set_settings(settings))

    def hear(self, corrections: Corrections) -> None:
        """Other corrections hold; what they say of the past comes as `Heard` through `tell`."""
        self._inbox.put(lambda process: process.ask(Hear(corrections)))

    def ask(self, question: Question[Any], then: Callable[[Any], None]) -> None:
        """Ask the detector as soon as what is under way is done; `then` gets the answer in the thread."""
        self._inbox.put(lambda process: then(process.ask(question)))

    def close(self) -> None:
        """End the process; an answer still on its way is not waited for."""
        self._inbox.put(None)
        self._process.stop()
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        try:
            self._process.start(self._opened)
            self._process.wait_until_ready(live=self._live)
            if self._corrections is not None and self._corrections.labels:
                self._process.ask(Hear(self._corrections))
            self._tell(READY)
            while (task := self._inbox.get()) is not None:
                if (answer := task(self._process)) is not None:
                    self._tell(answer)
        except TrafficDeskError as error:
            self._tell(AnalystGone(error))


class LiveAnalysis:
    """The analysis of one session; called from the session's thread only.

    Parameters
    ----------
    tell : takes `READY`, `Answer`, `Heard` and `AnalystGone` in a thread, to be given back to `take`.
    live : rows may be left out to keep up, and a process that ended is replaced.
    """

    def __init__(
        self,
        session: AnalysisSession,
        process: AnalysisProcess,
        tell: Callable[[object], None],
        *,
        live: bool,
    ) -> None:
        self._session = session
        self._process = process
        self._tell = tell
        self._live = live
        self._idle = False
        self._backoff = Backoff()
        self._again_at: float | None = None
        self._told: tuple[Gap, ...] = ()
        """Gaps that the process knows."""
        self._analyst = self._start()
        session.ask = self.ask

    def feed(self) -> None:
        """Hand over the next rows if the process is free; start it when its time has come."""
        if self._again_at is not None and time.monotonic() >= self._again_at:
            self._again_at = None
            self._told = ()
            self._analyst = self._start()
        if self._idle and (stretch := self._session.next_stretch(live=self._live)) is not None:
            self._idle = False
            if self._session.gaps is not self._told:
                self._told = self._session.gaps
                self._analyst.tell_gaps(self._session.gap_spans)
            self._analyst.analyse(stretch)

    def ask(self, question: Question[Any], then: Callable[[Any], None]) -> bool:
        """Ask the detector, from any thread; False = it has ended. One that ends before gives no answer."""
        if self._again_at is not None:
            return False
        self._analyst.ask(question, then)
        return True

    def _start(self) -> Analyst:
        return Analyst(
            self._process,
            self._tell,
            live=self._live,
            opened=self._session.findings.last_number,
            corrections=self._session.recall.corrections.detector_part(),
        )

    def take(self, event: object) -> AnalysisUpdate | None:
        """What was told: an answer is stored and its update returned."""
        if isinstance(event, Heard):
            recall = self._session.recall
            recall.correct(recall.corrections, (event.ids, event.spoken))
            return None
        self._idle = event is READY or isinstance(event, Answer)
        if not isinstance(event, Answer):
            return None
        self._backoff.went_well()
        return self._session.apply(event)

    def set_settings(self, settings: DetectionSettings) -> None:
        """Go on with other settings, now or when it begins anew."""
        if self._again_at is None:
            self._analyst.set_settings(settings)
            return
        with contextlib.suppress(
            TrafficDeskError
        ):  # nobody is there to answer; they are kept for the next one
            self._process.set_settings(settings)

    def correct(self, corrections: Corrections) -> None:
        """Other corrections hold from now on; the past follows when the process has said what it remembers."""
        self._session.recall.correct(corrections, _NOTHING)
        if self._again_at is None:
            self._analyst.hear(corrections.detector_part())

    def recovers(self) -> bool:
        """After `AnalystGone`: what it had is given up; whether it will begin anew."""
        self._idle = False
        self._session.give_up()
        if self._live:
            self._analyst.close()
            self._again_at = time.monotonic() + self._backoff.next_s()
        return self._live

    def close(self) -> None:
        """End the process."""
        self._analyst.close()
