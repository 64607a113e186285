"""`ui.panels.packet_table`: following the newest row, selection, copying, columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QStandardItemModel
from PySide6.QtWidgets import QTableView

from tests.helpers.traffic import decoded, detection_of, session_with
from trafficdesk.ui.models.packet_page import TITLES, Column
from trafficdesk.ui.models.packet_table_model import PacketTableModel
from trafficdesk.ui.panels.packet_table import PacketTable
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from trafficdesk.session import AnalysisSession


@pytest.fixture
def session() -> AnalysisSession:
    return session_with(500)


@pytest.fixture
def table(qtbot: QtBot, session: AnalysisSession) -> PacketTable:
    made = PacketTable(PacketTableModel(session, LIGHT, ("Unusual", "Port scan")), LIGHT)
    qtbot.addWidget(made)
    made.resize(900, 400)
    made.show()
    qtbot.waitExposed(made)
    return made


def grow(table: PacketTable, session: AnalysisSession, rows: int) -> None:
    batch = decoded(rows, session.log.end_id)
    session.ingest(batch)
    table._model.append(batch.ids)


def last_in_sight(table: PacketTable) -> int:
    index = table.indexAt(table.viewport().rect().bottomLeft())
    return index.row() if index.isValid() else table._model.rowCount() - 1


def test_the_newest_row_is_followed(qtbot: QtBot, table: PacketTable, session: AnalysisSession) -> None:
    """While the end is in sight it stays there."""
    table.follow()
    grow(table, session, 300)
    qtbot.waitUntil(lambda: last_in_sight(table) >= 798)
    assert table.following


def test_scrolling_up_stops_following_and_the_end_resumes_it(
    qtbot: QtBot, table: PacketTable, session: AnalysisSession
) -> None:
    """Rows that arrive do not move what a person looks at; going to the end follows again."""
    table.follow()
    table.verticalScrollBar().setValue(100)
    assert not table.following
    grow(table, session, 300)
    qtbot.wait(200)
    assert table.verticalScrollBar().value() == 100
    table.verticalScrollBar().setValue(table.verticalScrollBar().maximum())
    assert table.following


def test_evictions_keep_the_place(table: PacketTable) -> None:
    """The packet at the top of the view stays there when older ones leave."""
    table.verticalScrollBar().setValue(200)
    top = table._model.packet_id(table.rowAt(0))
    table._model.evict_before(150)
    assert table._model.packet_id(table.rowAt(0)) == top


def test_selection_survives_what_arrives_and_leaves(table: PacketTable, session: AnalysisSession) -> None:
    """Selected packets stay selected while rows come and go."""
    table.select_ids(np.array([200, 201, 202, 300]))
    grow(table, session, 100)
    table._model.evict_before(100)
    assert table.selected_ids().tolist() == [200, 201, 202, 300]


def test_selected_ids_are_named_by_packet_under_a_filter(table: PacketTable) -> None:
    """A filter changes rows, not packets."""
    table._model.show(np.array([4, 8, 15, 16, 23, 42]))
    table.select_ids(np.array([8, 9, 23]))
    assert table.selected_ids().tolist() == [8, 23]


def test_the_current_packet_is_told(qtbot: QtBot, table: PacketTable) -> None:
    """Moving to a row tells its packet_id; that none is current is told where a filter hides it."""
    with qtbot.waitSignal(table.packet_selected) as told:
        table.go_to_row(7)
    assert told.args == [7]
    with qtbot.waitSignal(table.packet_selected) as told:
        table._model.show(np.array([6, 8]))
    assert told.args == [None]


def test_a_filter_keeps_the_current_packet_in_its_place(table: PacketTable) -> None:
    """Whoever takes a filter away sees what came before and after the packet that was found with it."""
    table.stay()
    table.go_to_row(250)
    place = table.visualRect(table.currentIndex()).top()
    for ids in (np.arange(200, 300, 2), np.arange(0, 500, 5)):
        table._model.show(ids)
        assert table.current_id() == 250
        assert table.selected_ids().tolist() == [250]
    table._model.show_all()
    assert table.current_id() == 250
    assert table.visualRect(table.currentIndex()).top() == place


def test_a_filter_does_not_scroll_a_file_to_its_end(qtbot: QtBot, table: PacketTable) -> None:
    """Neither when it is applied nor when it is taken away; a live capture goes on showing the newest."""
    table.stay()
    table.scrollToTop()
    for change in (lambda: table._model.show(np.arange(0, 500, 2)), table._model.show_all):
        change()
        qtbot.wait(100)
        assert table.verticalScrollBar().value() == 0
    table.select_ids(np.array([4]))
    table.follow()
    table._model.show(np.arange(0, 500, 2))
    assert table.following
    assert table.current_id() == 4
    qtbot.waitUntil(lambda: last_in_sight(table) == 249)


def test_the_numbers_column_grows_with_the_numbers(qtbot: QtBot, table: PacketTable) -> None:
    """And no later: what a column does not need Info has; a width that a person gave it stays."""
    header, info = table.header, table.columnWidth(Column.INFO)
    narrow = table.columnWidth(Column.NUMBER)
    header.make_room_for_number(99_999)
    assert table.columnWidth(Column.NUMBER) == narrow
    header.make_room_for_number(1_234_567)
    wide = table.columnWidth(Column.NUMBER)
    assert wide > narrow
    assert header.layout_state()
    header.make_room_for_number(0)
    assert (table.columnWidth(Column.NUMBER), table.columnWidth(Column.INFO)) == (narrow, info)
    header.resizeSection(Column.NUMBER, 99)
    header.make_room_for_number(1_234_567)
    assert table.columnWidth(Column.NUMBER) == 99


def test_copying_gives_rows_with_a_header(qtbot: QtBot, table: PacketTable) -> None:
    """Ctrl+C puts the selected rows as TSV on the clipboard, in table order."""
    model = table.selectionModel()
    for row in (5, 2):
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        model.select(table._model.index(row, 0), flags)
    qtbot.keySequence(table, QKeySequence(QKeySequence.StandardKey.Copy))
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t") == [TITLES[column] for column in table.header.shown_columns()]
    assert [line.split("\t")[0] for line in lines[1:]] == ["3", "6"]


def test_columns_are_shown_and_hidden(qtbot: QtBot, table: PacketTable) -> None:
    """The menu hides and shows; what was chosen is remembered; what nobody chose follows its usefulness."""
    table.resize(1_600, 300)
    qtbot.wait(10)
    header = table.header
    assert not {Column.HOST, Column.PROGRAM} & set(header.shown_columns())
    header.set_useful(Column.HOST, useful=True)
    assert Column.HOST in header.shown_columns()
    header.set_useful(Column.PROGRAM, useful=True)
    assert Column.PROGRAM in header.shown_columns()
    actions = {action.text(): action for action in header.menu().actions()}
    actions["Program"].trigger()
    actions["Provider"].trigger()
    assert {"PROGRAM=hidden", "SYSTEM=shown"} == set(header.choices())
    header.set_useful(Column.PROGRAM, useful=True)
    assert Column.PROGRAM not in header.shown_columns()
    state, choices = header.saveState(), header.choices()
    actions["Reset columns"].trigger()
    assert not header.choices()
    assert Column.PROGRAM in header.shown_columns()
    header.restore(state, choices)
    assert Column.SYSTEM in header.shown_columns()
    assert Column.PROGRAM not in header.shown_columns()
    assert not actions["Info"].isEnabled()


@pytest.mark.parametrize(
    ("width", "extra"), [(1_020, []), (1_140, [Column.HOST]), (1_280, [Column.HOST, Column.PROGRAM])]
)
def test_columns_show_themselves_where_there_is_room(
    qtbot: QtBot, table: PacketTable, width: int, extra: list[Column]
) -> None:
    """A name is worth more than blank surface, and less than what a packet says: that is what people read."""
    for column in (Column.HOST, Column.PROGRAM):
        table.header.set_useful(column, useful=True)
    for size in (1_600, width):
        table.resize(size, 300)
        qtbot.wait(10)
    assert [column for column in table.header.shown_columns() if column >= Column.PROGRAM] == extra
    assert table.columnWidth(Column.INFO) >= 112
    assert not extra or table.columnWidth(Column.INFO) >= 200


def test_host_takes_no_room_before_a_name_is_known(qtbot: QtBot, table: PacketTable) -> None:
    """An empty column is Info's."""
    table.resize(1_280, 300)
    qtbot.wait(10)
    assert Column.HOST not in table.header.shown_columns()
    without = table.columnWidth(Column.INFO)
    table.header.set_useful(Column.HOST, useful=True)
    assert Column.HOST in table.header.shown_columns()
    assert 200 <= table.columnWidth(Column.INFO) < without


