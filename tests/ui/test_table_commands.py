"""`ui.table_commands`: marks and comments of the selected packets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from tests.helpers.traffic import decoded
from trafficdesk.app import Desktop, Options
from trafficdesk.settings import Settings, TimeFormat
from trafficdesk.ui.colour_rule import Hue
from trafficdesk.ui.dialogs.colour_rules import ColourRulesDialog
from trafficdesk.ui.models.packet_page import Column
from trafficdesk.ui.shortcut_list import ShortcutList

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


@pytest.fixture
def desktop(qtbot: QtBot, qapp: QApplication) -> Iterator[Desktop]:
    sheet = qapp.styleSheet()
    made = Desktop(qapp, Options(), Settings())
    qtbot.addWidget(made.window)
    made.window.resize(1280, 800)
    made.window.show()
    qtbot.waitExposed(made.window)
    made.session.begin()
    batch = decoded(100)
    made.session.ingest(batch)
    made.model.show_all()
    made.window.show_capture("a test")
    made.window.page.show_table()
    yield made
    made.shut_down()
    qapp.setStyleSheet(sheet)


def test_selected_packets_are_marked_and_shown_so(desktop: Desktop) -> None:
    """A sign beside the number, which another paint shows, words in the tooltip; the same command takes it back."""
    table, model = desktop.window.page.table, desktop.model
    table.select_ids(np.array([2, 4]))
    before = table.viewport().grab().toImage()
    desktop.window.actions_["mark"].trigger()
    assert [row for row in range(100) if model.note(row)] == [2, 4]
    assert model.index(2, Column.NUMBER).data(Qt.ItemDataRole.ToolTipRole) is not None
    assert "Marked" in str(model.index(2, Column.NUMBER).data(Qt.ItemDataRole.ToolTipRole))
    assert table.viewport().grab().toImage() != before
    desktop.window.actions_["mark"].trigger()
    assert not any(model.note(row) for row in range(100))
    assert table.viewport().grab().toImage() == before


def test_marks_are_gone_to_in_either_direction(desktop: Desktop) -> None:
    """From the current row, in the order of the table."""
    table, actions = desktop.window.page.table, desktop.window.actions_
    desktop.session.toggle_marks(np.array([10, 60]))
    table.go_to_row(20)
    actions["next_mark"].trigger()
    assert table.current_id() == 60
    actions["previous_mark"].trigger()
    assert table.current_id() == 10
    actions["previous_mark"].trigger()
    assert table.current_id() == 10


def test_comments_are_text_and_nothing_else(desktop: Desktop) -> None:
    """Markup in a comment is shown as it was written."""
    table, model = desktop.window.page.table, desktop.model
    table.select_ids(np.array([7]))
    desktop.commands.table.comment("<b>why</b>")
    shown = str(model.index(7, Column.NUMBER).data(Qt.ItemDataRole.ToolTipRole))
    assert "<b>why" not in shown
    assert "why" in shown
    assert desktop.session.notes.comment(7) == "<b>why</b>"


def test_the_format_of_times_is_chosen_and_remembered(desktop: Desktop) -> None:
    """The menu, the settings and the table agree."""
    actions, model = desktop.window.actions_, desktop.model
    assert actions["time_of_day"].isChecked()
    width = desktop.window.page.table.columnWidth(Column.TIME)
    actions["time_utc"].trigger()
    assert desktop.preferences.settings.view.time_format is TimeFormat.UTC
    assert len(model.text(0, Column.TIME)) == len("2026-11-20 00:00:00.000000")
    assert desktop.window.page.table.columnWidth(Column.TIME) > width
    assert not actions["time_of_day"].isChecked()
    shown = {action.text() for action in desktop.window.page.table.header.menu().actions()}
    assert {actions[name].text() for name in ("time_of_day", "time_utc")} <= shown


def test_a_text_is_found_downwards_upwards_and_round_the_end(desktop: Desktop, qtbot: QtBot) -> None:
    """From the current row on; what is not there is said."""
    table, bar, actions = desktop.window.page.table, desktop.window.page.find_bar, desktop.window.actions_
    expected = [row for row in range(100) if desktop.model.text(row, Column.PROTOCOL) == "ARP"]
    table.go_to_row(expected[1])
    actions["find"].trigger()
    bar.line.setText("who has")
    finding = desktop.commands.walk.finding
    for action, place in (
        ("find_next", 2),
        ("find_previous", 1),
        ("find_previous", 0),
        ("find_previous", -1),
    ):
        actions[action].trigger()
        qtbot.waitUntil(lambda: not finding.busy)
        assert desktop.model.text(table.currentIndex().row(), Column.PROTOCOL) == "ARP"
        assert "Who has" in desktop.model.text(table.currentIndex().row(), Column.INFO), place
    bar.line.setText("nothing like it")
    bar.find_next()
    qtbot.waitUntil(lambda: not finding.busy)
    assert "Not found" in bar.words


def test_a_conversation_is_followed_and_walked(desktop: Desktop) -> None:
    """The filter's line has its expression; the next packet of it is gone to."""
    table, actions = desktop.window.page.table, desktop.window.actions_
    row = next(row for row in range(100) if desktop.model.text(row, Column.PROTOCOL) == "HTTP")
    table.go_to_row(row)
    ends = {desktop.model.text(row, column) for column in (Column.SOURCE, Column.DESTINATION)}
    actions["next_in_conversation"].trigger()
    there = table.currentIndex().row()
    assert there > row
    assert {desktop.model.text(there, column) for column in (Column.SOURCE, Column.DESTINATION)} == ends
    actions["previous_in_conversation"].trigger()
    assert table.currentIndex().row() == row
    actions["follow_conversation"].trigger()
    assert "tcp.port == " in desktop.window.filter_bar.text()


