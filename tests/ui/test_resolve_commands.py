"""Names instead of addresses: in the packet table, in the statistics, remembered, and never in what is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt

from tests.helpers.named import CLIENT, answer, batch_of, client_hello, multicast_answer, tcp, udp
from trafficdesk.app import Desktop, Options
from trafficdesk.export.packets_csv import rows_bytes
from trafficdesk.metrics.conversations import Kind
from trafficdesk.settings import Settings
from trafficdesk.ui.cell_filter import filter_for_cell
from trafficdesk.ui.models.packet_page import Column
from trafficdesk.ui.statistics_request import Tab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

OUTSIDE, OTHER, PRINTER = "198.51.100.7", "198.51.100.9", "192.168.1.40"
TIP = int(Qt.ItemDataRole.ToolTipRole)
FRAMES = (
    answer("a\u202eb.example", ("a\u202eb.example", OUTSIDE)),
    multicast_answer(("printer.local", PRINTER)),
    tcp(CLIENT, OUTSIDE, flags="S"),
    udp(PRINTER, CLIENT),
    tcp(CLIENT, OTHER, payload=client_hello("shop.example"), flags="PA"),
    udp(CLIENT, "192.168.1.41"),
)


@pytest.fixture
def desktop(qtbot: QtBot, qapp: QApplication) -> Iterator[Desktop]:
    sheet = qapp.styleSheet()
    made = Desktop(qapp, Options(), Settings())
    qtbot.addWidget(made.window)
    made.window.resize(1280, 800)
    made.window.show()
    qtbot.waitExposed(made.window)
    made.session.begin()
    made.session.ingest(made.session.identifier.identify(batch_of(*FRAMES)))
    made.model.show_all()
    made.window.show_capture("a test")
    made.window.page.show_table()
    yield made
    made.shut_down()
    qapp.setStyleSheet(sheet)


def _ends(desktop: Desktop) -> list[tuple[str, str]]:
    model = desktop.model
    return [
        (model.text(row, Column.SOURCE), model.text(row, Column.DESTINATION))
        for row in range(2, model.rowCount())
    ]


def _resolved(qtbot: QtBot, desktop: Desktop) -> None:
    desktop.window.actions_["resolve_names"].trigger()
    qtbot.waitUntil(lambda: _ends(desktop)[0][1] != OUTSIDE, timeout=20_000)


ADDRESSES = [(CLIENT, OUTSIDE), (PRINTER, CLIENT), (CLIENT, OTHER), (CLIENT, "192.168.1.41")]


def test_names_stand_where_addresses_did_and_leave_again(qtbot: QtBot, desktop: Desktop) -> None:
    """By the best evidence, hostile ones escaped; who has no name keeps the address."""
    assert _ends(desktop) == ADDRESSES
    _resolved(qtbot, desktop)
    assert desktop.preferences.settings.view.resolve_names
    assert _ends(desktop) == [
        (CLIENT, desktop.session.log.identities.hosts[1].name),
        ("printer.local", CLIENT),
        (CLIENT, "shop.example"),
        (CLIENT, "192.168.1.41"),
    ]
    assert "\u202e" not in _ends(desktop)[0][1]
    tip = str(desktop.model.index(3, Column.SOURCE).data(TIP))
    assert PRINTER in tip
    assert "mDNS" in tip
    desktop.window.actions_["resolve_names"].trigger()
    assert _ends(desktop) == ADDRESSES


def test_what_is_compared_sorted_and_written_are_addresses(qtbot: QtBot, desktop: Desktop) -> None:
    """Whatever is shown."""
    _resolved(qtbot, desktop)
    log, model = desktop.session.log, desktop.model
    text = model.text(4, Column.DESTINATION)
    assert filter_for_cell(log, 4, Column.DESTINATION, text) == f"ip.dst == {OTHER}"
    menu = desktop.commands._menu.build(model.index(4, Column.DESTINATION), "")
    copied = {action.text(): action.data() for action in menu.actions()}
    assert (copied["Copy value"], copied["Copy address"]) == ("shop.example", OTHER)
    desktop.commands.table.sorting.sort(Column.DESTINATION, descending=False)
    assert model.ids().tolist() == [0, 3, 5, 2, 4, 1]
    batch = log.slice(0, log.end_id)
    written = b"".join(rows_bytes(batch, batch.ids + 1)).decode()
    assert OTHER in written
    assert "printer.local" not in written.splitlines()[3]


def test_names_that_are_told_later_reach_earlier_rows(qtbot: QtBot, desktop: Desktop) -> None:
    """Of every row with that address, also of conversations that ended before."""
    _resolved(qtbot, desktop)
    first = desktop.session.log.end_id
    later = batch_of(multicast_answer(("plotter.local", "192.168.1.41")), first_id=first, at_s=1.0)
    desktop.session.ingest(desktop.session.identifier.identify(later))
    desktop.model.append(np.array([first]))
    desktop.desk.names.settle()
    assert _ends(desktop)[3] == (CLIENT, "plotter.local")


def test_statistics_follow(qtbot: QtBot, desktop: Desktop) -> None:
    """In the tables of addresses; makers' names in those of network cards."""
    page = desktop.window.statistics
    desktop.window.show_statistics()
    desktop.desk.statistics.begin()
    page.choose(Tab.ENDPOINTS, Kind.IPV4)
    table = page.table
    assert table is not None
    qtbot.waitUntil(lambda: table.sheets.rowCount() > 0, timeout=20_000)
    _resolved(qtbot, desktop)
    shown = {table.sheets.text(row, 0) for row in range(table.sheets.rowCount())}
    assert {"printer.local", "shop.example", CLIENT} <= shown
    row = next(row for row in range(table.sheets.rowCount()) if table.sheets.text(row, 0) == "shop.example")
    assert OTHER in str(table.sheets.index(row, 0).data(TIP))
    assert table.sheets.filter_of(row, 0) == f"ip.addr == {OTHER}"
    menu = desktop.desk.later_statistics._commands._menu.build(table, table.sheets.index(row, 0))
    copied = {action.text(): action.data() for action in menu.actions()}
    assert (copied["Copy value"], copied["Copy address"]) == ("shop.example", OTHER)
    host = next(
        number for number in range(table.sheets.columnCount()) if table.sheets.headerData(number, Qt.Orientation.Horizontal) == "Host name"
    )  # fmt: skip
    assert table.sheets.filter_of(row, host) == 'td.host == "shop.example"'
    assert "TLS SNI" in str(table.sheets.index(row, host).data(TIP))


def test_columns_are_as_wide_as_names_unless_somebody_set_them(qtbot: QtBot, desktop: Desktop) -> None:
    """Wider while names are shown, and back; a width that a person gave stays."""
    header = desktop.window.page.table.header
    before = header.sectionSize(Column.SOURCE)
    header.resizeSection(Column.DESTINATION, 77)
    _resolved(qtbot, desktop)
    assert header.sectionSize(Column.SOURCE) > before
    assert header.sectionSize(Column.DESTINATION) == 77
    desktop.window.actions_["resolve_names"].trigger()
    assert header.sectionSize(Column.SOURCE) == before
    assert Column.SCORE in header.shown_columns()
