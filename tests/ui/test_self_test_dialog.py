"""`ui.dialogs.self_test`: a score card with a row for everything that was tried; closing ends the test."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from shiboken6 import isValid

from trafficdesk.self_test import Line, ScoreCard
from trafficdesk.ui.dialogs.self_test import SelfTestDialog
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

GOOD = Line("Port scan", True, "x tried y", "port scan", 1.25, "about 9 ports", "[TrafficDesk] Port scan: x")
BAD = Line("Flood", False, "2,000 pings: not found at \u202e192.0.2.1", "flood")
CARD = ScoreCard((GOOD, BAD), 12.3, 37_000)


def cells(dialog: SelfTestDialog, row: int) -> list[str]:
    items = [dialog.table.item(row, column) for column in range(dialog.table.columnCount())]
    return [item.text() if item is not None else "" for item in items]


def test_the_card_is_shown(qtbot: QtBot) -> None:
    """What works and what does not, each with its words; hostile text is made visible; it can be copied."""

    def trial(told: Callable[[float], None], _stop: object) -> ScoreCard:
        told(0.5)
        return CARD

    dialog = SelfTestDialog(LIGHT, trial=trial)
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.card is CARD)
    assert dialog.verdict.text() == "Something does not work: 1 of 2 passed, 37,000 packets in 12.3 s"
    assert cells(dialog, 0) == ["OK", "Port scan", "1.2 s", "about 9 ports", "arrived"]
    assert cells(dialog, 1)[:3] == ["Fails", "Flood", ""]
    assert cells(dialog, 1)[4] == "none"
    told = dialog.table.item(0, 4)
    assert told is not None
    assert "[TrafficDesk] Port scan: x" in told.toolTip()
    assert "\\u202e" in cells(dialog, 1)[3]
    dialog.copy.click()
    assert QGuiApplication.clipboard().text().startswith("ok\tPort scan\t1.2 s\t")


def test_it_can_be_run_again(qtbot: QtBot) -> None:
    """The button is there when the test has ended."""
    runs: list[int] = []

    def trial(_told: object, _stop: object) -> ScoreCard:
        runs.append(1)
        return CARD

    dialog = SelfTestDialog(LIGHT, trial=trial)
    qtbot.addWidget(dialog)
    assert not dialog.again.isEnabled()
    qtbot.waitUntil(dialog.again.isEnabled)
    dialog.again.click()
    qtbot.waitUntil(lambda: len(runs) == 2 and dialog.again.isEnabled())
    assert dialog.table.rowCount() == 2


def test_closing_ends_it(qtbot: QtBot) -> None:
    """The test notices at its next step; the dialog goes when the thread is done with it."""
    begun, ended = threading.Event(), threading.Event()

    def trial(told: Callable[[float], None], stop: Callable[[], bool]) -> None:
        begun.set()
        while not stop():
            told(0.1)
            time.sleep(0.01)
        ended.set()

    dialog = SelfTestDialog(LIGHT, trial=trial)
    dialog.show()
    qtbot.waitUntil(begun.is_set)
    dialog.close()
    qtbot.waitUntil(ended.is_set)
    qtbot.waitUntil(lambda: not isValid(dialog))


def test_a_failure_is_said(qtbot: QtBot) -> None:
    """Where it could not be run at all."""
    from trafficdesk.errors import TrafficDeskError

    def trial(_told: object, _stop: object) -> ScoreCard:
        raise TrafficDeskError("The analysis process could not start.", "Free some memory.")

    dialog = SelfTestDialog(LIGHT, trial=trial)
    qtbot.addWidget(dialog)
    qtbot.waitUntil(dialog.again.isEnabled)
    assert dialog.verdict.text() == "The analysis process could not start. Free some memory."
