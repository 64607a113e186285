"""`ui.panels.interface_list` by itself: one or several chosen, kept through every refresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRectF, Qt

from trafficdesk.capture.interface_rates import KEPT, Reading
from trafficdesk.capture.interfaces import ANY, InterfaceInfo, list_interfaces
from trafficdesk.ui.interface_watch import InterfaceWatch
from trafficdesk.ui.panels.interface_delegate import rate_words, sparkline
from trafficdesk.ui.panels.interface_list import InterfaceList
from trafficdesk.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from PySide6.QtGui import QImage
    from pytestqt.qtbot import QtBot


def infos(*names: str, **changes: object) -> tuple[InterfaceInfo, ...]:
    values = {"is_up": True, "is_loopback": False, "permitted": True, **changes}
    return tuple(InterfaceInfo(name, "", ("192.0.2.1",), **values) for name in names)


@pytest.fixture
def shown(qtbot: QtBot) -> InterfaceList:
    made = InterfaceList(LIGHT)
    qtbot.addWidget(made)
    made.resize(640, 200)
    made.show()
    return made


def click(qtbot: QtBot, shown: InterfaceList, row: int, *, ctrl: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    place = shown.visualItemRect(shown.item(row)).center()
    qtbot.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def test_this_computers_interfaces_can_be_shown(shown: InterfaceList) -> None:
    """What the system really lists is a row each, and one is chosen."""
    found = list_interfaces()
    shown.set_interfaces(found)
    assert shown.count() == len(found)
    assert bool(shown.selected()) == bool(found)


def test_several_can_be_chosen_and_started(qtbot: QtBot, shown: InterfaceList) -> None:
    """Ctrl+click adds one; Enter starts on both, in the list's order."""
    shown.set_interfaces(infos("eth0", "lo", "wlan0"))
    click(qtbot, shown, 2)
    with qtbot.waitSignal(shown.choice_changed) as changed:
        click(qtbot, shown, 0, ctrl=True)
    assert changed.args == ["eth0,wlan0"]
    with qtbot.waitSignal(shown.activated_choice) as started:
        qtbot.keyClick(shown, Qt.Key.Key_Return)
    assert started.args == ["eth0,wlan0"]


def test_all_interfaces_exclude_a_single_one(qtbot: QtBot, shown: InterfaceList) -> None:
    """What is chosen last holds: all of them, or one."""
    shown.set_interfaces(infos("eth0", ANY, "wlan0"), "eth0")
    click(qtbot, shown, 1, ctrl=True)
    assert shown.choice() == ANY
    click(qtbot, shown, 2, ctrl=True)
    assert shown.choice() == "wlan0"


def test_a_click_beside_the_rows_loses_nothing(qtbot: QtBot, shown: InterfaceList) -> None:
    """There is always something that Start would capture on."""
    shown.set_interfaces(infos("eth0"), "eth0")
    shown.setMaximumHeight(1_000)
    shown.resize(640, 400)
    place = shown.viewport().rect().bottomLeft()
    qtbot.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert shown.choice() == "eth0"


def test_a_refresh_keeps_choice_and_place(shown: InterfaceList) -> None:
    """Interfaces come and go above and below: what was chosen and seen stays so, and nobody is told of a change."""
    names = [f"eth{number}" for number in range(25)]
    told: list[str] = []
    shown.set_interfaces(infos(*names))
    shown.choose("eth20,eth22")
    shown.choice_changed.connect(told.append)
    shown.setFixedHeight(200)
    shown.verticalScrollBar().setValue(777)
    shown.set_interfaces(infos(*names, "usb0"))
    assert shown.choice() == "eth20,eth22"
    assert shown.verticalScrollBar().value() == 777
    assert not told


def test_what_comes_back_is_chosen_again(shown: InterfaceList) -> None:
    """An adapter pulled and plugged in again; meanwhile one that can be used stands in."""
    shown.set_interfaces(infos("eth0", "usb0"))
    shown.choose("usb0")
    shown.set_interfaces(infos("eth0"))
    assert shown.choice() == "eth0"
    shown.set_interfaces(infos("eth0", "usb0"))
    assert shown.choice() == "usb0"


def test_a_changed_interface_is_the_same_row(shown: InterfaceList) -> None:
    """Going down changes what is said of it, not the rows."""
    shown.set_interfaces(infos("eth0", "eth1"))
    item = shown.item(1)
    shown.set_interfaces(
        (*infos("eth0"), *infos("eth1", is_up=False, permitted=False, why_not="No <b>right</b>."))
    )
    assert shown.item(1) is item
    assert "not permitted" in item.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "No &lt;b&gt;right&lt;/b&gt;." in item.toolTip()


def test_ticks_choose_too(qtbot: QtBot) -> None:
    """With boxes to tick, a click adds and takes away, and Space does; Enter is the dialog's."""
    shown = InterfaceList(LIGHT, checkable=True)
    qtbot.addWidget(shown)
    shown.resize(640, 200)
    shown.show()
    shown.set_interfaces(infos("eth0", "wlan0"), "eth0")
    click(qtbot, shown, 1)
    assert shown.choice() == "eth0,wlan0"
    click(qtbot, shown, 0)
    assert shown.choice() == "wlan0"
    qtbot.keyClick(shown, Qt.Key.Key_Space)
    assert shown.choice() == "eth0,wlan0"
    with qtbot.assertNotEmitted(shown.activated_choice):
        qtbot.keyClick(shown, Qt.Key.Key_Return)


def test_a_sparkline_ends_at_the_right_and_stays_inside() -> None:
    """The newest rate is at the right edge, nothing leaves the area, and next to nothing stays next to the ground."""
    area = QRectF(10, 20, 118, 30)
    for rates in ((), (5.0,), (1e9, 0.0, 2e9), tuple(float(rate) for rate in range(KEPT))):
        line = sparkline(rates, area)
        assert line.count() == len(rates)
        assert all(area.adjusted(-0.01, -0.01, 0.01, 0.01).contains(point) for point in line)
        if rates:
            assert line.last().x() == pytest.approx(area.right())
    assert sparkline((40.0, 0.0), area).first().y() > area.bottom() - 1


def test_rates_are_words_for_those_who_do_not_see_the_line(qtbot: QtBot) -> None:
    """The rate stands in the row's description; a picture of traffic differs from one of silence."""
    watch = InterfaceWatch(read=lambda time_s: Reading(time_s, {}, {}, {}))
    pictures: list[QImage] = []
    for step in (0, 50_000):
        shown = InterfaceList(DARK, watch)
        qtbot.addWidget(shown)
        shown.resize(640, 60)
        shown.set_interfaces(infos("eth0"))
        for second in range(10):
            watch.histories.add(Reading(float(second), {"eth0": second * step * (second % 2)}, {}, {}))
        watch.sampled.emit()
        pictures.append(shown.grab().toImage())
        spoken = shown.item(0).data(Qt.ItemDataRole.AccessibleDescriptionRole)
        assert spoken == ("450 kB/s" if step else "quiet")
    assert pictures[0] != pictures[1]


def test_rates_in_words() -> None:
    """Unknown is nothing, none is quiet, the rest has a unit."""
    assert [rate_words(rate) for rate in (None, 0.0, 0.4, 1_500.0)] == ["", "quiet", "quiet", "1.5 kB/s"]
