"""`ui.sort_controller`: rows in another order, found in a thread; selection, new packets, filters and evictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from tests.helpers.traffic import decoded, detection_of, session_with
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.log import CHUNK_ROWS
from trafficdesk.ui.filter_controller import FilterController
from trafficdesk.ui.models.packet_page import Column
from trafficdesk.ui.models.packet_table_model import PacketTableModel
from trafficdesk.ui.panels.packet_table import PacketTable
from trafficdesk.ui.panels.sort_note import SortNote
from trafficdesk.ui.sort_controller import SortController
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from trafficdesk.session import AnalysisSession


class Stage:
    """A table that can be sorted."""

    def __init__(self, qtbot: QtBot, rows: int, capacity: int = 200_000) -> None:
        self.session: AnalysisSession = session_with(rows, capacity)
        self.model = PacketTableModel(self.session, LIGHT, ("Unusual", "Port scan"))
        # It looks at every cell after every reset: minutes for a long log.
        self.tester = (
            QAbstractItemModelTester(self.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
            if rows < 1_000
            else None
        )
        self.table = PacketTable(self.model, LIGHT)
        self.note = SortNote()
        self.sorting = SortController(self.model, self.note)
        self.display = FilterController(self.session, self.model)
        for widget in (self.table, self.note):
            qtbot.addWidget(widget)
        self.table.resize(900, 400)
        self.table.show()
        qtbot.waitExposed(self.table)
        self.table.header.sectionClicked.connect(self.sorting.toggle)

    def grow(self, rows: int) -> None:
        batch = decoded(rows, self.session.log.end_id)
        leaving = self.session.log.rows_evicted_by(rows)
        if leaving:
            self.display.evict_before(self.session.log.first_id + leaving)
        self.session.ingest(batch)
        self.display.ingested(batch)
        self.display.tell()

    @property
    def shown(self) -> list[int]:
        return self.model.ids().tolist()

    @property
    def lengths(self) -> list[int]:
        return self.session.log.column("length", self.model.ids()).tolist()


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    return Stage(qtbot, 500)


def title(stage: Stage, column: Column) -> str:
    return str(stage.model.headerData(column, Qt.Orientation.Horizontal))


def test_clicks_ask_for_ascending_descending_and_the_capture(stage: Stage) -> None:
    """Three clicks on one head, each said in the head and beneath the table."""
    stage.table.header.sectionClicked.emit(int(Column.LENGTH))
    assert stage.lengths == sorted(stage.lengths)
    assert title(stage, Column.LENGTH) == "Length ↑"
    assert stage.note.words == "Sorted by Length, ascending"
    stage.table.header.sectionClicked.emit(int(Column.LENGTH))
    assert stage.lengths == sorted(stage.lengths, reverse=True)
    assert title(stage, Column.LENGTH) == "Length ↓"
    stage.table.header.sectionClicked.emit(int(Column.LENGTH))
    assert stage.shown == list(range(500))
    assert title(stage, Column.LENGTH) == "Length"
    assert stage.note.words == ""


def test_cells_and_marks_are_those_of_the_sorted_packets(stage: Stage) -> None:
    """Each row tells of one packet, in every column."""
    stage.session.apply(detection_of(0, 500, unusual=(77,)))
    stage.sorting.sort(Column.SCORE, descending=True)
    assert stage.model.packet_id(0) == 77
    assert stage.model.text(0, Column.NUMBER) == "78"
    assert stage.model.mark(0).flagged
    assert not stage.model.mark(1).flagged
    assert stage.model.row_of(77) == 0


def test_selection_and_current_packet_stay(stage: Stage) -> None:
    """The same packets are selected after sorting and after going back; nobody is told of another one."""
    stage.table.select_ids(np.array([10, 11, 200]))
    told: list[object] = []
    stage.table.packet_selected.connect(told.append)
    stage.sorting.sort(Column.LENGTH, descending=True)
    assert stage.table.selected_ids().tolist() == [10, 11, 200]
    assert stage.table.current_id() == 10
    stage.sorting.unsort()
    assert stage.table.selected_ids().tolist() == [10, 11, 200]
    assert set(told) <= {10}


def test_new_packets_wait_and_are_counted(stage: Stage) -> None:
    """Rows do not move under a person's eyes; a button sorts in what came."""
    stage.sorting.sort(Column.LENGTH, descending=False)
    stage.grow(40)
    assert stage.model.rowCount() == 500
    assert stage.model.chosen_ids().tolist() == list(range(540))
    assert "40 new packets" in stage.note.words
    stage.note.again.click()
    assert stage.model.rowCount() == 540
    assert stage.lengths == sorted(stage.lengths)
    assert stage.model.held == 0
    stage.grow(5)
    stage.note.back.click()
    assert stage.shown == list(range(545))


