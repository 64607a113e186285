"""`ui.analysis_controller`: one batch under way, every row analysed once, late answers discarded."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import pytest

from tests.helpers.traffic import decoded, detection_of, session_with
from trafficdesk.capture.source import Gap
from trafficdesk.errors import TrafficDeskError
from trafficdesk.settings import DetectionSettings
from trafficdesk.ui.analysis_controller import AnalysisController

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from trafficdesk.detect.finding import Detection, ModelState
    from trafficdesk.packets import PacketBatch


class Process:
    """Stands for the analysis process, in the thread that calls it."""

    made: ClassVar[list[Process]] = []
    fail_at: ClassVar[int] = -1
    gate: ClassVar[threading.Event] = threading.Event()

    def __init__(self, settings: DetectionSettings, interface: str = "") -> None:
        self.settings = settings
        self.interface = interface
        self.batches: list[tuple[int, int]] = []
        self.refits = 0
        self.stopped = False
        Process.made.append(self)

    def start(self, opened: int = 0) -> None:
        self.opened = opened

    def wait_until_ready(self, *, live: bool) -> None:
        pass

    def analyse(self, batch: PacketBatch) -> Detection:
        Process.gate.wait(60)
        if batch.first_id == Process.fail_at:
            raise TrafficDeskError("The analysis has ended.", "Open the file again.")
        self.batches.append((batch.first_id, len(batch)))
        return detection_of(batch.first_id, len(batch))

    def tell_gaps(self, spans: tuple[tuple[int, int], ...]) -> None:
        self.batches.append(spans)  # type: ignore[arg-type]

    def refit_now(self) -> ModelState:
        self.refits += 1
        return detection_of(0, 0).model

    def ask(self, question: object) -> object:
        return question, threading.current_thread() is threading.main_thread()

    def set_settings(self, settings: DetectionSettings) -> None:
        self.settings = settings

    def kill(self) -> None:
        self.killed = True
        Process.gate.set()

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture(autouse=True)
def _process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("trafficdesk.detect.process.AnalysisProcess", Process)
    Process.made, Process.fail_at = [], -1
    Process.gate.set()
    yield
    Process.gate.set()


def controller_of(qtbot: QtBot, rows: int) -> AnalysisController:
    return AnalysisController(session_with(rows), DetectionSettings())


def test_every_row_is_analysed_once_and_in_order(qtbot: QtBot) -> None:
    """The detector sees consecutive batches, also of rows that come meanwhile; then it is said to have caught up."""
    controller = controller_of(qtbot, 20_000)
    session = controller._session
    controller.begin(hold=False)
    with qtbot.waitSignal(controller.caught_up, timeout=20_000):
        controller.feed()
        session.ingest(decoded(500, 20_000))
    starts = [first for first, _ in Process.made[0].batches]
    assert [first + rows for first, rows in Process.made[0].batches] == [*starts[1:], 20_500]
    assert session.scored == 20_500
    assert controller.progress is None
    controller.shut_down()
    assert Process.made[0].stopped


def test_a_step_that_takes_too_long_is_ended_with_the_window(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process is killed and its thread has ended: destroyed while it runs, it would take the program down."""
    monkeypatch.setattr("trafficdesk.ui.analysis_controller._STOP_WAIT_MS", 50)
    controller = controller_of(qtbot, 100)
    Process.gate.clear()
    controller.begin(hold=False)
    controller.feed()
    qtbot.waitUntil(lambda: controller._session.waiting == 0)
    worker = controller._worker
    controller.shut_down()
    assert Process.made[0].killed
    assert worker is not None
    assert worker.isFinished()


def test_a_file_is_analysed_after_it_is_shown(qtbot: QtBot) -> None:
    """While held nothing is started; letting go starts."""
    controller = controller_of(qtbot, 100)
    controller.begin(hold=True)
    controller.feed()
    assert not Process.made
    with qtbot.waitSignal(controller.caught_up, timeout=20_000):
        controller.let_go()
    controller.shut_down()


def test_nothing_to_analyse_starts_no_process(qtbot: QtBot) -> None:
    """An empty capture costs no process."""
    controller = controller_of(qtbot, 0)
    controller.begin(hold=False)
    controller.feed()
    assert not Process.made


