"""`ui.dialogs.job`: a slow call outlives its dialog and always answers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from shiboken6 import isValid

from trafficdesk.errors import AlertError, TrafficDeskError
from trafficdesk.ui.dialogs.job import Job

if TYPE_CHECKING:
    import pytest
    from pytestqt.qtbot import QtBot


class Receiver(QObject):
    """Notes what came and in which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[object, bool]] = []

    @Slot(object)
    def take(self, value: object) -> None:
        self.got.append((value, threading.current_thread() is threading.main_thread()))


def test_the_work_runs_elsewhere_and_answers_here(qtbot: QtBot) -> None:
    """The window's thread is free meanwhile, and gets the answer."""
    receiver = Receiver()
    job = Job(lambda: threading.current_thread() is threading.main_thread(), "Working")
    job.succeeded.connect(receiver.take)
    job.start()
    qtbot.waitUntil(lambda: receiver.got == [(False, True)])


def test_a_finished_job_leaves_nothing_behind(qtbot: QtBot) -> None:
    """Its thread object goes by itself."""
    job = Job(lambda: None, "Working")
    job.start()
    qtbot.waitUntil(lambda: not isValid(job))


def test_an_error_arrives_whole(qtbot: QtBot) -> None:
    """Title, hint and dialogue of an environment's fault are not lost on the way."""
    receiver = Receiver()

    def fail() -> object:
        raise AlertError("No.", "Try.", dialogue="S: 535")

    job = Job(fail, "Working")
    job.failed.connect(receiver.take)
    job.start()
    qtbot.waitUntil(lambda: bool(receiver.got))
    error = receiver.got[0][0]
    assert isinstance(error, AlertError)
    assert (error.title, error.hint, error.dialogue) == ("No.", "Try.", "S: 535")


def test_our_own_fault_is_logged_and_told(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    """A bug in the work becomes a sentence and a traceback in the log, not a crash."""
    receiver = Receiver()
    job = Job(lambda: 1 // 0, "Dividing")
    job.failed.connect(receiver.take)
    job.start()
    qtbot.waitUntil(lambda: bool(receiver.got))
    assert isinstance(receiver.got[0][0], TrafficDeskError)
    assert "Dividing failed" in caplog.text
