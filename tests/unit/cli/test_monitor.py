"""The monitor's loop: counts exactly, ends cleanly, analyses what it took, reports what failed."""

from __future__ import annotations

import io
import signal
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.crafted import START_NS, a_batch
from tests.helpers.incidents import an_incident
from tests.helpers.wire import TCP_SYN, block_of
from trafficdesk.capture.frame_store import RecentFrames
from trafficdesk.capture.limits import StopLimits
from trafficdesk.capture.source import CaptureStatistics, Gap
from trafficdesk.cli.live_view import LiveView
from trafficdesk.cli.monitor_loop import HANG_UP, Monitor
from trafficdesk.cli.monitor_summary import summary_of_run
from trafficdesk.detect.finding import Detection
from trafficdesk.errors import CaptureError, SpoolError, TrafficDeskError
from trafficdesk.export.summary_json import summary_of
from trafficdesk.identity.own_traffic import OWN_TRAFFIC
from trafficdesk.settings import DetectionSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.capture.pump import CapturePump
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.block import FrameBlock


def detection_of(batch: PacketBatch, **more: object) -> Detection:
    rows = len(batch)
    return Detection(
        first_id=batch.first_id,
        score=np.zeros(rows, np.float32),
        verdict=np.ones(rows, np.uint8),
        family=np.zeros(rows, np.uint8),
        incident=np.zeros(rows, np.int32),
        flagged_ids=np.empty(0, np.int64),
        reason_features=np.empty((0, 3), np.int16),
        reason_values=np.empty((0, 3), np.float32),
        reason_usual=np.empty((0, 3), np.float32),
        **more,
    )


class Process:
    """Stands where the analysis process stands."""

    pid = None

    def __init__(self, analyse: Callable[[PacketBatch], Detection] = detection_of) -> None:
        self.analyse = analyse
        self.stopped = False

    def start(self, opened: int = 0) -> None:
        self.starts = getattr(self, "starts", 0) + 1
        self.opened = opened

    def wait_until_ready(self, *, live: bool) -> None:
        pass

    def tell_gaps(self, spans: tuple[tuple[int, int], ...]) -> None:
        self.gaps = spans

    def set_settings(self, settings: DetectionSettings) -> None:
        self.settings = [*getattr(self, "settings", []), settings]

    def stop(self) -> None:
        self.stopped = True


class Mails:
    """Stands where the dispatcher stands."""

    waiting = 0

    def __init__(self) -> None:
        self.handled: list = []
        self.last_follows: list[bool] = []

    def follow(self, _session: object, _until_ns: int, *, last: bool = False) -> None:
        self.last_follows.append(last)

    def gathered(self, _seconds: float) -> bool:
        """It makes no evidence."""
        return True

    def handle(self, incidents: tuple, session: object) -> None:
        self.handled += [(incident.id, session) for incident in incidents]


def deliver(
    monitor_rows: int,
    size: int = 100,
    fault: TrafficDeskError | None = None,
    forever: bool = False,
    told: Callable[[int], object] = lambda _rows: None,
):
    """A capture that emits batches as the real pump does: one credit each; `told` hears of the rows so far."""

    def capture(pump: CapturePump) -> None:
        first = 0
        while first < monitor_rows or forever:
            while not pump._gate.acquire(0.05):
                if pump._stop.is_set():
                    return
            if pump._stop.is_set():
                return
            pump._emit(a_batch(size, first_id=first))
            first += size
            told(first)
        if fault is not None:
            raise fault

    return capture


def shown_on(out: io.StringIO) -> Callable[[], list[LiveView]]:
    """One who tells of it: lines as in a pipe."""
    return lambda: [LiveView("test0", out, time.monotonic())]


def run(
    capture,
    process: Process | None = None,
    count: int | None = None,
    duration: float | None = None,
    mails=None,
):
    process = process or Process()
    monitor = Monitor(capture, process, mails, shown_on(io.StringIO()))
    monitor.run(count, duration)
    assert process.stopped
    return monitor


def test_everything_taken_is_analysed() -> None:
    """A source that ends: all rows are in the log, the metrics and the analysis."""
    monitor = run(deliver(2_000))
    assert (
        monitor.session.log.end_id
        == monitor.session.scored
        == monitor.session.metrics.snapshot().packets
        == 2_000
    )
    assert not monitor.interrupted
    assert not monitor.failures


