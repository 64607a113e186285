"""`ui.preferences`: settings hold at once and are written; a disk that refuses changes nothing for the window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trafficdesk.errors import SettingsError
from trafficdesk.settings import DetectionSettings, Settings
from trafficdesk.settings import file as settings_file
from trafficdesk.ui.preferences import RECENT_FILES, RECENT_FILTERS, Preferences

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_a_change_holds_is_told_and_is_written(qtbot: QtBot) -> None:
    """The settings file has the last of several quick changes."""
    preferences = Preferences(Settings(), settings_file.save)
    with qtbot.waitSignal(preferences.changed) as told:
        preferences.set_detection(DetectionSettings(incidents_per_day=3))
    assert told.args == [Settings(), preferences.settings]
    for name in ("a", "b", "c"):
        preferences.set_interface(name)
    preferences.shut_down()
    loaded, warnings = settings_file.load()
    assert loaded == preferences.settings
    assert loaded.view.last_interface == "c"
    assert not warnings


def test_the_same_settings_are_no_change(qtbot: QtBot) -> None:
    """Nothing is told and nothing is written."""
    written: list[Settings] = []
    preferences = Preferences(Settings(), written.append)
    with qtbot.assertNotEmitted(preferences.changed):
        preferences.set(Settings())
    preferences.shut_down()
    assert not written


def test_settings_that_cannot_be_written_hold_all_the_same(qtbot: QtBot) -> None:
    """The cause is told; the window goes on with them."""

    def refuse(_settings: Settings) -> None:
        raise SettingsError("The disk is full.", "Free some space.")

    preferences = Preferences(Settings(), refuse)
    wanted = replace(Settings(), detection=DetectionSettings(trees=50))
    with qtbot.waitSignal(preferences.failed, timeout=10_000) as told:
        preferences.set(wanted)
    assert told.args[0].title == "The disk is full."
    assert preferences.settings == wanted


def test_recent_files_are_newest_first_without_repeats(qtbot: QtBot, tmp_path: Path) -> None:
    """Opening a file again moves it up; the list is bounded."""
    preferences = Preferences(Settings(), lambda _settings: None)
    for number in range(RECENT_FILES + 3):
        preferences.add_recent(tmp_path / f"{number}.pcap")
    preferences.add_recent(tmp_path / "5.pcap")
    recent = [Path(name).name for name in preferences.settings.view.recent_files]
    assert recent[:2] == ["5.pcap", "12.pcap"]
    assert len(recent) == len(set(recent)) == RECENT_FILES
    preferences.shut_down()


def test_capture_filters_are_remembered(qtbot: QtBot) -> None:
    """The newest first, each once, ten of them; none is not one."""
    preferences = Preferences(Settings(), lambda _settings: None)
    for expression in (*(f"port {number}" for number in range(12)), "port 5", ""):
        preferences.add_capture_filter(expression)
    kept = preferences.settings.view.recent_capture_filters
    assert kept == ("port 5", *(f"port {number}" for number in (11, 10, 9, 8, 7, 6, 4, 3, 2)))
    assert len(kept) == RECENT_FILTERS
    preferences.shut_down()
