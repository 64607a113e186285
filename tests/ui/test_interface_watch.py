"""`ui.interface_watch`: counters are read in a thread, while somebody looks, and a change is told."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject

from trafficdesk.capture.interface_rates import Reading
from trafficdesk.ui.interface_watch import InterfaceWatch
from trafficdesk.ui.panels.interface_list import InterfaceList
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


class Counters:
    """What a test says of the interfaces, instead of the system."""

    def __init__(self) -> None:
        self.links = {"eth0": "up"}
        self.threads: list[int] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, time_s: float) -> Reading:
        self.threads.append(threading.get_ident())
        self.go.wait(60)
        return Reading(time_s, dict.fromkeys(self.links, len(self.threads) * 100), {}, dict(self.links))


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def watch(qtbot: QtBot, counters: Counters) -> InterfaceWatch:
    made = InterfaceWatch(read=counters)
    made._timer.setInterval(20)
    return made


def test_it_reads_in_another_thread_while_it_is_held(
    qtbot: QtBot, watch: InterfaceWatch, counters: Counters
) -> None:
    """Never in the window's thread; released, it reads no more."""
    holder = QObject()
    assert not watch.active
    watch.hold(holder)
    qtbot.waitUntil(lambda: len(counters.threads) > 3)
    assert threading.get_ident() not in counters.threads
    watch.release(holder)
    qtbot.waitUntil(lambda: watch._job is None)
    count = len(counters.threads)
    qtbot.wait(100)
    assert len(counters.threads) == count
    assert not watch.active


def test_two_that_look_are_one_reader(qtbot: QtBot, watch: InterfaceWatch) -> None:
    """A dialog over the list: who leaves first does not end it for the other."""
    first, second = QObject(), QObject()
    watch.hold(first)
    watch.hold(second)
    watch.release(first)
    assert watch.active
    watch.release(second)
    assert not watch.active
    qtbot.waitUntil(lambda: watch._job is None)


def test_a_slow_system_is_asked_one_thing_at_a_time(
    qtbot: QtBot, watch: InterfaceWatch, counters: Counters
) -> None:
    """A reading that hangs is not followed by others that hang."""
    counters.go.clear()
    holder = QObject()
    watch.hold(holder)
    qtbot.wait(150)
    assert len(counters.threads) == 1
    counters.go.set()
    with qtbot.waitSignal(watch.sampled):
        pass
    watch.release(holder)
    qtbot.waitUntil(lambda: watch._job is None)


def test_a_change_is_told(qtbot: QtBot, watch: InterfaceWatch, counters: Counters) -> None:
    """Nothing new is no news; an interface that comes or is switched is, so that it can be listed."""
    holder = QObject()
    watch.hold(holder)
    qtbot.waitUntil(lambda: len(counters.threads) > 4)
    with qtbot.assertNotEmitted(watch.changed, wait=100):
        pass
    for links in ({"eth0": "up", "usb0": "up"}, {"eth0": "down", "usb0": "up"}, {"eth0": "down"}):
        with qtbot.waitSignal(watch.changed):
            counters.links = links
    watch.release(holder)
    qtbot.waitUntil(lambda: watch._job is None)


def test_a_hidden_list_reads_nothing(qtbot: QtBot, watch: InterfaceWatch) -> None:
    """Seen it reads, hidden it does not."""
    shown = InterfaceList(LIGHT, watch)
    qtbot.addWidget(shown)
    assert not watch.active
    shown.show()
    assert watch.active
    shown.hide()
    assert not watch.active
    qtbot.waitUntil(lambda: watch._job is None)
