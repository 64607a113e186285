"""`AnalysisProcess`: the detector in a process of its own, so that a fit never stalls the window.

Measured (2026-11): a fit in a thread of the window's process stalls its event loop by 60 to 130 ms; here by none.
Messages are pickles of our own values over a private pipe; the packets' text stays behind, the detector has no use
for it. The child ends when the pipe closes, that is also when the parent dies.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from trafficdesk.detect.detector import Detector
    from trafficdesk.detect.finding import Detection, ModelState
    from trafficdesk.detect.keeper import BaselineKeeper
    from trafficdesk.detect.questions import Answered_co, Question
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.settings import DetectionSettings

_LOG = logging.getLogger(__name__)
_NICENESS: Final = 5
"""A third of the processor time of an equal, where time is short."""
_STOP_S: Final = 2.0
"""How long a step in flight may take to end before the child is ended for it."""


class AnalysisStopped(TrafficDeskError):  # noqa: N818  # named after what the person is told
    """The analysis process has gone."""


class _Request(Enum):
    ANALYSE = auto()
    REFIT = auto()
    SETTINGS = auto()
    GAPS = auto()
    ASK = auto()
    RESET = auto()
    READY = auto()
    STOP = auto()


@dataclass(frozen=True, slots=True)
class _Failure:
    """What the child could not do, and where."""

    summary: str
    details: str


class AnalysisProcess:
    """A `Detector` in a child process.

    `analyse` and the others block; call them from one worker thread. `stop` may be called from any thread.

    Parameters
    ----------
    settings : as for `Detector`.
    interface : of a live capture: what is learned is kept for its network, and begun with. Empty: of a file.
    """

    def __init__(self, settings: DetectionSettings, interface: str = "") -> None:
        self._settings = settings
        self._interface = interface
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._turn = threading.Lock()
        self._stopping = threading.Event()

    @property
    def running(self) -> bool:
        """Whether the child lives."""
        return self._process is not None and self._process.is_alive()

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is none."""
        process = self._process
        return process.pid if process is not None else None

    def start(self, opened: int = 0) -> None:
        """Start the child; it loads scikit-learn only when it first fits.

        Parameters
        ----------
        opened : as for `Detector`.

        Raises
        ------
        AnalysisStopped
            If the system does not let us start a process.
        """
        context = multiprocessing.get_context("spawn")
        self._stopping.clear()
        pipe, theirs = context.Pipe()
        process = context.Process(
            target=_serve,
            args=(theirs, self._settings, opened, self._interface),
            name="trafficdesk-analysis",
            daemon=True,
        )
        try:
            process.start()
        except OSError as error:
            pipe.close()
            raise _stopped(f"could not start: {error}") from error
        except BaseException:
            pipe.close()
            raise
        finally:
            theirs.close()
        self._process, self._pipe = process, pipe

    def analyse(self, batch: PacketBatch) -> Detection:
        """What the detector says of `batch`, which follows the former one (or begins a new capture).

        Raises
        ------
        AnalysisStopped
            If the child has gone or failed; `start` gives a new one, which has to learn again.
        """
        detection: Detection = self._ask(_Request.ANALYSE, _without_text(batch))
        return detection

    def refit_now(self) -> ModelState:
        """Fit on what the window holds; see `Detector.refit_now`."""
        state: ModelState = self._ask(_Request.REFIT, None)
        return state

    def wait_until_ready(self, *, live: bool) -> None:
        """Return when the child has loaded what it needs; live, what its first fit needs, too.

        That takes a second or two, in which a flood would leave a hundred thousand packets behind. Of a file it may
        never be needed.
        """
        self._ask(_Request.READY, live)

    def set_settings(self, settings: DetectionSettings) -> None:
        """Go on with other settings, also after a restart."""
        self._settings = settings
        self._ask(_Request.SETTINGS, settings)

    def tell_gaps(self, spans: tuple[tuple[int, int], ...]) -> None:
        """Tell when nothing could be captured; see `Detector.tell_gaps`."""
        self._ask(_Request.GAPS, spans)

    def ask(self, question: Question[Answered_co]) -> Answered_co:
        """Answer of the detector, after what is under way."""
        answer: Answered_co = self._ask(_Request.ASK, question)
        return answer

    def reset(self) -> None:
        """Forget everything: a new capture begins."""
        self._ask(_Request.RESET, None)

    def kill(self) -> None:
        """End the child without a word, from any thread: whoever waits for its answer is woken."""
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError, ValueError):  # it was ended and closed meanwhile
                process.kill()

    def stop(self) -> None:
        """End the child; a step in flight is given up. May be called twice."""
        self._stopping.set()
        process, pipe = self._process, self._pipe
        if process is None or pipe is None:
            return
        if self._turn.acquire(timeout=_STOP_S):
            try:
                pipe.send_bytes(_packed((_Request.STOP, None)))
            except (OSError, ValueError):
                _LOG.debug("the analysis process had gone before it was stopped")
            finally:
                self._turn.release()
            process.join(_STOP_S)
        if process.is_alive():
            process.terminate()
            process.join(_STOP_S)
        with self._turn:
            # Whoever waited for an answer has been woken by the child's end.
            pipe.close()
            process.close()
            self._process = self._pipe = None

    def _ask(self, request: _Request, argument: Any) -> Any:
        with self._turn:
            if self._pipe is None or self._stopping.is_set():
                raise _stopped("is not running")
            try:
                self._pipe.send_bytes(_packed((request, argument)))
                # Only our own child writes here.
                answer = pickle.loads(self._pipe.recv_bytes())  # noqa: S301
            except (EOFError, OSError) as error:
                raise _stopped("has ended unexpectedly") from error
        if isinstance(answer, _Failure):
            _LOG.error("the analysis process failed: %s", answer.details)
            raise _stopped(f"failed: {answer.summary}")
        return answer


