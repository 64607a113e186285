"""`trafficdesk.app`: the first window comes without the heavy modules; the whole path works; it leaves by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtGui import QImage

from tests.helpers.left import left_by_itself
from trafficdesk.app import Desktop, Options
from trafficdesk.errors import CaptureError, PermissionDenied
from trafficdesk.metrics.conversations import Kind
from trafficdesk.paths import sample_capture
from trafficdesk.settings import CaptureSettings, Settings, Theme, ViewSettings
from trafficdesk.ui.statistics_request import Tab
from trafficdesk.ui.theme import DARK, LIGHT
from trafficdesk.ui.workers.capture_jobs import LiveJob

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


FIRST_WINDOW = """
import sys
from PySide6.QtWidgets import QApplication
from trafficdesk.app import Desktop, Options
from trafficdesk.settings import Settings
application = QApplication([])
desktop = Desktop(application, Options(file="x.pcap"), Settings())
desktop.window.show()
desktop.window.repaint()
heavy = {"pyqtgraph", "pandas", "sklearn", "scipy", "scapy", "lark", "keyring", "multiprocessing.pool", "jinja2"}
print(sorted(heavy & sys.modules.keys()))
"""


def test_the_first_window_needs_no_heavy_module() -> None:
    """When the window is shown for the first time, none of the slow imports has happened."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_WINDOW], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("suffix", [".png", ".nowhere/x.png"])
