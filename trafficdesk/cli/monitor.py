"""`trafficdesk monitor`: continuous monitoring in a terminal.

Three threads: capture (reads and decodes), this one (log, metrics, view) and analysis (talks to the analysis process).
Batches are credited: when this thread falls behind, the capture counts what it can't pass on.
"""

from __future__ import annotations

import queue
import signal
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TextIO

from trafficdesk.capture.pump import CapturePump, CreditGate
from trafficdesk.cli.analyst import AnalystGone, LiveAnalysis
from trafficdesk.cli.corrections import kept_corrections
from trafficdesk.cli.exit_codes import Exit, complain, exit_code
from trafficdesk.cli.live_view import LiveView
from trafficdesk.cli.mail_alerts import mail_alerts
from trafficdesk.cli.permission import with_permission
from trafficdesk.cli.recording import record_into_history
from trafficdesk.cli.terminal import say
from trafficdesk.errors import InterfaceNotFound, SpoolError, TrafficDeskError
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.session import AnalysisSession

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from trafficdesk.alerts import AlertDispatcher
    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.detect.process import AnalysisProcess
    from trafficdesk.metrics.tables import TrafficTables
    from trafficdesk.settings import Settings

SWITCH_INTERVAL_S: Final = 0.001
"""How long the thread that decodes may keep the one that reads waiting for the interpreter; Python's own is 5 ms."""
CREDITS: Final = 8
"""Batches between capture and this thread; the same as the window's."""
_TICK_S: Final = 0.1
_DRAIN_S: Final = 15.0
"""What was captured is analysed to the end for so long after a planned end; the rest is counted as unscored."""
_WHOLE_S: Final = 600.0
"""The same where packets wait for their analysis, as those of the sample do."""
_HURRY_S: Final = 2.0
"""The same after Ctrl-C or SIGTERM."""


class Monitor:
    """One run of `monitor`.

    Parameters
    ----------
    interface : name shown.
    capture : runs the pump until it is stopped or the source ends; in a thread of its own.
    process : the analysis process, not started.
    alerts : takes opened and changed incidents; None = nobody is told.
    out : where the view is drawn.
    live : packets do not wait; False for the bundled sample.
    corrections : what a person said of the analysis.
    """

    def __init__(
        self,
        interface: str,
        capture: Callable[[CapturePump], None],
        process: AnalysisProcess,
        alerts: AlertDispatcher | None,
        out: TextIO,
        *,
        live: bool = True,
        corrections: Corrections | None = None,
    ) -> None:
        self.session = AnalysisSession()
        self.session.begin()
        self.session.recall.corrections = corrections or self.session.recall.corrections
        self.tables: TrafficTables | None = None
        self.stop = threading.Event()
        self.interrupted = False
        self.failures: list[TrafficDeskError] = []
        self._events: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._gate = CreditGate(CREDITS)
        self.pump = CapturePump(gate=self._gate, stop=self.stop, emit=self._emit, warn=self._events.put)
        self._capture = capture
        self.session.frames = lambda: self.pump.frames
        self._capturing = threading.Thread(target=self._run_capture, name="capture", daemon=True)
        self._analysis = LiveAnalysis(self.session, process, self._events.put, live=live)
        self._live = live
        self._analysis_over = False
        self._alerts = alerts
        self._count: int | None = None
        self._shown = interface, out
        self._view: LiveView

    def run(self, count: int | None, duration: float | None) -> None:
        """Until it is stopped, `count` packets were seen, `duration` seconds have passed, or the source ends."""
        self._count = count
        self._capturing.start()
        # Said when it is true: before, there was the history to open and lists to read.
        self._view = LiveView(*self._shown, time.monotonic())
        deadline = time.monotonic() + duration if duration else None
        while not self.stop.is_set() and self._capturing.is_alive():
            self._step()
            if deadline is not None and time.monotonic() >= deadline:
                break
        hurry = self.stop.is_set() and not self._is_full
        self.stop.set()
        self._drain(_HURRY_S if hurry else _DRAIN_S if self._live else _WHOLE_S)
        self._view.close()
        if self.pump.stop_reason:
            self._view.ended(self.pump.stop_reason)
        self._analysis.close()

    def on_signal(self, number: int, _frame: object) -> None:
        """Ctrl-C or SIGTERM: end cleanly; the second Ctrl-C ends at once."""
        if self.interrupted and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.interrupted |= number == signal.SIGINT
        self.stop.set()

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
        lost = self.pump.statistics
        self._view.redraw(self.session, lost, time.monotonic())
        return event is not None

    def _take(self, event: object) -> None:
        if isinstance(event, PacketBatch):
            self._gate.release()
            left = len(event) if self._count is None else self._count - self.session.log.end_id
            if left > 0:
                rows = event.slice(0, min(left, len(event)))
                self.session.ingest(rows)
                if self.tables is not None:
                    self.tables.add(rows)
            if self._is_full:
                self.stop.set()
        elif isinstance(event, SpoolError):
            self._view.close()
            complain(event)
        elif isinstance(event, TrafficDeskError):
            self.failures.append(event)
            self.stop.set()
        elif isinstance(event, AnalystGone):
            self._take_loss_of(event.error)
        elif (update := self._analysis.take(event)) is not None:
            self._view.incidents(update.incidents)
            if self._alerts is not None:
                self._alerts.handle(update.incidents, self.session)

    def _take_loss_of(self, error: TrafficDeskError) -> None:
        """The analysis has ended: it begins anew, unless all is ending."""
        if self.stop.is_set() or not self._analysis.recovers():
            self.failures.append(error)
            self._analysis_over = True
            self.stop.set()
        else:
            self._view.say(f"{error.title} It begins anew and learns again; packets go on being captured.")

    def _note_gaps(self) -> None:
        known = set(self.session.gaps)
        if self.session.note_gaps(self.pump.gaps):
            self._view.gaps(gap for gap in self.session.gaps if gap not in known)

    def _drain(self, seconds: float) -> None:
        """Take what is on its way and let analysis finish, for so long at most."""
        patience = time.monotonic() + seconds
        while time.monotonic() < patience:
            quiet = not self._step(0.05)
            done = self._analysis_over or not self.session.pending
            if quiet and done and not self._capturing.is_alive():
                return


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    from trafficdesk.cli.analyze import summary_lines, tables_for, use_threat_lists, warned_settings
    from trafficdesk.cli.monitor_summary import summary_of_run

    started = time.perf_counter()
    settings = warned_settings()
    out = sys.stderr if arguments.json == "-" else sys.stdout
    with ExitStack() as stack:
        alerts = mail_alerts(settings, stack) if arguments.alerts else None
        name, capture = _source(arguments, settings, stack)
        from trafficdesk.detect.process import AnalysisProcess

        process = AnalysisProcess(settings.detection, "" if arguments.sample else name)
        said = kept_corrections(wanted=arguments.corrections)
        monitor = Monitor(name, capture, process, alerts, out, live=not arguments.sample, corrections=said)
        monitor.tables = tables_for(arguments.json, monitor.session)
        stack.callback(monitor.session.identifier.close)
        monitor.session.set_reverse_dns(settings.names.reverse_dns)
        use_threat_lists(monitor.session, settings)
        if not arguments.sample:
            monitor.session.identifier.watch_sockets()
            record_into_history(monitor, name, settings, stack)
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.signal(number, monitor.on_signal))
        monitor.run(arguments.count, arguments.duration)
    summary = summary_of_run(monitor, settings, time.perf_counter() - started)
    for line in summary_lines(summary):
        say(line, to_stderr=out is sys.stderr)
    if arguments.json:
        from trafficdesk.export.atomic import atomic_file
        from trafficdesk.export.summary_json import write_summary

        with atomic_file(arguments.json) as out:
            write_summary(out, summary)
    for failure in monitor.failures:
        complain(failure)
    if monitor.failures:
        return exit_code(monitor.failures[0])
    return Exit.INTERRUPTED if monitor.interrupted else Exit.DONE


