"""`ui.panels.permission`: the command as it is, as high as its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from trafficdesk.capture.permission import PermissionGuide
from trafficdesk.errors import PermissionDenied
from trafficdesk.ui.panels.permission import CommandBox, PermissionCard
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_a_long_command_gets_more_lines(qtbot: QtBot) -> None:
    """Narrower is higher, but bounded; the text keeps every character."""
    box = CommandBox()
    qtbot.addWidget(box)
    box.resize(1_000, 40)
    box.show()
    command = "sudo setcap cap_net_raw=ep " + "/very/long/path" * 12
    box.set_command(command)
    wide = box.height()
    box.resize(200, 40)
    qtbot.waitUntil(lambda: box.height() > wide)
    assert box.toPlainText() == command
    box.set_command("x\n" * 400)
    assert box.height() < 300
    assert box.isReadOnly()


def a_guide(**changes: object) -> PermissionGuide:
    values = {"permitted": False, "why": "w", "command": "c", "notes": ()}
    return PermissionGuide(**{**values, **changes})


@pytest.fixture
def card(qtbot: QtBot) -> PermissionCard:
    made = PermissionCard(LIGHT)
    qtbot.addWidget(made)
    return made


def test_copying_is_confirmed_and_forgotten(card: PermissionCard) -> None:
    """The button says "Copied" until another guide comes; the same one again, every few seconds, changes nothing."""
    card.set_guide(a_guide())
    card.copy_button.click()
    assert card.copy_button.text() == "Copied"
    assert QGuiApplication.clipboard().text() == "c"
    card.set_guide(a_guide())
    assert card.copy_button.text() == "Copied"
    card.set_guide(a_guide(command="d"))
    assert card.copy_button.text() == "Copy command"


def test_what_the_window_waits_for_is_shown_first(card: PermissionCard) -> None:
    """The command of this session, and beneath it the one that lasts, with what it does."""
    card.set_guide(a_guide(command="sudo usermod", effect="It lasts.", lasts=True, helper=("h",)))
    card.show_waiting("sudo h /run/x")
    assert card.command.toPlainText() == "sudo h /run/x"
    assert "waits" in card.now.sentence.text()
    assert not card.lasting.isHidden()
    assert card.lasting.box.toPlainText() == "sudo usermod"
    assert "It lasts." in card.lasting.sentence.text()
    card.set_guide(a_guide(command="trafficdesk monitor", helper=("h",)))
    assert card.lasting.isHidden()
    card.show_waiting("")
    assert card.command.toPlainText() == "trafficdesk monitor"


def test_allow_is_the_first_thing_where_the_system_can_ask(qtbot: QtBot, card: PermissionCard) -> None:
    """It asks once at a time, says that it waits, and tells how it ended."""
    card.set_guide(a_guide())
    assert card.allow_button.isHidden()
    assert card.retry_button.property("class") == "primary"
    card.set_guide(a_guide(ask=("pkexec", "h")))
    assert not card.allow_button.isHidden()
    assert card.allow_button.property("class") == "primary"
    assert card.retry_button.property("class") == ""
    with qtbot.waitSignal(card.allow_requested):
        card.allow_button.click()
    card.show_asking(asking=True)
    assert not card.allow_button.isEnabled()
    card.show_asking(asking=False)
    card.show_failure(PermissionDenied("<b>Cancelled</b>.", "Again."))
    assert card.allow_button.isEnabled()
    assert card.outcome.text() == "<b>Cancelled</b>. Again."
    assert card.outcome.textFormat() == Qt.TextFormat.PlainText
    with qtbot.waitSignal(card.retry_requested):
        card.retry_button.click()
    assert card.outcome.isHidden()
