"""`Monitor`: one run of `trafficdesk monitor`.

Three threads: capture (reads and decodes), this one (log, metrics, those who tell of it) and analysis (talks to the
analysis process). Batches are credited: when this thread falls behind, the capture counts what it can't pass on.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.capture.pump import CapturePump, CreditGate
from trafficdesk.cli.analyst import AnalystGone, LiveAnalysis
from trafficdesk.cli.going_incidents import GoingIncidents
from trafficdesk.cli.memory import resident_bytes
from trafficdesk.cli.standing import Standing
from trafficdesk.cli.terminal import Terminals
from trafficdesk.errors import TrafficDeskError
from trafficdesk.export.corrections_json import table_of
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.log import DEFAULT_CAPACITY
from trafficdesk.session import AnalysisSession

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.cli.mail_alerts import LoggedAlerts
    from trafficdesk.cli.reloaded import Reloaded
    from trafficdesk.cli.standing import Teller
    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.detect.process import AnalysisProcess
    from trafficdesk.metrics.tables import TrafficTables
    from trafficdesk.settings import DetectionSettings
    from trafficdesk.store.writer import StoreState

CREDITS: Final = 8
"""Batches between capture and this thread; the same as the window's."""
_TICK_S: Final = 0.1
_SETTLE_S: Final = 1.0
"""How often incidents are looked through for those that have ended."""
_DRAIN_S: Final = 15.0
"""What was captured is analysed to the end for so long after a planned end; the rest is counted as unscored."""
_WHOLE_S: Final = 600.0
"""The same where packets wait for their analysis, as those of the sample do."""
_HURRY_S: Final = 2.0
"""The same after Ctrl-C or SIGTERM."""
_GATHER_S: Final = 15.0
"""The evidence of the last alerts is made, a second or two, before those leave who have it; the alerts go in any case."""
HANG_UP: Final = getattr(signal, "SIGHUP", None)
"""Windows has none."""


@dataclass(frozen=True, slots=True)
class _Warning:
    """Something is wrong that ends nothing."""

    error: TrafficDeskError


