"""`ui.capture_controller` and the capture thread: everything read is taken in, once, and stopping is quick."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.capture_bytes import pcap
from tests.helpers.traffic import decoded, detection_of
from tests.helpers.wire import CAPTURED, HTTP_GET, TCP_SYN, block_of
from trafficdesk.capture.frame_store import RecentFrames
from trafficdesk.capture.limits import StopLimits
from trafficdesk.capture.source import CaptureStatistics, Gap
from trafficdesk.errors import BadCaptureFile, CaptureError, SpoolError
from trafficdesk.packets.log import CHUNK_ROWS
from trafficdesk.session import AnalysisSession
from trafficdesk.ui.capture_controller import CaptureController
from trafficdesk.ui.workers.capture_jobs import FileJob
from trafficdesk.ui.workers.capture_worker import FromCapture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from trafficdesk.capture.pump import CapturePump
    from trafficdesk.packets.block import FrameBlock
    from trafficdesk.ui.workers.capture_jobs import Announce


class Job:
    """Emits batches through the real pump's gate, as long as it is let."""

    title = "job"

    def __init__(
        self, batches: int, rows: int, *, live: bool = False, error: Exception | None = None
    ) -> None:
        self.live = live
        self.progress = None if live else 0.5
        self.batches, self.rows, self.error = batches, rows, error
        self.under_way = 0
        self.most_under_way = 0
        self.closed = False

    def run(self, pump: CapturePump, announce: Announce) -> None:
        announce(self)
        for number in range(self.batches):
            while not pump._gate.acquire(0.05):
                if pump._stop.is_set():
                    return
            if pump._stop.is_set():
                return
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            pump._emit(decoded(self.rows, number * self.rows))
        if self.error is not None:
            raise self.error

    def frame(self, _packet_id: int) -> None:
        return None

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def session() -> AnalysisSession:
    return AnalysisSession(2 * CHUNK_ROWS)


@pytest.fixture
def controller(qtbot: QtBot, session: AnalysisSession) -> Iterator[CaptureController]:
    made = CaptureController(session)
    yield made
    made.shut_down()


def test_every_batch_is_taken_in_parts_and_in_order(
    qtbot: QtBot, controller: CaptureController, session: AnalysisSession
) -> None:
    """Parts are contiguous; the end is told after the last row is in the log."""
    controller._pace.rows = 1_024
    seen: list[int] = []
    controller.ingested.connect(lambda update: seen.extend(update.batch.ids.tolist()))
    with qtbot.waitSignal(controller.ended, timeout=20_000):
        controller.start(Job(5, 3_000))
        assert controller.running
    assert seen == list(range(15_000))
    assert session.log.end_id == 15_000
    assert not controller.running


def test_no_more_batches_than_credits_are_under_way(qtbot: QtBot, controller: CaptureController) -> None:
    """While the window is busy the reader waits instead of queueing."""
    job = Job(40, 10)
    controller.start(job)
    threading.Event().wait(0.3)  # the event loop stands still: nothing is released
    assert job.most_under_way <= 4
    qtbot.waitSignal(controller.ended, timeout=20_000).wait()


def test_a_real_file_with_a_fault_shows_what_precedes_it(
    qtbot: QtBot, controller: CaptureController, session: AnalysisSession, tmp_path: Path
) -> None:
    """A capture cut off in the middle of a record: its whole packets are in the log, and the fault is told."""
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap(*CAPTURED.values())[:-7])
    errors: list[Exception] = []
    controller.failed.connect(errors.append)
    with qtbot.waitSignal(controller.ended, timeout=20_000):
        controller.start(FileJob(path))
    assert [type(error) for error in errors] == [BadCaptureFile]
    assert session.log.end_id == len(CAPTURED) - 1
    first = next(iter(CAPTURED.values()))
    assert controller.frames is not None
    assert controller.frames.frame(0).data == first


def test_a_file_that_is_not_there_is_said(
    qtbot: QtBot, controller: CaptureController, tmp_path: Path
) -> None:
    """Cause with the path and a remedy, no exception."""
    errors: list[BadCaptureFile] = []
    controller.failed.connect(errors.append)
    with qtbot.waitSignal(controller.ended, timeout=20_000):
        controller.start(FileJob(tmp_path / "none.pcap"))
    (error,) = errors
    assert "none.pcap" in error.title
    assert error.hint


@pytest.mark.parametrize(
    "error", [CaptureError("eth0 has gone.", "Plug it in."), RuntimeError("our own fault")]
)
def test_errors_of_the_thread_are_told(
    qtbot: QtBot, controller: CaptureController, session: AnalysisSession, error: Exception
) -> None:
    """The environment's fault keeps its words; a bug is told as one; both end the capture with its rows kept."""
    errors: list[CaptureError] = []
    controller.failed.connect(errors.append)
    with qtbot.waitSignal(controller.ended, timeout=20_000):
        controller.start(Job(2, 100, error=error))
    (said,) = errors
    assert said is error or "our own fault" in said.title
    assert session.log.end_id == 200