def test_packets_looked_at_are_gone_back_to(desktop: Desktop) -> None:
    """Those that a filter hides are passed over."""
    table, actions = desktop.window.page.table, desktop.window.actions_
    for row in (3, 50, 70):
        table.go_to_row(row)
    actions["back"].trigger()
    assert table.current_id() == 50
    desktop.model.show(np.array([3, 70]))
    table.go_to_row(1)
    actions["back"].trigger()
    assert table.current_id() == 3


def test_a_cell_is_copied_as_its_filter(desktop: Desktop) -> None:
    """As "Apply as filter" would write it."""
    table = desktop.window.page.table
    table.setCurrentIndex(desktop.model.index(0, Column.LENGTH))
    desktop.window.actions_["copy_as_filter"].trigger()
    length = desktop.model.text(0, Column.LENGTH).replace(",", "")
    assert QGuiApplication.clipboard().text() == f"frame.len == {length}"


def test_rules_that_were_accepted_are_used_and_remembered(desktop: Desktop, qtbot: QtBot) -> None:
    """Who edits them wants to see them; the window goes on meanwhile."""
    desktop.window.actions_["colour_rules"].trigger()
    (dialog,) = desktop.window.findChildren(ColourRulesDialog)
    dialog.add()
    dialog.expression.setText("frame")
    dialog.expression.textEdited.emit("frame")
    assert desktop.model.hue(0) == 0
    dialog.accept()
    assert desktop.model.hue(0) == Hue.BLUE
    assert desktop.preferences.settings.view.colour_packets
    assert desktop.window.actions_["colour_packets"].isChecked()
    qtbot.waitUntil(lambda: not desktop.window.findChildren(ColourRulesDialog))


def test_comments_have_a_column_of_their_own(qtbot: QtBot, desktop: Desktop) -> None:
    """Not shown unless asked for; it is sorted by, and its cells are text on one line."""
    table, model = desktop.window.page.table, desktop.model
    assert Column.COMMENT not in table.header.shown_columns()
    for packet_id, text in ((7, "b\nlines\u202e"), (50, "a")):
        table.select_ids(np.array([packet_id]))
        desktop.commands.table.comment(text)
    assert model.text(7, Column.COMMENT) == "b\\nlines\\u202e"
    assert model.text(8, Column.COMMENT) == ""
    action = next(action for action in table.header.menu().actions() if action.text() == "Comment")
    action.trigger()
    assert Column.COMMENT in table.header.shown_columns()
    desktop.commands.table.sorting.sort(Column.COMMENT, descending=False)
    assert model.ids()[:2].tolist() == [50, 7]


def test_the_list_of_shortcuts_fits_a_small_screen(desktop: Desktop) -> None:
    """Every command's keys, on 1280 by 720 pixels."""
    shown = ShortcutList(desktop.window)
    assert shown.sizeHint().width() <= 1280
    assert shown.sizeHint().height() <= 720
    labels = {label.text() for label in shown.findChildren(QLabel)}
    assert {"Ctrl+Alt+N", "Names instead of addresses"} <= labels
    shown.deleteLater()