@pytest.mark.parametrize("count", [1, 100, 250])
def test_count_is_exact(count: int) -> None:
    """`--count N` sees N packets, though batches are larger and more are on their way."""
    monitor = run(deliver(0, forever=True), count=count)
    assert monitor.session.log.end_id == monitor.session.scored == count


def test_duration_ends_it() -> None:
    """`--duration` ends a source that never does."""
    begun, process = threading.Event(), Process()

    def views() -> list[LiveView]:
        """The duration begins after them."""
        assert begun.wait(60)
        return []

    monitor = Monitor(deliver(0, forever=True, told=lambda _rows: begun.set()), process, None, views)
    monitor.run(None, 0.05)
    assert process.stopped
    assert monitor.session.log.end_id == monitor.session.scored > 0


@pytest.mark.parametrize(("number", "interrupted"), [(signal.SIGINT, True), (signal.SIGTERM, False)])
def test_signals_end_it_cleanly(number: int, *, interrupted: bool) -> None:
    """Both end with a summary; only Ctrl-C is an interruption."""
    process = Process()

    def signalled(rows: int) -> None:
        if rows == 300:
            monitor.on_signal(number, None)

    monitor = Monitor(deliver(0, forever=True, told=signalled), process, None, shown_on(io.StringIO()))
    monitor.run(None, None)
    assert process.stopped
    assert monitor.interrupted is interrupted
    assert monitor.session.log.end_id > 0


