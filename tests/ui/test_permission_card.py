"""`ui.panels.permission`: the command as it is, as high as its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trafficdesk.capture.permission import PermissionGuide
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


def test_copying_is_confirmed_and_forgotten(qtbot: QtBot) -> None:
    """The button says "Copied" until another guide comes."""
    card = PermissionCard(LIGHT)
    qtbot.addWidget(card)
    guide = PermissionGuide(permitted=False, why="w", command="c", notes=())
    card.set_guide(guide)
    card.copy_button.click()
    assert card.copy_button.text() == "Copied"
    card.set_guide(guide)
    assert card.copy_button.text() == "Copy command"
