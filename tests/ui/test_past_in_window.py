"""What the window does with the history besides showing it: reports of a span, and learning from it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton

from tests.helpers.past import KEY, recorded
from trafficdesk.app import Desktop, Options
from trafficdesk.detect.known_networks import KnownNetworks
from trafficdesk.settings import DetectionSettings, Settings
from trafficdesk.settings.file import save
from trafficdesk.ui.dialogs.learning_row import LearningRow
from trafficdesk.ui.dialogs.settings_dialog import SettingsDialog
from trafficdesk.ui.history_learning import LEARN, REPLACE
from trafficdesk.ui.history_request import Last

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

WAIT_MS = 60_000


@pytest.fixture
def desktop(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desktop]:
    """With traffic of a minute ago in its history."""
    monkeypatch.setenv("TRAFFICDESK_HOME", str(tmp_path / "home"))
    settings = Settings(detection=DetectionSettings(trees=25, samples=64))
    save(settings)
    recorded(80, ended_ns=time.time_ns() - 60 * 10**9)
    sheet = qapp.styleSheet()
    made = Desktop(qapp, Options(), settings)
    qtbot.addWidget(made.window)
    made.window.show()
    qtbot.waitUntil(lambda: "history" in vars(made), timeout=WAIT_MS)
    yield made
    made.shut_down()
    qapp.setStyleSheet(sheet)


def _press(desktop: Desktop, words: str) -> None:
    buttons = desktop.window.banner.findChildren(QPushButton)
    next(one for one in buttons if one.text() == words).click()


def test_a_report_of_the_span_that_is_looked_at(
    desktop: Desktop, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's button writes what was recorded in the page's span, and says where."""
    path = tmp_path / "past.html"
    asked = []

    def chosen(_parent: object, title: str, name: str, forms: str) -> tuple[str, str]:
        asked.append((title, name, forms))
        return str(path), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", chosen)
    page = desktop.window.history
    page.span.set_chosen((Last.HOUR, 0, 0))
    page.report.click()
    qtbot.waitUntil(lambda: not desktop.history.report.running, timeout=WAIT_MS)
    assert "The report was written to" in desktop.window.banner.text
    assert "PDF" in asked[0][2]
    written = path.read_text()
    assert "93.184." in written
    assert "<h2>Devices</h2>" in written
    page.span.set_chosen((Last.CUSTOM, 1_000, 2_000))
    page.report.click()
    qtbot.waitUntil(lambda: not desktop.history.report.running, timeout=WAIT_MS)
    assert "Nothing. 0 packets" in path.read_text()


def test_learning_from_the_history(desktop: Desktop, qtbot: QtBot) -> None:
    """Asked first, done in a process of its own, told in a sentence; what is known better is only replaced when told to."""
    action, banner = desktop.window.actions_["learn_history"], desktop.window.banner
    learning = desktop.history.learning
    action.trigger()
    assert not learning.running
    _press(desktop, LEARN)
    assert learning.running
    assert "Stop" in action.text()
    qtbot.waitUntil(lambda: not learning.running, timeout=WAIT_MS)
    assert banner.text.startswith("eth0: Learned from ")
    known = KnownNetworks()
    baseline, network = known.load(KEY)
    known.save(type(baseline)(baseline.recent, baseline.older, baseline.admitted, 99_999.0), network)
    learning.learn()
    qtbot.waitUntil(lambda: not learning.running, timeout=WAIT_MS)
    assert "28 hours" in banner.text
    assert known.load(KEY)[0].learned_s == 99_999.0
    _press(desktop, REPLACE)
    qtbot.waitUntil(lambda: not learning.running, timeout=WAIT_MS)
    assert known.load(KEY)[0].learned_s < 100


def test_learning_can_be_stopped(desktop: Desktop) -> None:
    """Nothing is known then that was not before."""
    learning = desktop.history.learning
    learning.learn()
    desktop.window.actions_["learn_history"].trigger()
    assert not learning.running
    assert "stopped" in desktop.window.banner.text
    assert KnownNetworks().networks() == []


def test_learning_from_the_settings_is_talked_about_there(desktop: Desktop, qtbot: QtBot) -> None:
    """The experts' page has the command, too; while its dialog stands before the window, it asks and answers in it."""
    learning, window = desktop.history.learning, desktop.window
    seen: list[str] = []

    def use(dialog: SettingsDialog) -> None:
        dialog.show_page("detection")
        row = dialog.detection_page.findChild(LearningRow)
        row.button.click()
        seen.append(row.banner.text)
        next(one for one in row.banner.findChildren(QPushButton) if one.text() == LEARN).click()
        assert learning.running
        seen.append(row.button.text())
        row.button.click()
        seen.append(row.banner.text)

    def act() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, SettingsDialog)
        try:
            use(dialog)
        finally:
            dialog.reject()

    QTimer.singleShot(0, act)
    window.actions_["settings"].trigger()
    assert "Learn what is usual" in seen[0]
    assert "Stop" in seen[1]
    assert "stopped; nothing was changed" in seen[2]
    assert not window.banner.text
    assert not learning.running
    qtbot.waitUntil(lambda: not window.findChildren(SettingsDialog))
    window.actions_["learn_history"].trigger()
    assert "Learn what is usual" in window.banner.text
