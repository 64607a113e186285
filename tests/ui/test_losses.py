"""`ui.dialogs.losses` and what opens it: where, how many, since when, what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QPushButton

from trafficdesk.capture.loss import PLACES, LossHistory
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.ui.dialogs.losses import LossDialog
from trafficdesk.ui.panels.status import StatusBar, StatusReport
from trafficdesk.ui.theme import LIGHT
from trafficdesk.ui.wording import clock_time

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

NOW_S = 1_700_000_000.0


def words_of(dialog: LossDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel))


def test_each_place_is_explained_once_it_lost_something(qtbot: QtBot) -> None:
    """Count, first and last moment, meaning and remedy; a place that lost nothing is not mentioned."""
    history = LossHistory()
    history.note(CaptureStatistics(received=10), NOW_S)
    history.note(CaptureStatistics(dropped_kernel=1_500), NOW_S + 60)
    history.note(CaptureStatistics(dropped_kernel=1_500), NOW_S + 120)
    history.note(CaptureStatistics(dropped_kernel=2_500, dropped_disk=3), NOW_S + 180)
    dialog = LossDialog(history.losses)
    qtbot.addWidget(dialog)
    said = words_of(dialog)
    kernel, queue, disk = PLACES
    assert f"{kernel.title}: 2,500 packets" in said
    first, last = (clock_time(int((NOW_S + later) * 1e9)) for later in (60, 180))
    assert f"First at {first}, last at {last}" in said
    assert kernel.remedy in said
    assert f"{disk.title}: 3 packets" in said
    assert queue.title not in said


def test_a_new_capture_begins_without_losses(qtbot: QtBot) -> None:
    """Counters that fall back are another capture's; without losses the dialog says so."""
    history = LossHistory()
    history.note(CaptureStatistics(dropped_queue=9), NOW_S)
    history.note(CaptureStatistics(), NOW_S + 1)
    assert history.losses == ()
    dialog = LossDialog(history.losses)
    qtbot.addWidget(dialog)
    assert "Nothing is lost" in words_of(dialog)


def test_the_count_in_the_status_bar_is_a_button(qtbot: QtBot) -> None:
    """It can be pressed with the mouse and reached with the keyboard, and its tooltip says the same."""
    bar = StatusBar(LIGHT)
    qtbot.addWidget(bar)
    bar.show_report(StatusReport("Capturing", lost=CaptureStatistics(dropped_queue=4)))
    button = next(one for one in bar.findChildren(QPushButton) if one.text().startswith("Dropped"))
    assert button.text() == "Dropped 4 queue"
    assert "4 packets" in button.toolTip()
    with qtbot.waitSignal(bar.dropped_clicked, timeout=1_000):
        button.click()