def _source(
    arguments: argparse.Namespace, settings: Settings, stack: ExitStack
) -> tuple[str, Callable[[CapturePump], None]]:
    """Name and capture function of what is to be watched."""
    if arguments.sample:
        from trafficdesk.capture.pcap_file import CaptureFile
        from trafficdesk.paths import sample_capture

        file = stack.enter_context(CaptureFile(sample_capture()))
        return "the bundled sample", lambda pump: pump.run_file(file)
    from trafficdesk.capture.frame_store import open_frames
    from trafficdesk.capture.interfaces import default_interface
    from trafficdesk.capture.limits import StopLimits
    from trafficdesk.capture.several import open_interfaces

    name = ",".join(arguments.interface) or settings.capture.interface or default_interface()
    if not name:
        raise InterfaceNotFound(
            "There is no interface to capture on.", "Name one with --interface; see: trafficdesk interfaces"
        )
    wanted = settings.capture
    if arguments.capture_filter is not None:
        wanted = replace(wanted, capture_filter=arguments.capture_filter)
    if arguments.count or arguments.duration or arguments.megabytes:
        # Said on the command line, the settings' limits are out of force; count and duration are kept by `Monitor`.
        wanted = replace(
            wanted,
            stop_packets=arguments.count or 0,
            stop_seconds=0,
            stop_megabytes=arguments.megabytes or 0,
        )
    source = with_permission(lambda: open_interfaces(name, wanted))
    stack.callback(source.close)
    limits = StopLimits.of(wanted)

    def capture(pump: CapturePump) -> None:
        # Only mails ask for the bytes of a packet.
        asked = bool(arguments.alerts)
        frames = open_frames(wanted, name, lambda: source.interfaces, pump.warn, in_memory=asked)
        pump.frames = frames
        try:
            pump.run_live(source, frames, limits)
        finally:
            frames.close()

    return name, capture