def test_an_answer_for_a_stopped_capture_is_discarded(qtbot: QtBot) -> None:
    """Rows of a new capture are not scored by what the old one's detector still says."""
    controller = controller_of(qtbot, 100)
    session = controller._session
    Process.gate.clear()
    controller.begin(hold=False)
    controller.feed()
    qtbot.waitUntil(lambda: bool(Process.made))
    qtbot.waitUntil(lambda: session.waiting == 0)
    session.begin()
    session.ingest(decoded(50))
    controller.begin(hold=True)
    Process.gate.set()
    qtbot.waitUntil(lambda: not controller._retiring, timeout=20_000)
    assert session.scored == 0
    assert Process.made[0].stopped
    with qtbot.waitSignal(controller.caught_up, timeout=20_000):
        controller.let_go()
    assert session.scored == 50
    assert len(Process.made) == 2
    controller.shut_down()


def test_a_failure_is_told_once_and_ends_the_analysis_of_a_file(qtbot: QtBot) -> None:
    """Packets are still shown; what was not analysed is known; the next capture analyses again."""
    controller = controller_of(qtbot, 20_000)
    session = controller._session
    Process.fail_at = 8_192
    controller.begin(hold=True)
    with qtbot.waitSignal(controller.failed, timeout=20_000) as told:
        controller.let_go()
    assert told.args[0].hint
    controller.feed()
    assert not controller.busy
    assert len(Process.made) == 1
    assert (session.scored, session.unscored, session.pending) == (8_192, 8_192, 20_000 - 2 * 8_192)
    controller.begin(hold=False)
    controller.feed()
    qtbot.waitUntil(lambda: len(Process.made) == 2)
    controller.shut_down()


def test_live_a_dead_process_is_replaced(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it had counts as unscored, the new one goes on with what follows, and incidents' numbers are not used twice."""
    monkeypatch.setattr("trafficdesk.detect.backoff.FIRST_S", 0.0)
    controller = controller_of(qtbot, 20_000)
    session = controller._session
    session.findings.add(detection_of(0, 0, incident=3))
    Process.fail_at = 8_192
    controller.begin(hold=False)
    with qtbot.waitSignals([controller.interrupted, controller.caught_up], timeout=20_000):
        controller.feed()
    assert [process.opened for process in Process.made] == [3, 3]
    assert Process.made[0].stopped
    assert session.unscored == session.log.end_id - session.scored
    assert 0 < session.unscored <= 8_192
    assert session.pending == 0
    controller.shut_down()


def test_wishes_reach_the_process(qtbot: QtBot) -> None:
    """Refit now and other settings arrive, and the refitted model is shown."""
    controller = controller_of(qtbot, 100)
    controller.begin(hold=False)
    with qtbot.waitSignal(controller.caught_up, timeout=20_000):
        controller.feed()
    other = DetectionSettings(incidents_per_day=3)
    with qtbot.waitSignal(controller.refitted, timeout=20_000):
        controller.set_settings(other)
        controller.refit()
    assert Process.made[0].settings == other
    assert Process.made[0].refits == 1
    assert controller._session.model.refits == 1
    controller.shut_down()


def test_gaps_are_told_before_the_rows_that_follow_them(qtbot: QtBot) -> None:
    """Once each, only those that have ended, and all of them again to a new process."""
    controller = controller_of(qtbot, 100)
    session = controller._session
    lasting = Gap("eth0", 50, None, "eth0 was unplugged")
    session.note_gaps((Gap("eth0", 10, 20, "the computer slept"), lasting))
    with qtbot.waitSignal(controller.caught_up):
        controller.feed()
    assert Process.made[0].batches == [((10, 20),), (0, 100)]
    session.ingest(decoded(50, 100))
    with qtbot.waitSignal(controller.caught_up):
        controller.feed()
    session.note_gaps((session.gaps[0], replace(lasting, end_ns=70)))
    session.ingest(decoded(50, 150))
    with qtbot.waitSignal(controller.caught_up):
        controller.feed()
    assert Process.made[0].batches[2:] == [(100, 50), ((10, 20), (50, 70)), (150, 50)]
    controller.shut_down()


def test_a_question_is_answered_in_the_windows_thread(qtbot: QtBot) -> None:
    """Asked beside the analysis, in its thread, the answer arrives here; without a detector it is said so."""
    controller = controller_of(qtbot, 100)
    controller.begin(hold=False)
    got: list[tuple[object, bool]] = []

    def take(answer: object) -> None:
        got.append((answer, threading.current_thread() is threading.main_thread()))

    assert not controller.ask("why?", take)  # type: ignore[arg-type]
    with qtbot.waitSignal(controller.caught_up, timeout=20_000):
        controller.feed()
    assert controller.ask("why?", take)  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: bool(got))
    assert got == [(("why?", False), True)]
    controller.shut_down()
