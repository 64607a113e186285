"""`ui.models.sheet_model`: Qt's contract, order, and a selection that stays on what was selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QItemSelectionModel, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester

from trafficdesk.metrics.sheets import Form, Naming, Sheet, SheetColumn, keys_of, texts
from trafficdesk.packets.address import pack_address
from trafficdesk.ui.models.sheet_model import SheetModel
from trafficdesk.ui.panels.sheet_table import SheetTable

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

ASCENDING, DESCENDING = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


def sheet_of(numbers: list[int], values: list[float] | None = None) -> Sheet:
    """One row per number: its name, the number, and a rate."""
    column = np.array(numbers, np.int64)
    rates = np.array(values if values is not None else numbers, float)
    return Sheet(
        (
            SheetColumn("name", "Name", Form.TEXT, texts([f"row {number}" for number in numbers])),
            SheetColumn("count", "Count", Form.COUNT, column),
            SheetColumn("rate", "Rate", Form.BITS_PER_S, rates),
        ),
        keys_of((column,)),
        lambda row: f"frame.number == {numbers[row]}",
    )


def shown(model: SheetModel, column: int = 1) -> list[str]:
    return [model.text(row, column) for row in range(model.rowCount())]


def test_every_change_keeps_qts_contract(qtbot: QtBot) -> None:
    """Fresh, newer, longer, shorter and sorted sheets announce themselves as Qt demands."""
    model = SheetModel()
    _tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_sheet(sheet_of([3, 1, 2]))
    model.sort(1, DESCENDING)
    model.set_sheet(sheet_of([5, 3, 1, 2, 4]), newer=True)
    assert shown(model) == ["5", "4", "3", "2", "1"]
    model.sort(0, ASCENDING)
    model.set_sheet(sheet_of([9, 5]), newer=True)
    model.set_sheet(sheet_of([]), newer=True)
    model.set_sheet(sheet_of([7]), newer=True)
    model.set_sheet(None)
    assert model.rowCount() == 0


def test_a_held_index_follows_its_row(qtbot: QtBot) -> None:
    """Through sorting and through newer sheets in any order."""
    model = SheetModel()
    model.set_sheet(sheet_of([30, 10, 20]))
    held = QPersistentModelIndex(model.index(1, 0))
    model.sort(1, DESCENDING)
    assert held.data() == "row 10"
    random = np.random.default_rng(1)
    for count in range(4, 60):
        numbers = random.permutation(np.append(np.arange(count) * 10, 0)[1:] + 10)
        model.set_sheet(sheet_of(numbers.tolist()), newer=True)
        assert held.isValid()
        assert held.data() == "row 10"


def test_unknown_values_sort_and_show_as_nothing(qtbot: QtBot) -> None:
    """NaN is an empty cell, and never hides a number from its place."""
    model = SheetModel()
    model.set_sheet(sheet_of([1, 2, 3], [5e6, float("nan"), 1.0]))
    model.sort(2, ASCENDING)
    assert shown(model, 2) == ["1 bit/s", "5.00 Mbit/s", ""]


def test_addresses_sort_by_number(qtbot: QtBot) -> None:
    """9.9.9.9 before 10.0.0.1, and IPv6 after IPv4."""
    addresses = ["10.0.0.1", "2001:db8::1", "9.9.9.9", "192.168.1.1"]
    words = np.frombuffer(b"".join(map(pack_address, addresses)), np.uint64).reshape(-1, 2)
    column = SheetColumn("address", "Address", Form.IP, words)
    model = SheetModel()
    model.set_sheet(Sheet((column,), keys_of((words,)), lambda _row: ""))
    model.sort(0, ASCENDING)
    assert shown(model, 0) == ["9.9.9.9", "10.0.0.1", "192.168.1.1", "2001:db8::1"]


def test_selection_stays_and_copies_with_a_header(qtbot: QtBot) -> None:
    """What is selected is copied, after newer numbers came in another order."""
    table = SheetTable("Test")
    qtbot.addWidget(table)
    table.show_sheet(sheet_of([1, 2, 3]), newer=False, sorted_by="count")
    row = [table.sheets.text(row, 0) for row in range(3)].index("row 2")
    flags = QItemSelectionModel.SelectionFlag
    table.selectionModel().select(table.sheets.index(row, 0), flags.ClearAndSelect | flags.Rows)
    table.show_sheet(sheet_of([8, 2, 3, 1]), newer=True, sorted_by="count")
    table.copy_rows()
    from PySide6.QtGui import QGuiApplication

    assert QGuiApplication.clipboard().text() == "Name\tCount\tRate\nrow 2\t2\t2.0\n"


def test_a_click_sorts_numbers_from_the_largest(qtbot: QtBot) -> None:
    """A second click turns the order round; the head says which way."""
    table = SheetTable("Test")
    qtbot.addWidget(table)
    table.show_sheet(sheet_of([2, 3, 1]), newer=False)
    table.horizontalHeader().sectionClicked.emit(1)
    assert shown(table.sheets) == ["3", "2", "1"]
    assert str(table.sheets.headerData(1, Qt.Orientation.Horizontal)).endswith("↓")
    table.horizontalHeader().sectionClicked.emit(1)
    assert shown(table.sheets) == ["1", "2", "3"]
    assert table.sheets.filter_of(0) == "frame.number == 1"


def test_what_is_copied_is_text(qtbot: QtBot) -> None:
    """No name that a packet told becomes a formula, a cell or a line of its own."""
    named = Naming(["", "=cmd()\tx", "+1\n2"].__getitem__, str)
    column = SheetColumn("host", "Host name", Form.NAMED, np.array([0, 1, 2]), named)
    count = SheetColumn("count", "Count", Form.COUNT, np.array([5, 6, 7]))
    table = SheetTable("a test")
    qtbot.addWidget(table)
    table.show_sheet(Sheet((column, count), keys_of((count.values,)), lambda _row: ""), newer=False)
    table.copy_rows()
    assert QGuiApplication.clipboard().text() == "Host name\tCount\n\t5\n'=cmd()\\tx\t6\n'+1\\n2\t7\n"


def test_rows_without_a_value_stand_last_either_way(qtbot: QtBot) -> None:
    """Of numbers, texts and names."""
    model = SheetModel()
    model.set_sheet(sheet_of([1, 2, 3], [2.0, float("nan"), 1.0]))
    model.sort(2, ASCENDING)
    assert shown(model) == ["3", "1", "2"]
    model.sort(2, DESCENDING)
    assert shown(model) == ["1", "3", "2"]