class Monitor:
    """One run of `monitor`.

    Parameters
    ----------
    capture : runs the pump until it is stopped or the source ends; in a thread of its own.
    process : the analysis process, not started.
    alerts : takes opened and changed incidents; None = nobody is told.
    tellers : told everything, in their order; called when monitoring begins, which is when they may say so.
    live : packets do not wait; False for the bundled sample.
    corrections : what a person said of the analysis.
    capacity : rows kept.
    """

    def __init__(
        self,
        capture: Callable[[CapturePump], None],
        process: AnalysisProcess,
        alerts: AlertDispatcher | LoggedAlerts | None,
        tellers: Callable[[], Sequence[Teller]],
        *,
        live: bool = True,
        corrections: Corrections | None = None,
        capacity: int = DEFAULT_CAPACITY,
    ) -> None:
        self.session = AnalysisSession(capacity)
        self.session.begin()
        self.session.recall.corrections = corrections or self.session.recall.corrections
        self.tables: TrafficTables | None = None
        self.store: Callable[[], StoreState | None] = _no_store
        self.reload: Callable[[], None] = _nothing
        """Reads the settings again; called between two batches."""
        self.stop = threading.Event()
        self.interrupted = False
        self.failures: list[TrafficDeskError] = []
        self._events: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._gate = CreditGate(CREDITS)
        self.pump = CapturePump(gate=self._gate, stop=self.stop, emit=self._emit, warn=self.warn)
        self._capture = capture
        self.session.frames = lambda: self.pump.frames
        self._capturing = threading.Thread(target=self._run_capture, name="capture", daemon=True)
        self._process = process
        self._analysis = LiveAnalysis(self.session, process, self._events.put, live=live)
        self._live = live
        self._analysis_over = False
        self.alerts = alerts
        self._count: int | None = None
        self._tellers_of = tellers
        self._tellers: Sequence[Teller] = ()
        self._going = GoingIncidents()
        self._settle_at = 0.0
        self._reload_wanted = False
        self._terminals = Terminals()

    def run(self, count: int | None, duration: float | None) -> None:
        """Until it is stopped, `count` packets were seen, `duration` seconds have passed, or the source ends."""
        self._count = count
        self._capturing.start()
        # Said when it is true: before, there was the history to open and lists to read.
        self._tellers = self._tellers_of()
        deadline = time.monotonic() + duration if duration else None
        while not self.stop.is_set() and self._capturing.is_alive():
            self._step()
            if deadline is not None and time.monotonic() >= deadline:
                break
        hurry = self.stop.is_set() and not self._is_full
        self.stop.set()
        self._drain(_HURRY_S if hurry else _DRAIN_S if self._live else _WHOLE_S)
        turns, standing = self._going.rest(), self._standing()
        for teller in self._tellers:
            teller.incidents(turns)
            teller.ended(self.pump.stop_reason, standing)
        if self.alerts is not None:
            self.alerts.follow(self.session, self._now_ns(), last=True)
            self.alerts.gathered(_GATHER_S)
        self._analysis.close()

    def on_signal(self, number: int, _frame: object) -> None:
        """Ctrl-C or SIGTERM: end cleanly; the second Ctrl-C ends at once. SIGHUP: read the settings again.

        A terminal that was closed sends SIGHUP, too: then nobody looks on any more, and it ends.
        """
        if self.interrupted and number == signal.SIGINT:
            raise KeyboardInterrupt
        if number == HANG_UP and not self._terminals.have_gone():
            self._reload_wanted = True
            return
        self.interrupted |= number == signal.SIGINT
        self.stop.set()

    def say(self, words: str) -> None:
        """Tell something that stays."""
        for teller in self._tellers:
            teller.say(words)

    def warn(self, error: TrafficDeskError) -> None:
        """Tell of something that ends nothing; from any thread."""
        self._events.put(_Warning(error))

    def tell_reloaded(self, reloaded: Reloaded) -> None:
        """Tell what reading settings and files again has changed."""
        for teller in self._tellers:
            teller.reloaded(reloaded)

    def set_detection(self, settings: DetectionSettings) -> None:
        """Analyse with other settings from now on; what was learned stays."""
        self._analysis.set_settings(settings)

    def correct(self, corrections: Corrections) -> None:
        """Other corrections hold from now on, for what was seen before as well."""
        self._analysis.correct(corrections)
        if self.session.recorder is not None:
            self.session.recorder.note(lambda: table_of(corrections))

    @property
    def _is_full(self) -> bool:
        return self._count is not None and self.session.log.end_id >= self._count

    def _emit(self, batch: PacketBatch) -> None:
        self._events.put(self.session.identifier.identify(batch))

    def _run_capture(self) -> None:
        try:
            self._capture(self.pump)
        except TrafficDeskError as error:
            self._events.put(error)

    def _step(self, timeout: float = _TICK_S) -> bool:
        """Take one event, keep analysis and view going; False when no event came."""
        try:
            event = self._events.get(timeout=timeout)
        except queue.Empty:
            event = None
        self._note_gaps()
        if event is not None:
            self._take(event)
        self.session.settle()
        self._analysis.feed()
        if self._reload_wanted:
            self._reload_wanted = False
            self.reload()
        self._tell(time.monotonic())
        return event is not None

    def _tell(self, now_s: float) -> None:
        """What time alone has brought."""
        if now_s >= self._settle_at:
            self._settle_at = now_s + _SETTLE_S
            until_ns = self._analysed_until_ns()
            if self.alerts is not None:
                self.alerts.follow(self.session, until_ns)
            turns = self._going.settle(now_s, until_ns)
            for teller in self._tellers if turns else ():
                teller.incidents(turns)
        due = [teller for teller in self._tellers if teller.is_due(now_s)]
        if due:
            standing = self._standing()
            for teller in due:
                teller.show(standing, now_s)

    def _standing(self) -> Standing:
        hushed = self.session.recall.is_hushed
        return Standing(
            session=self.session,
            lost=self.pump.statistics,
            now_ns=self._now_ns(),
            going=tuple(incident for incident in self._going.newest if not hushed(incident.id)),
            waiting_for=self.pump.waiting_for,
            store=self.store(),
            mails=self.alerts.waiting if self.alerts is not None else None,
            memory=resident_bytes(os.getpid()),
            analysis_memory=resident_bytes(self._process.pid),
        )

    def _analysed_until_ns(self) -> int:
        """Capture time up to which everything was analysed."""
        log = self.session.log
        if self.session.pending and log.end_id > log.first_id:
            oldest = max(log.end_id - self.session.pending, log.first_id)
            return int(log.column("timestamp_ns", np.array([oldest]))[0])
        return self._now_ns()

    def _now_ns(self) -> int:
        return time.time_ns() if self._live else self.session.metrics.snapshot().last_ns

    def _take(self, event: object) -> None:
        if isinstance(event, PacketBatch):
            self._take_packets(event)
        elif isinstance(event, _Warning):
            for teller in self._tellers:
                teller.warn(event.error)
        elif isinstance(event, TrafficDeskError):
            self.failures.append(event)
            self.stop.set()
        elif isinstance(event, AnalystGone):
            self._take_loss_of(event.error)
        elif (update := self._analysis.take(event)) is not None and update.incidents:
            turns = self._going.take(update.incidents, time.monotonic())
            for teller in self._tellers:
                teller.incidents(turns)
            if self.alerts is not None:
                self.alerts.handle(update.incidents, self.session)

    def _take_packets(self, batch: PacketBatch) -> None:
        self._gate.release()
        left = len(batch) if self._count is None else self._count - self.session.log.end_id
        if left > 0:
            rows = batch.slice(0, min(left, len(batch)))
            self.session.ingest(rows)
            if self.tables is not None:
                self.tables.add(rows)
        if self._is_full:
            self.stop.set()

    def _take_loss_of(self, error: TrafficDeskError) -> None:
        """The analysis has ended: it begins anew, unless all is ending."""
        if self.stop.is_set() or not self._analysis.recovers():
            self.failures.append(error)
            self._analysis_over = True
            self.stop.set()
        else:
            self.say(f"{error.title} It begins anew and learns again; packets go on being captured.")

    def _note_gaps(self) -> None:
        known = self.session.gaps
        if self.session.note_gaps(self.pump.gaps):
            before = set(known)
            changed = [gap for gap in self.session.gaps if gap not in before]
            for teller in self._tellers:
                teller.gaps(changed)

    def _drain(self, seconds: float) -> None:
        """Take what is on its way and let analysis finish, for so long at most."""
        patience = time.monotonic() + seconds
        while time.monotonic() < patience:
            quiet = not self._step(0.05)
            done = self._analysis_over or not self.session.pending
            if quiet and done and not self._capturing.is_alive():
                return


def _no_store() -> None:
    return None


def _nothing() -> None:
    pass
