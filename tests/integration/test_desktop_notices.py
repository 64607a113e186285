"""Notices over a real message bus, to a service that keeps to the Desktop Notifications Specification."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(shutil.which("dbus-run-session") is None, reason="needs dbus-run-session")

PROGRAM = r"""
import json, sys
from PySide6.QtCore import ClassInfo, QCoreApplication, QObject, QTimer, Signal, Slot
from PySide6.QtDBus import QDBusConnection
from trafficdesk.ui.workers.bus_notices import BusNotices, has_bus_notices

@ClassInfo({"D-Bus Interface": "org.freedesktop.Notifications"})
class Service(QObject):
    ActionInvoked = Signal("uint", str)
    ActivationToken = Signal("uint", str)

    @Slot(result="QStringList")
    def GetCapabilities(self):
        return ["body", "actions", "body-markup"]

    @Slot(str, "uint", str, str, str, "QStringList", "QVariantMap", int, result="uint")
    def Notify(self, name, replaces, icon, title, body, actions, hints, timeout):
        told.append([name, replaces, title, body, actions, timeout])
        number = len(told) + 40
        # A click on another program's notice, then one on ours.
        QTimer.singleShot(50, lambda: self.ActionInvoked.emit(999, "default"))
        QTimer.singleShot(100, lambda: self.ActivationToken.emit(number, "the-token"))
        QTimer.singleShot(150, lambda: self.ActionInvoked.emit(number, "default"))
        return number

app, told, clicked = QCoreApplication(sys.argv), [], []
before = has_bus_notices()
bus, service = QDBusConnection.sessionBus(), Service()
everything = QDBusConnection.RegisterOption.ExportAllSlots | QDBusConnection.RegisterOption.ExportAllSignals
assert bus.registerObject("/org/freedesktop/Notifications", service, everything)
assert bus.registerService("org.freedesktop.Notifications")
notices = BusNotices()

def on_click(key):
    clicked.append(key)
    if len(clicked) == 2:
        app.quit()

notices.clicked.connect(on_click)
notices.show_notice("Port scan <b>", "<img src=x> & 'quoted'", [3, 7])
notices.show_notice("2 incidents", "a\nb", [3, 9])
QTimer.singleShot(20_000, app.quit)
app.exec()
notices.close()
import os
print(json.dumps([before, has_bus_notices(), told, clicked, os.environ.get("XDG_ACTIVATION_TOKEN")]))
"""


def said_on_a_bus(program: str) -> str:
    """What a program prints on a message bus of its own."""
    done = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", program],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_notices_are_shown_and_clicked() -> None:
    """Title as it is, markup in the text escaped, and only a click on our own notice is ours."""
    before, after, told, clicked, token = json.loads(said_on_a_bus(PROGRAM))
    assert (before, after) == (False, True)
    assert told == [
        [
            "TrafficDesk",
            0,
            "Port scan <b>",
            "&lt;img src=x&gt; &amp; &#x27;quoted&#x27;",
            ["default", "Show"],
            -1,
        ],
        ["TrafficDesk", 0, "2 incidents", "a\nb", ["default", "Show"], -1],
    ]
    assert clicked == [[3, 7], [3, 9]]
    assert token == "the-token"


HUNG = r"""
import logging, sys
from jeepney import message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection
from PySide6.QtCore import QCoreApplication, QTimer
from trafficdesk.ui.workers.bus_notices import BusNotices

logging.basicConfig(format="%(message)s", stream=sys.stdout)
service = open_dbus_connection("SESSION")
Proxy(message_bus, service).RequestName("org.freedesktop.Notifications")
app, notices, ticks = QCoreApplication(sys.argv), BusNotices(), []

def tick():
    ticks.append(None)
    if len(ticks) >= 20 and asked:
        app.quit()

asked = []
def listen():
    try:
        asked.append(service.receive(timeout=0).header)
    except TimeoutError:
        pass

timer, ears = QTimer(interval=10), QTimer(interval=10)
timer.timeout.connect(tick)
ears.timeout.connect(listen)
timer.start()
ears.start()
notices.show_notice("Port scan", "a", [3, 7])
app.exec()
notices.close()
print("closed")
"""


def test_a_hung_service_does_not_stop_the_window() -> None:
    """It never answers: timers go on, and ending does not wait for it."""
    warning, closed = said_on_a_bus(HUNG).splitlines()
    assert warning.startswith("no notice shown: ")
    assert "no answer within" not in warning
    assert closed == "closed"


def test_without_a_bus_there_are_none() -> None:
    """No bus is started for it."""
    program = (
        "from trafficdesk.ui.workers.bus_notices import has_bus_notices\n"
        "from PySide6.QtCore import QCoreApplication\napp = QCoreApplication([])\nprint(has_bus_notices())\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "DBUS_SESSION_BUS_ADDRESS"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "False"