def test_it_leaves_by_itself_with_a_picture_and_its_measurements(tmp_path: Path, suffix: str) -> None:
    """`--quit-after`, `--screenshot` and `--diagnostics` in a process of its own; a bad place is code 3."""
    picture, measured = tmp_path / f"window{suffix}", tmp_path / "measured.json"
    done, report = left_by_itself(
        [sys.executable, "-m", "trafficdesk", sample_capture(), "--screenshot", picture],
        measured,
        lambda told: told["packets"] > 10_000 and told["load_s"] is not None,
        first_s=3,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    assert "Traceback" not in done.stderr
    assert report["packets"] > 10_000
    assert report["load_s"] is not None
    if suffix == ".png":
        assert done.returncode == 0, done.stderr
        assert QImage(str(picture)).width() == 1440
    else:
        assert done.returncode == 3
        assert len(done.stderr.strip().splitlines()) == 2


def test_from_the_sample_to_the_incident(qtbot: QtBot, desktop: Desktop, tmp_path: Path) -> None:
    """Try the sample: rows, highlights, incidents; an incident selects its rows; a filter; an export of what it shows."""
    window, session = desktop.window, desktop.session
    with qtbot.waitSignal(desktop.desk.loaded, timeout=60_000):
        window.welcome.sample_requested.emit()
    assert window.showing_capture
    assert desktop.model.rowCount() == session.log.end_id > 10_000
    with qtbot.waitSignal(desktop.desk.analysis.caught_up, timeout=120_000):
        pass
    assert session.scored == session.log.end_id
    assert session.incidents
    incident = session.incidents[0]
    desktop.desk.show_incident(incident.id)
    selected = window.page.table.selected_ids()
    assert incident.first_packet_id in selected
    assert set(session.log.column("incident", selected).tolist()) == {incident.id}

    window.filter_bar.set_expression("dns")
    qtbot.waitUntil(lambda: not desktop.desk.display.searching)
    shown = desktop.model.ids()
    assert 0 < len(shown) < session.log.end_id
    path = tmp_path / "dns.csv"
    with qtbot.waitSignal(desktop.commands.exports.ended, timeout=60_000):
        desktop.commands.exports.export(path, shown)
    assert len(path.read_bytes().splitlines()) == len(shown) + 1
    assert "exported" in window.banner.text


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_is_read_before_mail_and_history_begin(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, *, whole: bool
) -> None:
    """What the command line names is not slowed by them; they begin when it has ended, also where it can't be read."""
    sheet = qapp.styleSheet()
    file = sample_capture() if whole else tmp_path / "nowhere.pcap"
    made = Desktop(qapp, Options(file=str(file)), Settings())
    qtbot.addWidget(made.window)
    begun: list[bool] = []
    made.desk.capture.ended.connect(lambda: begun.append(made.desk.alerts is not None))
    made.window.show()
    qtbot.waitUntil(lambda: bool(begun), timeout=60_000)
    assert begun == [False]
    assert made.desk.alerts is not None
    assert len(made.session.log) > 10_000 if whole else not len(made.session.log)
    made.shut_down()
    qapp.setStyleSheet(sheet)


def test_the_first_window_waits_for_no_page_behind_it(qtbot: QtBot, qapp: QApplication) -> None:
    """Statistics and history are made after it is painted, in the theme that holds then, and are there from then on."""
    sheet = qapp.styleSheet()
    made = Desktop(qapp, Options(), Settings(view=ViewSettings(theme=Theme.DARK)))
    qtbot.addWidget(made.window)
    assert not made.desk.later_statistics.there
    assert "history" not in vars(made)
    made.window.show()
    qtbot.waitUntil(lambda: made.desk.later_statistics.there and "history" in vars(made), timeout=20_000)
    assert made.window.statistics._tokens is made.window.history._tokens is made.window.tokens
    for name in ("show_statistics", "show_history", "show_packets"):
        made.window.actions_[name].setEnabled(True)
        made.window.actions_[name].trigger()
    assert made.desk.statistics is made.desk.later_statistics.controller
    made.shut_down()
    qapp.setStyleSheet(sheet)


def test_from_a_conversation_to_its_packets(qtbot: QtBot, desktop: Desktop, tmp_path: Path) -> None:
    """The second page shows who talked with whom; a conversation becomes a filter, and the first page its packets."""
    window, statistics = desktop.window, desktop.window.statistics
    assert not window.actions_["show_statistics"].isEnabled()
    with qtbot.waitSignal(desktop.desk.loaded, timeout=60_000):
        desktop.desk.open_sample()
    window.actions_["show_statistics"].trigger()
    assert window.showing_statistics
    statistics.choose(Tab.CONVERSATIONS, Kind.TCP)
    table = statistics.table
    assert table is not None
    qtbot.waitUntil(lambda: table.sheets.rowCount() > 100, timeout=20_000)
    packets = int(table.sheets.text(0, 5).replace(",", ""))
    with qtbot.waitSignal(desktop.desk.statistics.exported, timeout=20_000):
        desktop.desk.statistics.export(tmp_path / "tcp.csv")
    assert "exported" in window.banner.text
    desktop.desk.later_statistics._commands._menu.filter_wanted.emit(table.sheets.filter_of(0))
    assert window.showing_capture
    assert window.actions_["show_packets"].isChecked()
    qtbot.waitUntil(lambda: not desktop.desk.display.searching)
    assert desktop.model.rowCount() == packets


def test_a_filter_that_hides_all_says_so_and_gives_way(qtbot: QtBot, desktop: Desktop) -> None:
    """The empty table names the cause, and its button clears the filter."""
    with qtbot.waitSignal(desktop.desk.loaded, timeout=60_000):
        desktop.desk.open_sample()
    desktop.window.filter_bar.set_expression("frame.number == 99999999")
    qtbot.waitUntil(lambda: "hides all" in desktop.window.page.empty.sentence)
    desktop.window.page.empty.clicked.emit()
    assert desktop.model.rowCount() == desktop.session.log.end_id


def test_a_bad_file_is_told_in_place(qtbot: QtBot, desktop: Desktop, tmp_path: Path) -> None:
    """No modal dialog: the banner has cause and remedy, and the next file opens."""
    path = tmp_path / "no.pcap"
    path.write_bytes(b"this is no capture file at all")
    with qtbot.waitSignal(desktop.desk.capture.ended, timeout=60_000):
        desktop.desk.open_file(path)
    assert "no.pcap" in desktop.window.banner.text
    with qtbot.waitSignal(desktop.desk.loaded, timeout=60_000):
        desktop.desk.open_sample()
    assert desktop.window.banner.text == ""


def test_every_part_follows_the_theme(qtbot: QtBot, qapp: QApplication, desktop: Desktop) -> None:
    """Changing the colours in the settings repaints everything that was built before."""
    desktop.window.show_capture("x")
    for theme, tokens in ((Theme.DARK, DARK), (Theme.LIGHT, LIGHT)):
        desktop.preferences.set(Settings(view=ViewSettings(theme=theme)))
        qtbot.wait(50)
        image = desktop.window.grab().toImage()
        points = [(x, y) for x in range(2, image.width(), 40) for y in range(2, image.height(), 40)]
        light = np.array([image.pixelColor(x, y).lightness() for x, y in points])
        assert bool(np.median(light) > 128) is not tokens.dark


def test_commands_without_a_capture_do_no_harm(qtbot: QtBot, desktop: Desktop) -> None:
    """Every command that opens no dialog may be given at any time."""
    harmless = set(desktop.window.actions_._actions) - {
        "open", "quit", "settings", "about", "shortcuts", "start_stop", "sample", "capture_options",
        "colour_rules", "self_test",
    }  # fmt: skip
    for name in sorted(harmless):
        desktop.window.actions_[name].trigger()
    assert not desktop.desk.capture.running


def test_the_history_is_there_before_a_capture_is(qtbot: QtBot, desktop: Desktop) -> None:
    """From the start page and back to it; a capture that begins comes to the front, and the switch leads to it."""
    window = desktop.window
    window.actions_["show_history"].trigger()
    assert window.history.isVisibleTo(window)
    window.actions_["show_packets"].trigger()
    assert window.welcome.isVisibleTo(window)
    window.actions_["show_history"].trigger()
    window.show_capture("x")
    assert window.showing_capture
    window.actions_["show_history"].trigger()
    window.actions_["show_packets"].trigger()
    assert window.showing_capture
    qtbot.waitUntil(lambda: not desktop.history.reader.busy, timeout=20_000)


def test_a_choice_of_interfaces_holds_everywhere(qtbot: QtBot, desktop: Desktop) -> None:
    """Chosen on the welcome page, it is the bar's, is remembered, and survives a look for interfaces."""
    with qtbot.waitSignal(desktop.interfaces.listed):
        desktop.interfaces.refresh()
    names = [info.name for info in desktop.window.bar.interfaces if info.name != "any"]
    choice = ",".join(names[:2])
    desktop.window.welcome.interfaces.choose(choice)
    desktop.window.welcome.interfaces.choice_changed.emit(choice)
    assert desktop.window.bar.interface == choice
    assert desktop.preferences.settings.view.last_interface == choice
    with qtbot.waitSignal(desktop.interfaces.listed):
        desktop.interfaces.refresh()
    assert desktop.window.welcome.interfaces.choice() == choice
    assert desktop.window.bar.interface == choice


def test_a_refused_capture_leads_to_what_allows_it(
    qtbot: QtBot, desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No empty page with a command that does not belong there: the start page, with cause and remedy."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionDenied("Not so.", "Run: something in a terminal.")

    monkeypatch.setattr("trafficdesk.capture.several.open_interfaces", refuse)
    desktop.desk.listen("lo")
    qtbot.waitUntil(lambda: "Not so." in desktop.window.banner.text)
    assert not desktop.window.showing_capture
    desktop.desk.capture.failed.emit(CaptureError("Gone.", "Start again."))
    assert "Gone." in desktop.window.banner.text


def test_restart_listens_on_the_same_choice(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the interfaces as they were named, not on the words of the title."""
    heard: list[str] = []
    monkeypatch.setattr(desktop.desk, "listen", heard.append)
    desktop.desk.capture.job = LiveJob("eth0,lo", CaptureSettings())
    desktop.window.actions_["restart"].setEnabled(True)
    desktop.window.actions_["restart"].trigger()
    assert heard == ["eth0,lo"]