def _stopped(what: str) -> AnalysisStopped:
    return AnalysisStopped(
        f"The analysis process {what}.",
        "Packets are still captured and shown; start the capture or open the file again to analyse anew.",
    )


def _packed(message: object) -> bytes:
    return pickle.dumps(message, protocol=5)


def _without_text(batch: PacketBatch) -> PacketBatch:
    return replace(batch, text=np.empty(0, np.uint8))


def _serve(pipe: Connection, settings: DetectionSettings, opened: int, interface: str) -> None:
    """The child: answer requests until the pipe closes or it is told to stop; then keep what was learned."""
    from trafficdesk.detect.allocation import keep_freed_memory
    from trafficdesk.detect.detector import Detector
    from trafficdesk.detect.keeper import BaselineKeeper
    from trafficdesk.detect.known_networks import KnownNetworks

    # Ctrl-C in a terminal reaches the whole group; the parent decides when we end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _stand_back()
    keep_freed_memory()
    detector = Detector(settings, opened=opened)
    keeper = BaselineKeeper(detector, interface, KnownNetworks()) if interface else None
    while True:
        try:
            # Only our own parent writes here.
            request, argument = pickle.loads(pipe.recv_bytes())  # noqa: S301
            if request is _Request.STOP:
                break
            pipe.send_bytes(_packed(_answer(detector, keeper, request, argument)))
        except (EOFError, OSError):
            break
    if keeper is not None:
        keeper.save()


def _stand_back() -> None:
    """Let capture and window go first: analysis can leave packets out, the kernel's ring can't.

    To ask for less needs no right, to ask for more does.
    """
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICENESS)


def _answer(detector: Detector, keeper: BaselineKeeper | None, request: _Request, argument: Any) -> object:
    try:
        match request:
            case _Request.ANALYSE:
                return _analysed(detector, keeper, argument)
            case _Request.REFIT:
                return detector.refit_now()
            case _Request.SETTINGS:
                detector.set_settings(argument)
            case _Request.GAPS:
                detector.tell_gaps(argument)
            case _Request.ASK:
                return argument.answered(detector)
            case _Request.READY if argument:
                _go_live(detector, keeper)
            case _Request.RESET:
                detector.reset()
    except Exception as error:  # noqa: BLE001  # the worker's shell: a bug here must reach the parent's log
        return _Failure(f"{type(error).__name__}: {error}", traceback.format_exc())
    return None


def _go_live(detector: Detector, keeper: BaselineKeeper | None) -> None:
    detector.expect_live()
    if keeper is not None:
        keeper.begin()


def _analysed(detector: Detector, keeper: BaselineKeeper | None, batch: PacketBatch) -> Detection:
    if keeper is not None:
        keeper.turn()
    return detector.process(batch)
