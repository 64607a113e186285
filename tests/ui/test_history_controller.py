"""`ui.history_controller`: live captures are recorded, files are not, and settings count at once."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, Signal

from tests.helpers.stored import random_batch
from trafficdesk.detect.corrections import Corrections
from trafficdesk.detect.suppression import SuppressionRule
from trafficdesk.paths import data_dir
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import HistorySettings, Settings
from trafficdesk.settings.secrets import HistoryPassword
from trafficdesk.store.history import History, Span
from trafficdesk.store.keeping import open_store
from trafficdesk.ui.history_controller import HistoryController

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

EVER = Span(0, 1 << 33)


class _Job:
    def __init__(self, *, live: bool) -> None:
        self.live = live
        self.title = "eth0" if live else "file.pcap"


class _Capture(QObject):
    began = Signal()
    ended = Signal()
    job: _Job | None = None
    statistics = None

    @property
    def live(self) -> bool:
        return self.job is not None and self.job.live


class _Preferences(QObject):
    changed = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self.settings = Settings()

    def set(self, settings: Settings) -> None:
        before, self.settings = self.settings, settings
        self.changed.emit(before, settings)


class _Banner:
    def __init__(self) -> None:
        self.errors: list[object] = []
        self.messages: list[str] = []

    def show_error(self, error: object) -> None:
        self.errors.append(error)

    def show_message(self, title: str, _hint: str) -> None:
        self.messages.append(title)


class _Desk(QObject):
    """What the controller needs of the desk."""

    def __init__(self) -> None:
        super().__init__()
        self.session = AnalysisSession()
        self.capture = _Capture()
        self.preferences = _Preferences()
        self.window = type("Window", (), {"banner": _Banner()})()

    def run(self, *, live: bool, rows: int) -> None:
        self.session.begin()
        self.capture.job = _Job(live=live)
        self.capture.began.emit()
        self.session.ingest(random_batch(rows, 1))
        self.capture.ended.emit()


@pytest.fixture
def desk() -> _Desk:
    return _Desk()


def packets_of(settings: HistorySettings) -> int:
    database = open_store(settings, data_dir(), HistoryPassword().get)
    try:
        return sum(packets for _, packets, _ in History(database).volume(EVER))
    finally:
        database.close()


def started(desk: _Desk, qtbot: QtBot) -> HistoryController:
    controller = HistoryController(desk, HistoryPassword())
    controller.start()
    qtbot.waitUntil(lambda: controller.keeping is not None)
    return controller


def test_live_captures_are_recorded_and_files_are_not(desk: _Desk, qtbot: QtBot) -> None:
    """A file is history already, of another time and maybe another network."""
    controller = started(desk, qtbot)
    desk.run(live=True, rows=300)
    desk.run(live=False, rows=500)
    controller.shut_down()
    assert packets_of(desk.preferences.settings.history) == 300
    assert not desk.window.banner.errors


def test_what_came_while_the_history_was_opened_is_recorded(desk: _Desk, qtbot: QtBot) -> None:
    """A capture that begins with the program loses nothing of its beginning; begun anew, nothing is counted twice."""
    desk.session.begin()
    desk.capture.job = _Job(live=True)
    controller = HistoryController(desk, HistoryPassword())
    desk.capture.began.emit()
    desk.session.ingest(random_batch(300, 1))
    controller.start()
    qtbot.waitUntil(lambda: controller.keeping is not None)
    desk.session.ingest(random_batch(200, 2, first_id=300))
    first = controller.keeping
    controller.restart()
    qtbot.waitUntil(lambda: controller.keeping not in {None, first})
    desk.session.ingest(random_batch(100, 3, first_id=500))
    controller.shut_down()
    assert packets_of(desk.preferences.settings.history) == 600


def test_switched_off_nothing_is_recorded(desk: _Desk, qtbot: QtBot) -> None:
    """And nothing runs; what was recorded before stays."""
    controller = started(desk, qtbot)
    desk.run(live=True, rows=300)
    off = replace(desk.preferences.settings, history=HistorySettings(enabled=False))
    desk.preferences.set(off)
    desk.run(live=True, rows=300)
    assert controller.keeping is None
    controller.shut_down()
    assert packets_of(off.history) == 300


def test_trouble_is_told_once(desk: _Desk, qtbot: QtBot) -> None:
    """A server out of reach: one sentence, and the capture goes on."""
    desk.preferences.settings = Settings(history=HistorySettings(url="mysql+pymysql://desk@127.0.0.1:9/none"))
    controller = started(desk, qtbot)
    desk.run(live=True, rows=300)
    qtbot.waitUntil(lambda: bool(desk.window.banner.errors), timeout=20_000)
    controller.shut_down()
    assert len(desk.window.banner.errors) == 1
    assert "out of reach" in str(desk.window.banner.errors[0])


def test_a_folder_that_can_t_be_written_is_told(desk: _Desk, qtbot: QtBot, tmp_path, monkeypatch) -> None:
    """No history then, with a sentence; nothing else stops."""
    (tmp_path / "data").write_text("in the way")
    monkeypatch.setenv("TRAFFICDESK_HOME", str(tmp_path))
    controller = HistoryController(desk, HistoryPassword())
    controller.start()
    qtbot.waitUntil(lambda: bool(desk.window.banner.errors))
    desk.run(live=True, rows=10)
    controller.shut_down()


def test_what_is_said_of_flags_is_kept_too(qtbot: QtBot, desk: _Desk) -> None:
    """At the start what holds, and what changes afterwards."""
    rule = SuppressionRule(1, port=53)
    desk.session.recall.corrections = Corrections().with_entries(rule)
    controller = HistoryController(desk, HistoryPassword())
    controller.start()
    qtbot.waitUntil(lambda: controller.keeping is not None, timeout=20_000)
    desk.session.recall.corrections = Corrections().with_entries(rule, SuppressionRule(2, port=80))
    controller.note()
    controller.shut_down()
    database = open_store(HistorySettings(), data_dir(), HistoryPassword().get)
    assert {note["body"]["port"] for note in History(database).notes()} == {53, 80}
    database.close()


def test_ended_before_it_had_begun_nobody_is_left(desk: _Desk) -> None:
    """The window is closed while the history is being opened: its writer ends, too, told or not."""
    before = set(threading.enumerate())
    controller = HistoryController(desk, HistoryPassword())
    controller.start()
    controller.shut_down()
    left = [thread for thread in threading.enumerate() if thread not in before and thread.name == "history"]
    assert not left
    assert controller.keeping is None
