"""`ui.panels.welcome`, `interface_list` and `permission`: a start that is never a dead end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QLabel

from trafficdesk.capture.interfaces import InterfaceInfo
from trafficdesk.capture.permission import PermissionGuide
from trafficdesk.ui.panels.interface_delegate import drawing_of, name_of, state_of
from trafficdesk.ui.panels.welcome import WelcomePage
from trafficdesk.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

HOSTILE = "<b>eth</b>\u202e"
ALLOWED = PermissionGuide(permitted=True, why="", command="", notes=())
DENIED = PermissionGuide(
    permitted=False,
    why="No CAP_NET_RAW.",
    command="sudo setcap cap_net_raw=ep '/a b/python'",
    notes=("Then retry.",),
)


def an_interface(name: str = "wlan0", **changes: object) -> InterfaceInfo:
    values = {
        "name": name,
        "friendly_name": "Wi-Fi",
        "addresses": ("192.0.2.1", "2001:db8::1"),
        "is_up": True,
        "is_loopback": False,
        "permitted": True,
    }
    return InterfaceInfo(**{**values, **changes})


@pytest.fixture
def page(qtbot: QtBot) -> WelcomePage:
    made = WelcomePage(LIGHT)
    qtbot.addWidget(made)
    made.resize(800, 700)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_enter_starts_on_the_chosen_interface(qtbot: QtBot, page: WelcomePage) -> None:
    """The preferred one is chosen already; Enter is enough."""
    page.set_interfaces((an_interface("eth0"), an_interface("wlan0")), "wlan0")
    with qtbot.waitSignal(page.interface_chosen) as signal:
        qtbot.keyClick(page.interfaces, Qt.Key.Key_Return)
    assert signal.args == ["wlan0"]


def test_a_double_click_and_the_button_start_too(qtbot: QtBot, page: WelcomePage) -> None:
    """Three ways, one signal."""
    page.set_interfaces((an_interface("eth0"), an_interface("wlan0")))
    place = page.interfaces.visualItemRect(page.interfaces.item(1)).center()
    viewport = page.interfaces.viewport()
    with qtbot.waitSignal(page.interface_chosen) as signal:
        qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
        qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    assert signal.args == ["wlan0"]
    with qtbot.waitSignal(page.interface_chosen):
        page.start_button.click()


def test_refreshing_keeps_the_choice(qtbot: QtBot, page: WelcomePage) -> None:
    """What a person chose stays chosen while it is there; a vanished one gives way to a usable one."""
    page.set_interfaces((an_interface("eth0"), an_interface("wlan0")), "eth0")
    qtbot.keyClick(page.interfaces, Qt.Key.Key_Down)
    page.set_interfaces((an_interface("any"), an_interface("eth0"), an_interface("wlan0")), "eth0")
    assert page.interfaces.choice() == "wlan0"
    page.set_interfaces((an_interface("down", is_up=False), an_interface("lo")))
    assert page.interfaces.choice() == "lo"


def test_without_permission_the_way_is_shown(qtbot: QtBot, page: WelcomePage) -> None:
    """Why, the exact command, Copy and Retry; open and sample stay usable; Start is no trap."""
    page.set_permission(DENIED)
    page.set_interfaces((an_interface(permitted=False),))
    assert page.permission.isVisible()
    assert page.permission.command.toPlainText() == DENIED.command
    page.permission.copy_button.click()
    assert QGuiApplication.clipboard().text() == DENIED.command
    with qtbot.waitSignal(page.retry_requested):
        page.permission.retry_button.click()
    for button, signal in (
        (page.open_button, page.open_requested),
        (page.sample_button, page.sample_requested),
    ):
        with qtbot.waitSignal(signal):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not page.start_button.isEnabled()
    with qtbot.assertNotEmitted(page.interface_chosen):
        qtbot.keyClick(page.interfaces, Qt.Key.Key_Return)
    assert page.focusWidget() is page.permission.copy_button


def test_with_permission_nothing_is_explained(page: WelcomePage) -> None:
    """The card goes when permission comes."""
    page.set_permission(DENIED)
    page.set_permission(ALLOWED)
    assert not page.permission.isVisible()


def test_without_a_command_nothing_is_to_be_copied(page: WelcomePage) -> None:
    """Where a download is the remedy, no empty box is shown."""
    page.set_permission(PermissionGuide(permitted=False, why="No Npcap.", command="", notes=("Get it.",)))
    assert not page.permission.command.isVisible()
    assert not page.permission.copy_button.isVisible()
    assert page.permission.retry_button.isVisible()


def test_no_interface_is_a_sentence_and_a_button(qtbot: QtBot, page: WelcomePage) -> None:
    """The empty list says so and can be refreshed."""
    page.set_interfaces(())
    assert page._none.isVisible()
    assert not page.start_button.isEnabled()
    with qtbot.waitSignal(page.retry_requested):
        page.refresh_button.click()


def test_hostile_names_are_text(page: WelcomePage) -> None:
    """Friendly names come from the system, where others may write them: they are painted as they are."""
    page.set_interfaces((an_interface(HOSTILE, friendly_name="", addresses=(HOSTILE,)),))
    item = page.interfaces.item(0)
    assert item.text() == r"<b>eth</b>\u202e"
    assert "&lt;b&gt;" in item.toolTip()
    assert not page.interfaces.grab().isNull()
    assert all(
        label.textFormat() is Qt.TextFormat.PlainText for label in page.findChildren(QLabel) if label.text()
    )


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_every_state_can_be_painted(page: WelcomePage, tokens: object) -> None:
    """Up, down, forbidden, loopback, without address: each row is painted without a fault."""
    page.apply_theme(tokens)
    page.set_interfaces(
        (
            an_interface(),
            an_interface("eth0", is_up=False, addresses=()),
            an_interface("docker0", friendly_name="docker0", permitted=False),
            an_interface("lo", is_loopback=True),
        )
    )
    assert not page.grab().isNull()


def test_what_is_said_of_an_interface() -> None:
    """Name, state and drawing follow from what it is."""
    assert name_of(an_interface()) == "Wi-Fi · wlan0"
    assert name_of(an_interface("eth0", friendly_name="eth0")) == "eth0"
    assert state_of(an_interface(permitted=False)) == "not permitted"
    assert state_of(an_interface()) == "up"
    assert state_of(an_interface(is_up=False)) == "down"
    assert state_of(an_interface(is_up=False, lacks_carrier=True)) == "not connected"
    assert state_of(an_interface(friendly_name="Ethernet", is_up=False, lacks_carrier=True)) == "no cable"
    drawings = [
        an_interface(),
        an_interface("lo", is_loopback=True),
        an_interface("docker0", friendly_name="docker0", is_virtual=True),
    ]
    assert [drawing_of(one) for one in drawings] == ["wireless", "loopback", "virtual"]


def test_everything_can_be_reached_and_named(page: WelcomePage) -> None:
    """Each button has words and takes the focus by Tab; the list has a name, each row its text."""
    page.set_interfaces((an_interface(),))
    for button in page.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.text()
            assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert page.interfaces.accessibleName() == "Interfaces"
    spoken = page.interfaces.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Wi-Fi · wlan0, 192.0.2.1, 2001:db8::1, up"


def test_the_legal_line_is_there(page: WelcomePage) -> None:
    """Said before anything is captured."""
    assert any("own or may monitor" in label.text() for label in page.findChildren(QLabel))


def test_start_says_on_how_many(qtbot: QtBot, page: WelcomePage) -> None:
    """One is not counted, several are, and all are all; each choice is told, so that the bar follows."""
    page.set_interfaces((an_interface("any"), an_interface("eth0"), an_interface("wlan0")), "eth0")
    assert page.start_button.text() == "Start capture"
    with qtbot.waitSignal(page.choice_changed) as told:
        qtbot.keyClick(page.interfaces, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert told.args == ["eth0,wlan0"]
    assert page.start_button.text() == "Start capture on 2 interfaces"
    with qtbot.waitSignal(page.interface_chosen) as started:
        page.start_button.click()
    assert started.args == ["eth0,wlan0"]
    page.choose("any")
    assert page.start_button.text() == "Start capture on all interfaces"


def test_one_forbidden_interface_forbids_the_start(page: WelcomePage) -> None:
    """What would fail can't be started."""
    page.set_interfaces((an_interface("eth0"), an_interface("wlan0", permitted=False)))
    page.choose("eth0,wlan0")
    assert not page.start_button.isEnabled()


def test_options_are_a_click_away(qtbot: QtBot, page: WelcomePage) -> None:
    """Beside Start."""
    with qtbot.waitSignal(page.options_requested):
        page.options_button.click()


@pytest.mark.parametrize("count", [1, 5, 25])
def test_start_is_seen_however_many_interfaces_there_are(page: WelcomePage, count: int) -> None:
    """In a window of 1280 x 800 the list scrolls, not the page."""
    page.resize(1280, 700)
    page.set_interfaces(tuple(an_interface(f"eth{number}") for number in range(count)))
    QGuiApplication.processEvents()
    bottom = page.start_button.mapTo(page, page.start_button.rect().bottomLeft()).y()
    assert 0 < bottom < page.height()
    assert page._scroll.verticalScrollBar().maximum() == 0