def test_a_new_capture_waits_for_the_old_and_takes_nothing_of_it(
    qtbot: QtBot, controller: CaptureController, session: AnalysisSession
) -> None:
    """The second capture begins with an empty log and its own id; late batches of the first are discarded."""
    first, second = Job(10_000, 50, live=True), Job(2, 60)
    controller.start(first)
    qtbot.waitUntil(lambda: session.log.end_id > 100)
    old_id = session.capture_id
    with qtbot.waitSignals([controller.ended, controller.began, controller.ended], timeout=20_000):
        controller.start(second)
    qtbot.waitUntil(lambda: not controller.running)
    assert first.closed
    assert session.log.end_id == 120
    controller._on_batch(FromCapture(old_id, decoded(10, 120)))
    assert not controller._waiting


def test_stopping_keeps_what_was_read(
    qtbot: QtBot, controller: CaptureController, session: AnalysisSession
) -> None:
    """Stop ends a live capture soon; its rows stay."""
    controller.start(Job(10**9, 20, live=True))
    qtbot.waitUntil(lambda: session.log.end_id > 100)
    with qtbot.waitSignal(controller.ended, timeout=5_000):
        controller.stop()
    assert session.log.end_id > 100
    assert controller.job is not None


def test_a_file_waits_for_its_analysis_where_rows_would_be_lost(
    qtbot: QtBot, controller: CaptureController, session: AnalysisSession
) -> None:
    """A file larger than the log: no row leaves before it was handed to the detector."""
    controller.evicting.connect(lambda first_id: None)

    def analyse() -> None:
        while (batch := session.next_for_analysis()) is not None:
            session.apply(detection_of(batch.first_id, len(batch)))
        controller.resume()

    controller.waiting.connect(analyse)
    rows = CHUNK_ROWS // 4
    with qtbot.waitSignal(controller.ended, timeout=60_000):
        controller.start(Job(14, rows))
    analyse()
    assert session.log.first_id > 0
    assert session.scored == 14 * rows
    assert session.unscored == 0


def test_shutting_down_in_the_middle_is_quick(qtbot: QtBot, session: AnalysisSession) -> None:
    """Closing the window ends the thread even while its batches wait."""
    controller = CaptureController(session)
    job = Job(10**9, 500)
    controller.start(job)
    qtbot.waitUntil(lambda: session.log.end_id > 0)
    worker = controller._worker
    assert worker is not None
    controller.shut_down()
    assert worker.isFinished()
    assert job.closed
    assert np.array_equal(session.log.slice(0, 10)["length"], decoded(10)["length"])


class Interrupted:
    """A live source that is away between two of its frames."""

    name = "eth0"
    interfaces = ("eth0",)
    waiting = ""

    def __init__(self) -> None:
        self.gaps: tuple[Gap, ...] = ()
        self._frames = [TCP_SYN, HTTP_GET, TCP_SYN]

    def read(self, timeout_s: float) -> FrameBlock | None:
        if not self._frames:
            time.sleep(timeout_s)
            return None
        if len(self._frames) == 2:
            self.gaps = (Gap("eth0", 1, 2, "eth0 was unplugged"),)
        return block_of(self._frames.pop(0))

    def statistics(self) -> CaptureStatistics:
        return CaptureStatistics(received=3 - len(self._frames))

    def close(self) -> None:
        """Nothing to close."""


class LimitedJob(Job):
    """Captures so many packets through the real pump."""

    def __init__(self, packets: int) -> None:
        super().__init__(0, 0, live=True)
        self.packets = packets

    def run(self, pump: CapturePump, announce: Announce) -> None:
        announce(self)
        pump.run_live(Interrupted(), RecentFrames(1 << 20), StopLimits(packets=self.packets))


def test_gaps_and_the_reason_for_stopping_reach_the_session(
    qtbot: QtBot, controller: CaptureController, session: AnalysisSession
) -> None:
    """An interruption is there before the rows that follow it; the next capture knows nothing of either."""
    known_at: list[int] = []
    controller.ingested.connect(lambda update: known_at.extend([len(session.gaps)] * len(update.batch)))
    with qtbot.waitSignal(controller.interrupted), qtbot.waitSignal(controller.ended):
        controller.start(LimitedJob(3))
    assert [gap.reason for gap in session.gaps] == ["eth0 was unplugged"]
    assert session.gap_spans == ((1, 2),)
    assert known_at[1:] == [1, 1]
    assert session.log.interfaces == ("eth0",)
    assert controller.stop_reason == "3 packets were captured"
    with qtbot.waitSignal(controller.ended):
        controller.start(LimitedJob(1))
    assert session.gaps == ()
    assert controller.stop_reason == "1 packet was captured"


def test_a_warning_ends_nothing(qtbot: QtBot) -> None:
    """What goes wrong beside the capture, such as a full disk, is told while the rows keep coming."""

    class Warned(Job):
        def run(self, pump: CapturePump, announce: Announce) -> None:
            pump.warn(SpoolError("Raw frames are not kept.", "Free some space."))
            super().run(pump, announce)

    controller = CaptureController(AnalysisSession())
    told: list[SpoolError] = []
    controller.warned.connect(told.append)
    with qtbot.waitSignal(controller.ended, timeout=20_000):
        controller.start(Warned(3, 100, live=True))
    assert [error.hint for error in told] == ["Free some space."]
    assert controller._session.log.end_id == 300
