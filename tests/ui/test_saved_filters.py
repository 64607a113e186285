"""Saved display filters: as settings keep them, as buttons, and what a person does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from tests.helpers.traffic import session_with
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.settings import Settings
from trafficdesk.ui.filter_commands import FilterCommands
from trafficdesk.ui.main_window import MainWindow
from trafficdesk.ui.models.packet_table_model import PacketTableModel
from trafficdesk.ui.preferences import RECENT_DISPLAY_FILTERS, Preferences
from trafficdesk.ui.saved_filter import MOST, SavedFilter, from_lines, kept, moved, renamed, to_lines, without
from trafficdesk.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

WEB, NAMES, ODD = (
    SavedFilter("Web & more", "tcp.port in {80, 443}"),
    SavedFilter("Names", "dns || mdns"),
    SavedFilter("Odd", "td.flagged"),
)
THREE = (WEB, NAMES, ODD)


class Room:
    """A window with its filters."""

    def __init__(self) -> None:
        session = session_with(200)
        self.window = MainWindow(PacketTableModel(session, LIGHT, ("Unusual",)), compile_filter, LIGHT)
        self.preferences = Preferences(Settings(), lambda _settings: None, self.window)
        self.commands = FilterCommands(self.window, self.preferences, session.log, self.window)
        self.line = self.window.filter_bar
        self.buttons = self.window.saved_filters

    @property
    def saved(self) -> tuple[SavedFilter, ...]:
        return from_lines(self.preferences.settings.view.saved_filters)

    @property
    def words(self) -> list[str]:
        return [action.text() for action in self.buttons.tools.actions()]


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    made = Room()
    qtbot.addWidget(made.window)
    made.window.resize(1280, 800)
    made.window.show()
    yield made
    made.preferences.shut_down()


def test_a_settings_file_keeps_them() -> None:
    """Names and expressions survive; what is none, and a name's second filter, is passed over."""
    assert from_lines(to_lines(THREE)) == THREE
    assert from_lines(["", "no tabulator", "\tdns", "a\t ", "a\tdns", "a\ttcp"]) == (SavedFilter("a", "dns"),)
    assert len(from_lines([f"{number}\tdns" for number in range(200)])) == MOST


def test_they_are_changed_by_name() -> None:
    """Kept at the end or in place of its namesake, renamed to a free name, moved within the row, removed."""
    assert kept(THREE, " Names ", "llmnr")[1] == SavedFilter("Names", "llmnr")
    assert kept(THREE, "New\n one", "llmnr")[3] == SavedFilter("New one", "llmnr")
    assert renamed(THREE, "Odd", "Strange")[2] == SavedFilter("Strange", ODD.expression)
    assert renamed(THREE, "Odd", "Names") == renamed(THREE, "Odd", " ") == THREE
    assert moved(THREE, "Odd", -1) == (WEB, ODD, NAMES)
    assert moved(THREE, "Odd", 1) == moved(THREE, WEB.name, -1) == THREE
    assert without(THREE, "Names") == (WEB, ODD)


def test_a_filter_becomes_a_button(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed and can be understood is saved under the name that is given, remembered, and shown pressed."""
    monkeypatch.setattr(room.commands, "_ask", lambda _title, _usual: "Web & more")
    assert not room.buttons.isVisible()
    room.line.set_expression(WEB.expression)
    assert room.line._save.isVisible()
    room.line._save.trigger()
    assert room.saved == (WEB,)
    assert room.words == ["Web && more"]
    assert room.buttons.isVisible()
    room.line.set_expression("tcp.port ==")
    assert not room.line._save.isVisible()


def test_a_button_applies_its_filter_and_takes_it_back(qtbot: QtBot, room: Room) -> None:
    """The button whose filter is applied looks pressed, however the filter came."""
    room.preferences.set_saved_filters(to_lines(THREE))
    button = room.buttons.tools.widgetForAction(room.buttons.tools.actions()[1])
    assert button is not None
    with qtbot.waitSignal(room.line.applied) as told:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert told.args[0].expression == NAMES.expression
    assert [action.isChecked() for action in room.buttons.tools.actions()] == [False, True, False]
    room.line.set_expression(f" {ODD.expression} ")
    assert [action.isChecked() for action in room.buttons.tools.actions()] == [False, False, True]
    room.buttons.tools.actions()[2].trigger()
    assert room.line.applied_expression == ""


def test_a_buttons_menu_changes_it(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rename, replace, move and remove do what they say; what is impossible is greyed."""
    room.preferences.set_saved_filters(to_lines(THREE))
    room.line.set_expression("arp")

    def choose(place: int, words: str) -> bool:
        menu = room.buttons.menu_for(room.buttons.tools.actions()[place], room.window)
        action = next(action for action in menu.actions() if action.text().startswith(words))
        action.trigger()
        return action.isEnabled()

    assert not choose(0, "Move left")
    assert choose(0, "Move right")
    assert room.saved == (NAMES, WEB, ODD)
    assert choose(0, "Use the filter")
    assert room.saved[0] == SavedFilter("Names", "arp")
    monkeypatch.setattr(room.commands, "_ask", lambda _title, usual: f"{usual} too")
    assert choose(2, "Rename")
    assert choose(1, "Remove")
    assert room.saved == (SavedFilter("Names", "arp"), SavedFilter("Odd too", ODD.expression))
    assert room.words == ["Names", "Odd too"]
    room.window.apply_theme(DARK)


def test_what_was_applied_is_remembered(qtbot: QtBot, room: Room) -> None:
    """The last twenty, newest first, each once; the arrow down offers them, Enter applies the one that is marked."""
    for number in (*range(25), 24, 7):
        room.line.set_expression(f"frame.len > {number}")
    room.line.set_expression("frame.len >")
    room.line.clear_and_apply()
    recent = room.preferences.settings.view.recent_display_filters
    assert len(recent) == RECENT_DISPLAY_FILTERS == 20
    assert recent[:3] == ("frame.len > 7", "frame.len > 24", "frame.len > 23")
    room.line.setFocus()
    qtbot.keyClick(room.line, Qt.Key.Key_Down)
    assert room.line.offered == list(recent)
    qtbot.keyClick(room.line, Qt.Key.Key_Down)
    qtbot.keyClick(room.line, Qt.Key.Key_Down)
    qtbot.keyClick(room.line, Qt.Key.Key_Return)
    assert room.line.applied_expression == "frame.len > 24"
    assert not room.line.offered


def test_the_capture_completes_the_line(qtbot: QtBot, room: Room) -> None:
    """Families of behaviour and the protocols are offered while typing."""
    room.line.setFocus()
    qtbot.keyClicks(room.line, "td.family ")
    assert "==" in room.line.offered
    qtbot.keyClicks(room.line, "== ")
    assert '"port scan"' in room.line.offered
