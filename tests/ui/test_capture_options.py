"""`ui.dialogs.capture_options`: what is entered is what the settings and the capture get."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from trafficdesk.capture.filter_check import check_filter_on
from trafficdesk.capture.interfaces import ANY, InterfaceInfo
from trafficdesk.settings import CaptureSettings, Settings
from trafficdesk.ui.dialogs.capture_options import CaptureOptions
from trafficdesk.ui.dialogs.capture_page import ring_words
from trafficdesk.ui.dialogs.field_editors import IntegerEditor, SwitchEditor
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

FOUND = tuple(
    InterfaceInfo(
        name, "", (), is_up=True, is_loopback=False, permitted=name != "secret0", why_not="No right."
    )
    for name in ("eth0", "wlan0", "secret0")
)
BEFORE = replace(
    Settings(),
    capture=CaptureSettings(capture_filter="arp", ring_mib=128, stop_seconds=90, kept_rows=1_000_000),
)
Opened = "Callable[..., CaptureOptions]"


@pytest.fixture
def opened(qtbot: QtBot) -> Opened:
    def make(settings: Settings = BEFORE, choice: str = "eth0", **further: object) -> CaptureOptions:
        made = CaptureOptions(settings, FOUND, choice, LIGHT, check_filter=check_filter_on, **further)
        qtbot.addWidget(made)
        made.show()
        return made

    return make


def test_untouched_it_gives_back_what_it_got(qtbot: QtBot, opened: Opened) -> None:
    """Settings and choice go through the dialog unchanged; those it does not show, too."""
    dialog = opened(choice="eth0,wlan0")
    with qtbot.waitSignal(dialog.accepted_options) as told:
        dialog.start_button.click()
    assert told.args == ["eth0,wlan0", BEFORE, True]
    assert not dialog.isVisible()


def test_what_is_entered_is_what_comes_out(qtbot: QtBot, opened: Opened) -> None:
    """Every field, the interfaces, and Save starts nothing."""
    dialog = opened()
    place = dialog.interfaces.visualItemRect(dialog.interfaces.item(1)).center()
    qtbot.mouseClick(dialog.interfaces.viewport(), Qt.MouseButton.LeftButton, pos=place)
    dialog.form.filter.setText("not port 22")
    entered = {
        "snap_length": 96,
        "ring_mib": 8,
        "stop_packets": 1_000,
        "stop_seconds": 0,
        "stop_megabytes": 5,
    }
    for name, value in entered.items():
        editor = dialog.form.editors[name]
        assert isinstance(editor, IntegerEditor)
        editor.setValue(value)
    switch = dialog.form.editors["promiscuous"]
    assert isinstance(switch, SwitchEditor)
    switch.click()
    with qtbot.waitSignal(dialog.accepted_options) as told:
        dialog.save_button.click()
    choice, settings, start = told.args
    assert (choice, start) == ("eth0,wlan0", False)
    assert settings.capture == replace(
        BEFORE.capture, capture_filter="not port 22", promiscuous=False, **entered
    )


def test_a_filter_that_does_not_compile_stays(qtbot: QtBot, opened: Opened) -> None:
    """libpcap's reason, the focus where it is to be mended, and no start."""
    dialog = opened()
    dialog.form.filter.setText("not prt 22")
    with qtbot.assertNotEmitted(dialog.accepted_options):
        dialog.start_button.click()
    assert dialog.isVisible()
    assert "prt" in dialog.error.text() or "syntax" in dialog.error.text()
    assert dialog.form.filter.property("state") == "invalid"
    dialog.form.filter.setText("not port 22")
    with qtbot.waitSignal(dialog.accepted_options):
        dialog.start_button.click()


def test_enter_starts(qtbot: QtBot, opened: Opened) -> None:
    """From the list as from a field."""
    dialog = opened()
    with qtbot.waitSignal(dialog.accepted_options) as told:
        qtbot.keyClick(dialog.interfaces, Qt.Key.Key_Return)
    assert told.args[2]


def test_nothing_ticked_and_nothing_permitted_can_not_start(qtbot: QtBot, opened: Opened) -> None:
    """The reason is said."""
    dialog = opened()
    for row, words in ((0, "at least one"), (2, "No right.")):
        place = dialog.interfaces.visualItemRect(dialog.interfaces.item(row)).center()
        qtbot.mouseClick(dialog.interfaces.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert words in dialog.error.text()
        assert not dialog.start_button.isEnabled()


def test_no_limit_is_a_word(opened: Opened) -> None:
    """0 is shown as what it means; a limit has its unit."""
    dialog = opened()
    editors = dialog.form.editors
    shown = [editors[name].text() for name in ("stop_packets", "stop_seconds", "stop_megabytes")]
    assert shown == ["no packet limit", "90 seconds", "no size limit"]


def test_the_ring_says_what_it_costs(opened: Opened) -> None:
    """Memory, and how long a standstill it outlasts: 125 MB are a second at 1 Gbit/s."""
    dialog = opened()
    dialog.form.editors["ring_mib"].setValue(512)
    assert dialog.form._cost.text() == ring_words(512)
    assert "512 MiB" in ring_words(512)
    assert "4.3 s at 1 Gbit/s" in ring_words(512)


def test_listed_anew_the_ticks_stay(opened: Opened) -> None:
    """An interface that comes while the dialog is open is one more row."""
    dialog = opened(choice="wlan0")
    dialog.take_listing(((*FOUND, replace(FOUND[0], name="usb0")), "eth0", None))
    assert dialog.interfaces.count() == 4
    assert dialog.interfaces.choice() == "wlan0"


def test_while_capturing_start_is_a_restart(opened: Opened) -> None:
    """The button says what it does."""
    assert opened(capturing=True).start_button.text() == "Restart capture"
    assert opened().start_button.text() == "Start capture"


@pytest.mark.skipif(sys.platform != "linux", reason='only Linux has "any"')
def test_the_filter_is_checked_for_what_is_chosen(qtbot: QtBot, opened: Opened) -> None:
    """ "arp" is a filter on Ethernet, and none on all interfaces at once; choosing those says so by itself."""
    dialog = opened()
    everything = replace(FOUND[0], name=ANY)
    dialog.set_interfaces((FOUND[0], everything))
    qtbot.waitUntil(lambda: dialog.form.filter.property("state") == "valid")
    place = dialog.interfaces.visualItemRect(dialog.interfaces.item(1)).center()
    qtbot.mouseClick(dialog.interfaces.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert dialog.interfaces.choice() == ANY
    qtbot.waitUntil(lambda: dialog.form.filter.property("state") == "invalid")
    assert "On any" in dialog.form._verdict.text()