def test_host_grows_with_the_window_until_somebody_sets_it(qtbot: QtBot, table: PacketTable) -> None:
    """And shrinks with it again."""
    table.header.set_useful(Column.HOST, useful=True)
    widths = []
    for size in (1_200, 1_700, 1_200):
        table.resize(size, 300)
        qtbot.wait(10)
        widths.append(table.columnWidth(Column.HOST))
    assert widths[0] == widths[2] < widths[1]
    table.resize(1_700, 300)
    qtbot.wait(10)
    table.header.restore(table.header.layout_state(), [])
    table.resize(1_200, 300)
    qtbot.wait(10)
    assert table.columnWidth(Column.HOST) == widths[0]
    table.header.resizeSection(Column.HOST, 133)
    table.resize(1_700, 300)
    qtbot.wait(10)
    assert table.columnWidth(Column.HOST) == 133


def test_host_stands_beside_the_addresses(table: PacketTable) -> None:
    """Columns that came later keep the model's numbers, not their place."""
    table.header._chosen[Column.HOST] = True
    table.header.fit()
    shown = table.header.shown_columns()
    assert shown[shown.index(Column.DESTINATION) + 1] == Column.HOST
    assert shown[-1] == Column.SCORE


def test_copied_text_is_no_formula(table: PacketTable) -> None:
    """A cell that a spreadsheet would run is made text."""
    table._model._pages._page_of(0)[0].texts[Column.INFO][0] = "=cmd()"
    table.go_to_row(0)
    table.copy_rows()
    assert "\t'=cmd()\t" in QGuiApplication.clipboard().text()


