"""`ui.panels.interface_menu`: a click takes one interface, Ctrl+click and Space several, told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from trafficdesk.capture.interfaces import ANY, InterfaceInfo
from trafficdesk.ui.panels.interface_menu import InterfaceMenu

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

# The offscreen platform says so of every menu that pops up; there is nothing to do about it.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def infos(*names: str) -> tuple[InterfaceInfo, ...]:
    return tuple(InterfaceInfo(name, "", (), is_up=True, is_loopback=False, permitted=True) for name in names)


@pytest.fixture
def menu(qtbot: QtBot) -> InterfaceMenu:
    made = InterfaceMenu([QAction("Capture options…")])
    qtbot.addWidget(made)
    made.set_interfaces(infos("eth0", "wlan0", ANY))
    made.choose("eth0")
    made.popup(made.pos())
    qtbot.waitUntil(made.isVisible)
    return made


def ticked(menu: InterfaceMenu) -> list[str]:
    return [str(action.data()) for action in menu.actions() if action.isChecked()]


def click(qtbot: QtBot, menu: InterfaceMenu, row: int, *, ctrl: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    place = menu.actionGeometry(menu.actions()[row]).center()
    qtbot.mouseMove(menu, place)
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, modifier, place)


def test_a_click_takes_one_and_closes(qtbot: QtBot, menu: InterfaceMenu) -> None:
    """As in every menu; what was ticked before is not any more."""
    with qtbot.waitSignal(menu.chosen) as told:
        click(qtbot, menu, 1)
    assert told.args == ["wlan0"]
    assert ticked(menu) == ["wlan0"]
    assert not menu.isVisible()


def test_ctrl_and_space_take_several(qtbot: QtBot, menu: InterfaceMenu) -> None:
    """The menu stays open; the choice is told once, when it closes, so that a capture restarts once."""
    told: list[str] = []
    menu.chosen.connect(told.append)
    click(qtbot, menu, 1, ctrl=True)
    assert menu.isVisible()
    assert ticked(menu) == ["eth0", "wlan0"]
    menu.setActiveAction(menu.actions()[0])
    qtbot.keyClick(menu, Qt.Key.Key_Space)
    assert ticked(menu) == ["wlan0"]
    qtbot.keyClick(menu, Qt.Key.Key_Space)
    assert not told
    menu.close()
    assert told == ["eth0,wlan0"]


def test_all_interfaces_exclude_a_single_one(qtbot: QtBot, menu: InterfaceMenu) -> None:
    """Ticking one unticks the other."""
    click(qtbot, menu, 2, ctrl=True)
    assert ticked(menu) == [ANY]
    click(qtbot, menu, 0, ctrl=True)
    assert ticked(menu) == ["eth0"]


def test_nothing_ticked_and_nothing_changed_are_no_choice(qtbot: QtBot, menu: InterfaceMenu) -> None:
    """Start always has something to capture on; closing an untouched menu restarts nothing."""
    with qtbot.assertNotEmitted(menu.chosen):
        click(qtbot, menu, 0, ctrl=True)
        menu.close()
    menu.choose("eth0,gone0")
    menu.popup(menu.pos())
    with qtbot.assertNotEmitted(menu.chosen):
        menu.close()


def test_new_interfaces_wait_until_the_menu_is_closed(qtbot: QtBot, menu: InterfaceMenu) -> None:
    """Nothing moves under the mouse; afterwards they are there."""
    menu.set_interfaces(infos("eth0"))
    with qtbot.waitSignal(menu.chosen) as told:
        click(qtbot, menu, 1)
    assert told.args == ["wlan0"]
    qtbot.waitUntil(lambda: len([action for action in menu.actions() if action.data()]) == 1)


def test_hostile_names_are_text(qtbot: QtBot) -> None:
    """No ampersand makes a shortcut, no control character rearranges the line."""
    menu = InterfaceMenu([])
    qtbot.addWidget(menu)
    menu.set_interfaces(infos("a&b\u202e"))
    assert menu.actions()[0].text() == "a&&b\\u202e"