def test_following_the_newest_ends_the_sorting(stage: Stage) -> None:
    """The newest packet is at the end of the capture's order alone."""
    stage.sorting.sort(Column.LENGTH, descending=False)
    assert not stage.table.following
    stage.grow(3)
    stage.table.follow()
    assert stage.shown == list(range(503))
    assert stage.note.words == ""
    assert stage.table.following


def test_a_filter_is_sorted_too(qtbot: QtBot, stage: Stage) -> None:
    """What a filter chooses comes in the order asked for, and so does everything when it goes."""
    stage.sorting.sort(Column.LENGTH, descending=True)
    stage.display.apply(compile_filter("udp"))
    qtbot.waitUntil(lambda: not stage.display.searching)
    assert 0 < stage.model.rowCount() < 500
    assert stage.lengths == sorted(stage.lengths, reverse=True)
    stage.display.apply(None)
    assert stage.model.rowCount() == 500
    assert stage.lengths == sorted(stage.lengths, reverse=True)


def test_evicted_packets_leave_the_sorted_rows(qtbot: QtBot) -> None:
    """They stand anywhere; the others keep their order, the current packet its place."""
    stage = Stage(qtbot, CHUNK_ROWS + 100, capacity=2 * CHUNK_ROWS)
    stage.sorting.sort(Column.LENGTH, descending=False)
    qtbot.waitUntil(lambda: stage.model.sorted_by is not None)
    stage.table.select_ids(np.array([CHUNK_ROWS + 50]))
    stage.grow(CHUNK_ROWS)
    assert stage.session.log.first_id == CHUNK_ROWS
    assert sorted(stage.shown) == list(range(CHUNK_ROWS, CHUNK_ROWS + 100))
    assert stage.lengths == sorted(stage.lengths)
    assert stage.table.current_id() == CHUNK_ROWS + 50


def test_a_long_log_is_sorted_in_a_thread(qtbot: QtBot) -> None:
    """The window goes on; what left or came meanwhile is where it belongs; the last wish wins."""
    stage = Stage(qtbot, 70_000)
    stage.sorting.sort(Column.INFO, descending=False)
    assert stage.sorting.busy
    assert stage.model.sorted_by is None
    assert "Sorting by Info" in stage.note.words
    stage.sorting.sort(Column.LENGTH, descending=True)
    stage.grow(10)
    qtbot.waitUntil(lambda: not stage.sorting.busy and stage.model.sorted_by is not None)
    assert stage.model.sorted_by == (Column.LENGTH, True)
    assert stage.lengths == sorted(stage.lengths, reverse=True)
    assert stage.model.rowCount() + stage.model.held == 70_010
    stage.sorting.shut_down()


def test_a_new_capture_ends_what_was_being_sorted(qtbot: QtBot) -> None:
    """An order of rows that are gone is not shown."""
    stage = Stage(qtbot, 70_000)
    stage.sorting.sort(Column.INFO, descending=False)
    stage.session.begin()
    stage.display.capture_began()
    stage.sorting.unsort()
    qtbot.waitUntil(lambda: not stage.sorting.busy)
    stage.grow(10)
    assert stage.shown == list(range(10))
    assert stage.model.sorted_by is None