def test_second_interrupt_does_not_wait() -> None:
    """Who presses Ctrl-C twice means it."""
    monitor = Monitor(deliver(0), Process(), None, list)
    monitor.on_signal(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        monitor.on_signal(signal.SIGINT, None)


@pytest.mark.skipif(HANG_UP is None, reason="Windows has no SIGHUP")
def test_hang_up_reads_the_settings_again_and_goes_on() -> None:
    """Between two batches, once for each signal, in the thread that may change things."""

    def signalled(rows: int) -> None:
        if rows == 300:
            monitor.on_signal(HANG_UP, None)

    monitor = Monitor(deliver(0, forever=True, told=signalled), Process(), None, list)
    asked: list[str] = []

    def reload() -> None:
        asked.append(threading.current_thread().name)
        monitor.set_detection(DetectionSettings(incidents_per_day=5))

    monitor.reload = reload
    # Far more than may be on their way at once when the signal comes.
    monitor.run(5_000, None)
    assert asked == ["MainThread"]
    assert not monitor.interrupted
    assert not monitor.failures
    assert monitor._process.settings == [DetectionSettings(incidents_per_day=5)]


def test_vanished_interface_keeps_what_came() -> None:
    """The packets before it are analysed, the failure is reported."""
    gone = CaptureError("test0 has gone.", "Plug it in.")
    monitor = run(deliver(500, fault=gone))
    assert monitor.failures == [gone]
    assert monitor.session.scored == 500


def test_scored_unscored_and_our_own_are_all_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the summary, too: what TrafficDesk itself sent is neither scored nor passed over."""
    monkeypatch.setattr(OWN_TRAFFIC, "mine", lambda batch: np.arange(min(3, len(batch))))
    monitor = run(deliver(1_000), Process(lambda batch: detection_of(batch, ids=batch.ids)))
    told = summary_of(summary_of_run(monitor, Settings(), 1.0))
    assert told["own"] > 0
    assert told["scored"] + told["unscored"] + told["own"] == told["packets"] == 1_000


def test_dead_analysis_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the analysis ends, what it had counts as unscored, a new one learns from what follows, and this is said."""
    monkeypatch.setattr("trafficdesk.detect.backoff.FIRST_S", 0.0)
    died: list[int] = []

    def analyse(batch: PacketBatch) -> Detection:
        if not died:
            died.append(len(batch))
            raise TrafficDeskError("The analysis has gone.", "Start again.")
        return detection_of(batch)

    process, out = Process(analyse), io.StringIO()
    monitor = Monitor(deliver(0, forever=True), process, None, shown_on(out))
    monitor.run(5_000, None)
    assert not monitor.failures
    assert process.starts == 2
    assert monitor.session.unscored == died[0]
    assert monitor.session.scored == 5_000 - died[0]
    assert "The analysis has gone. It begins anew" in out.getvalue()


def test_analysis_that_dies_at_the_end_is_reported() -> None:
    """A file's analysis is not begun anew: monitoring ends, and what was not analysed is known."""
    dead = TrafficDeskError("The analysis has gone.", "Start again.")

    def analyse(_batch: PacketBatch) -> Detection:
        raise dead

    monitor = Monitor(deliver(0, forever=True), Process(analyse), None, list, live=False)
    monitor.run(None, None)
    assert monitor.failures == [dead]
    assert monitor.session.scored == 0
    assert monitor.session.unscored + monitor.session.pending == monitor.session.log.end_id > 0


def test_slow_analysis_is_given_up_after_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C an analysis that lags behind is not waited for, and the rest counts as unscored."""
    monkeypatch.setattr("trafficdesk.cli.monitor_loop._HURRY_S", 0.2)
    monkeypatch.setattr("trafficdesk.cli.analyst._PATIENCE_S", 0.2)
    released = threading.Event()

    def analyse(batch: PacketBatch) -> Detection:
        released.wait(60)
        return detection_of(batch)

    def signalled(rows: int) -> None:
        while rows == 300 and not monitor.interrupted:
            if monitor.session.log.end_id:  # something is there to be analysed
                monitor.on_signal(signal.SIGINT, None)

    monitor = Monitor(deliver(0, forever=True, told=signalled), Process(analyse), None, list)
    monitor.run(None, None)
    released.set()
    assert monitor.session.scored < monitor.session.log.end_id


def test_incidents_reach_the_mails() -> None:
    """With `--alerts` every opened or changed incident is handed on, with the session; the end is said last."""
    mails = Mails()

    def analyse(batch: PacketBatch) -> Detection:
        return detection_of(batch, incidents=(an_incident(),) if batch.first_id == 0 else ())

    monitor = run(deliver(1_000), Process(analyse), mails=mails)
    assert mails.handled == [(7, monitor.session)]
    assert mails.last_follows.index(True) == len(mails.last_follows) - 1


def test_a_full_disk_is_said_and_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Cause and remedy on standard error; the capture goes on, and the exit is clean."""

    def capture(pump: CapturePump) -> None:
        pump.warn(SpoolError("Raw frames are not kept.", "Free some space."))
        deliver(300)(pump)

    monitor = run(capture)
    assert monitor.session.log.end_id == 300
    assert not monitor.failures
    assert capsys.readouterr().err == "trafficdesk: Raw frames are not kept. Free some space.\n"


class Interrupted:
    """A live source that loses its interface between two packets."""

    name = "eth0"
    interfaces = ("eth0",)
    waiting = ""
    gaps: tuple[Gap, ...] = ()

    def __init__(self) -> None:
        self._sent = 0

    def read(self, _timeout_s: float) -> FrameBlock:
        self._sent += 1
        if self._sent == 2:
            self.gaps = (Gap("eth0", START_NS, START_NS + 4_000_000_000, "eth0 was unplugged"),)
        time.sleep(0.01)
        return block_of(TCP_SYN)

    def statistics(self) -> CaptureStatistics:
        return CaptureStatistics(self._sent)

    def close(self) -> None:
        pass


def test_interruptions_are_said_told_to_the_analysis_and_kept() -> None:
    """The view has a line, the process the span, the session the gap; the limit that ended it is named."""
    out, process = io.StringIO(), Process()
    monitor = Monitor(
        lambda pump: pump.run_live(Interrupted(), RecentFrames(0), StopLimits(packets=30)),
        process,
        None,
        shown_on(out),
    )
    monitor.run(None, None)
    assert monitor.session.log.end_id == monitor.session.scored == 30
    assert [gap.reason for gap in monitor.session.gaps] == ["eth0 was unplugged"]
    assert process.gaps == ((START_NS, START_NS + 4_000_000_000),)
    assert "capturing on eth0 again after 4.0 s: eth0 was unplugged" in out.getvalue()
    assert "Ended: 30 packets were captured." in out.getvalue()
