"""`ui.dialogs.capture_page`: a filter is judged while it is typed, without stopping the window."""

from __future__ import annotations

import threading
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from trafficdesk.capture.bpf import check_filter
from trafficdesk.settings import CaptureSettings
from trafficdesk.ui.dialogs.capture_page import CapturePage
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def page(qtbot: QtBot) -> CapturePage:
    made = CapturePage(
        CaptureSettings(), LIGHT, check_filter=check_filter, interfaces=(("wlan0", "Wi-Fi · wlan0"),)
    )
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_wrong_filter_turns_red_with_the_reason(qtbot: QtBot, page: CapturePage) -> None:
    """libpcap's own words, below the field."""
    with qtbot.waitSignal(page.filter.judged) as signal:
        qtbot.keyClicks(page.filter, "not prt 22")
    assert signal.args[0]
    assert page.filter.property("state") == "invalid"
    assert page._verdict.text() == signal.args[0]
    assert page.problem() == (signal.args[0], page.filter)


def test_a_right_filter_turns_green(qtbot: QtBot, page: CapturePage) -> None:
    """And is what the settings get."""
    with qtbot.waitSignal(page.filter.judged) as signal:
        qtbot.keyClicks(page.filter, "not port 22")
    assert signal.args == [""]
    assert page.filter.property("state") == "valid"
    assert page.problem() is None
    assert page.section() == CaptureSettings(capture_filter="not port 22")


def test_emptying_the_filter_ends_the_judgement(qtbot: QtBot, page: CapturePage) -> None:
    """No filter is neither right nor wrong."""
    with qtbot.waitSignal(page.filter.judged):
        page.filter.setText("nonsense (")
    page.filter.clear()
    assert page.filter.property("state") == ""
    assert "tcpdump" in page._verdict.text()
    assert page.problem() is None


def test_a_filter_not_judged_yet_is_judged_at_ok(page: CapturePage) -> None:
    """Whoever is quicker than the check is not let through."""
    page.filter.setText("(((")
    assert page.problem() is not None


def test_the_last_text_wins(qtbot: QtBot) -> None:
    """An answer to a text that has changed meanwhile is thrown away."""
    go, asked = threading.Event(), []

    def check(text: str) -> str | None:
        asked.append(text)
        go.wait(60)
        return "too slow" if text == "first" else None

    page = CapturePage(CaptureSettings(), LIGHT, check_filter=check)
    qtbot.addWidget(page)
    page.filter.setText("first")
    qtbot.waitUntil(lambda: asked == ["first"])
    page.filter.setText("second")
    with qtbot.waitSignal(page.filter.judged) as signal:
        go.set()
    assert signal.args == [""]
    assert asked == ["first", "second"]


def test_an_interface_that_is_gone_is_kept(qtbot: QtBot) -> None:
    """Opening the dialog without the USB adapter does not forget it."""
    page = CapturePage(CaptureSettings(interface="usb0"), LIGHT, check_filter=check_filter)
    qtbot.addWidget(page)
    assert page.section().interface == "usb0"
    assert "not there now" in page.editors["interface"].currentText()


def test_several_interfaces_are_one_entry(qtbot: QtBot) -> None:
    """What the capture options chose is kept by the settings, and shown by its names."""
    page = CapturePage(
        CaptureSettings(interface="wlan0,eth0"),
        LIGHT,
        check_filter=check_filter,
        interfaces=(("wlan0", "Wi-Fi · wlan0"), ("eth0", "eth0")),
    )
    qtbot.addWidget(page)
    assert page.section().interface == "wlan0,eth0"
    assert page.editors["interface"].currentText() == "Wi-Fi · wlan0, eth0"


def test_every_setting_has_an_editor(page: CapturePage) -> None:
    """What is declared can be changed."""
    assert set(page.editors) == {item.name for item in fields(CaptureSettings)}


def test_it_fits_into_the_dialog(page: CapturePage) -> None:
    """720 pixels less the list of pages: nothing is cut off at the right."""
    assert page.minimumSizeHint().width() <= 720 - 168