@pytest.mark.parametrize("width", [500, 900, 1600])
def test_no_surface_stays_blank(qtbot: QtBot, table: PacketTable, width: int) -> None:
    """The columns fill the view, or scroll where it is too narrow for them."""
    table.resize(width, 300)
    qtbot.wait(10)
    total = table.horizontalHeader().length()
    assert total == table.viewport().width() or (total > table.viewport().width() and width < 1_000)
    assert table.columnWidth(Column.INFO) >= 112


def test_every_kind_of_row_is_painted(table: PacketTable, session: AnalysisSession) -> None:
    """Flagged rows carry their edge in the first column: amber for unusual, red for a family."""
    session.apply(detection_of(0, 500, unusual=(0,), family=(1,), collateral=(2,)))
    table._model.show_all()
    table.verticalScrollBar().setValue(0)
    image = table.viewport().grab().toImage()
    scale = image.devicePixelRatio()
    colours = [
        image.pixelColor(round(1 * scale), round((table.rowViewportPosition(row) + 12) * scale)).name()
        for row in range(3)
    ]
    assert colours == [LIGHT.unusual, LIGHT.family, LIGHT.panel]


def test_columns_are_restored_but_stay_sound(table: PacketTable) -> None:
    """A saved layout returns; garbage changes nothing."""
    state = table.horizontalHeader().saveState()
    table.horizontalHeader().resizeSection(Column.SOURCE, 222)
    table.header.restore(state, [])
    assert table.columnWidth(Column.SOURCE) != 222
    before = [table.columnWidth(column) for column in Column]
    table.header.restore(type(state)(b"rubbish"), ["NUMBER=hidden", "NOTHING=shown", ""])
    assert [table.columnWidth(column) for column in Column] == before


def test_the_menu_asks_for_the_cell_under_the_mouse(qtbot: QtBot, table: PacketTable) -> None:
    """A right click tells position and cell; beyond the rows nothing is told."""
    index = table._model.index(3, Column.SOURCE)
    table.verticalScrollBar().setValue(0)
    with qtbot.waitSignal(table.menu_requested) as told:
        table.customContextMenuRequested.emit(table.visualRect(index).center())
    assert told.args[1] == index
    assert table.contextMenuPolicy() == Qt.ContextMenuPolicy.CustomContextMenu


def test_a_file_is_read_from_its_beginning(
    qtbot: QtBot, table: PacketTable, session: AnalysisSession
) -> None:
    """Rows that arrive do not move the view, and the first one is selected in the end, unless one was chosen."""
    table.stay()
    grow(table, session, 300)
    qtbot.wait(200)
    assert not table.following
    assert table.verticalScrollBar().value() == 0
    told: list[object] = []
    table.packet_selected.connect(told.append)
    table.choose_first()
    assert told[-1] == 0
    assert table.current_id() == 0
    assert table.selected_ids().tolist() == [0]
    table.go_to_row(5)
    table.choose_first()
    assert table.current_id() == 5


def test_a_layout_of_fewer_columns_hides_no_newer_one(table: PacketTable) -> None:
    """Saved by a version that had fewer: those that came since have a width when they are asked for."""
    older = QTableView()
    older.setModel(QStandardItemModel(0, len(Column) - 1))
    for column in range(9, len(Column) - 1):
        older.hideColumn(column)
    table.header.restore(older.horizontalHeader().saveState(), ["COMMENT=shown"])
    assert Column.COMMENT in table.header.shown_columns()
    assert table.columnWidth(Column.COMMENT) >= 40
    for column in table.header.shown_columns():
        assert table.columnWidth(column) >= 40
    older.deleteLater()
