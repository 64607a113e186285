"""The page of statistics and its controller: what is counted, shown, limited, filtered by and exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QObject

from tests.helpers.crafted import a_batch
from tests.helpers.traffic import decoded, session_with
from trafficdesk.metrics.conversations import Kind
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.identities import Host, NameSource
from trafficdesk.packets.log import CHUNK_ROWS
from trafficdesk.session import AnalysisSession
from trafficdesk.ui.models.packet_table_model import PacketTableModel
from trafficdesk.ui.panels.statistics import StatisticsPage
from trafficdesk.ui.statistics_controller import StatisticsController
from trafficdesk.ui.statistics_menu import StatisticsMenu
from trafficdesk.ui.statistics_request import Tab
from trafficdesk.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot


class Room(QObject):
    """A session, its table's model, the page and its controller."""

    def __init__(self, session: AnalysisSession) -> None:
        super().__init__()
        self.session = session
        self.model = PacketTableModel(session, LIGHT, ("Unusual",), self)
        self.page = StatisticsPage(LIGHT)
        self.controller = StatisticsController(session, self.model, self.page, lambda: (125.0, 2.0), self)


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    made = Room(session_with(3_000))
    qtbot.addWidget(made.page)
    made.controller.set_looked_at(True)
    yield made
    made.controller.shut_down()


def settled(qtbot: QtBot, room: Room) -> None:
    """Until nothing is being counted."""
    room.controller.refresh()
    qtbot.waitUntil(lambda: not room.controller.busy, timeout=20_000)


def total(room: Room, name: str = "packets") -> int:
    table = room.page.table
    assert table is not None
    assert table.sheets.sheet is not None
    column = next(column for column in table.sheets.sheet.columns if column.name == name)
    return int(column.values.sum())


def test_every_tab_shows_a_table(qtbot: QtBot, room: Room) -> None:
    """Each tab, each kind of conversation, in both themes."""
    room.page.show()
    for tab in Tab:
        for kind in Kind:
            room.page.choose(tab, kind)
            settled(qtbot, room)
            table = room.page.table
            assert table is None or table.sheets.rowCount() > 0 or tab in {Tab.CONVERSATIONS, Tab.ENDPOINTS}
    room.page.apply_theme(DARK)
    room.page.choose(Tab.CONVERSATIONS, Kind.ETHERNET)
    settled(qtbot, room)
    assert total(room) == 3_000


def test_the_overview_says_the_captures_numbers(qtbot: QtBot, room: Room) -> None:
    """Packets, rate now, unique addresses, top senders."""
    settled(qtbot, room)
    snapshot = room.session.metrics.snapshot()
    tiles = room.page.overview.tiles
    assert tiles["Packets"].text().startswith("3,000")
    assert tiles["Now"].text() == "1.00 kbit/s 2 packets/s"
    assert tiles["IP addresses"].text().startswith(str(snapshot.unique_ip))
    assert room.page.overview.sources.sheets.rowCount() == len(snapshot.top_sources)


def test_what_arrives_later_is_added(qtbot: QtBot, room: Room) -> None:
    """The table grows with the capture; the row selected stays selected."""
    room.page.choose(Tab.CONVERSATIONS, Kind.ETHERNET)
    settled(qtbot, room)
    table = room.page.table
    assert table is not None
    table.selectRow(1)
    text = table.sheets.text(1, 0), table.sheets.text(1, 1)
    room.session.ingest(decoded(500, 3_000))
    settled(qtbot, room)
    assert total(room) == 3_500
    (row,) = table.selected_rows()
    assert (table.sheets.text(row, 0), table.sheets.text(row, 1)) == text


def test_rows_that_left_the_log_are_counted(qtbot: QtBot) -> None:
    """Looked at only at the end, the table covers the whole capture."""
    room = Room(AnalysisSession(2 * CHUNK_ROWS))
    qtbot.addWidget(room.page)
    room.session.begin()
    rows = 20_000
    for number in range(20):
        room.controller.evicting(room.session.log.first_id + room.session.log.rows_evicted_by(rows))
        room.session.ingest(a_batch(rows, first_id=number * rows, source_port=number, destination_port=9))
    assert room.session.log.first_id > 0
    room.page.choose(Tab.CONVERSATIONS, Kind.UDP)
    room.controller.set_looked_at(True)
    settled(qtbot, room)
    assert total(room) == 20 * rows
    assert room.page.table is not None
    assert room.page.table.sheets.rowCount() == 20
    room.controller.shut_down()


def test_limited_to_what_the_filter_shows(qtbot: QtBot, room: Room) -> None:
    """Only those packets are counted, also those that arrive later; without a filter there is nothing to limit to."""
    assert not room.page.limit.isEnabled()
    wanted = compile_filter("udp")
    ids = room.session.log.select(wanted.mask)
    room.model.show(ids)
    room.controller.filter_changed()
    room.page.choose(Tab.LENGTHS)
    room.page.limit.setChecked(True)
    settled(qtbot, room)
    assert total(room) == len(ids)
    more = room.session.ingest(decoded(700, 3_000)).batch
    assert more is not None
    later = more.ids[wanted.mask(more)]
    room.model.append(later)
    settled(qtbot, room)
    assert total(room) == len(ids) + len(later)
    room.model.show_all()
    room.controller.filter_changed()
    settled(qtbot, room)
    assert total(room) == 3_700


def test_another_capture_begins_from_nothing(qtbot: QtBot, room: Room) -> None:
    """Nothing of the former one is left in the tables."""
    room.page.choose(Tab.CONVERSATIONS, Kind.ETHERNET)
    settled(qtbot, room)
    room.session.begin()
    room.controller.begin()
    room.session.ingest(decoded(40))
    settled(qtbot, room)
    assert total(room) == 40


def test_a_row_becomes_a_filter_for_its_packets(qtbot: QtBot, room: Room) -> None:
    """For every kind: the filter of a row lets through as many packets as the row counts."""
    for kind in Kind:
        room.page.choose(Tab.CONVERSATIONS, kind)
        settled(qtbot, room)
        sheet = room.page.table.sheets.sheet  # type: ignore[union-attr]
        packets = next(column for column in sheet.columns if column.name == "packets")
        for row in range(min(len(sheet), 5)):
            shown = room.session.log.select(compile_filter(sheet.filter_of(row)).mask)
            assert len(shown) >= packets.values[row]
            if kind is not Kind.TCP:  # the same ports may carry several conversations
                assert len(shown) == packets.values[row], sheet.filter_of(row)


def test_the_menu_offers_copy_filter_and_export(qtbot: QtBot, room: Room) -> None:
    """Choosing "Selected" asks for the row's filter."""
    room.page.choose(Tab.ENDPOINTS, Kind.IPV4)
    settled(qtbot, room)
    menu = StatisticsMenu(room.page, lambda: "udp", room)
    table = room.page.table
    assert table is not None
    built = menu.build(table, table.sheets.index(0, 0))
    submenu = next(action.menu() for action in built.actions() if action.text() == "Apply as filter")
    choices = {action.text(): action for action in submenu.actions()}
    with qtbot.waitSignal(menu.filter_wanted) as wanted:
        choices["… and selected"].trigger()
    assert wanted.args == [f"(udp) && ({table.sheets.filter_of(0)})"]


def test_a_table_is_exported_as_it_is_sorted(qtbot: QtBot, room: Room, tmp_path: Path) -> None:
    """Every row with a header, numbers plain."""
    room.page.choose(Tab.ENDPOINTS, Kind.IPV4)
    settled(qtbot, room)
    table = room.page.table
    assert table is not None
    with qtbot.waitSignal(room.controller.exported) as done:
        room.controller.export(tmp_path / "ends.csv")
    lines = (tmp_path / "ends.csv").read_text().splitlines()
    assert done.args[0] == table.sheets.rowCount() == len(lines) - 1
    assert lines[0].startswith("address,packets,bytes,")
    octets = [int(line.split(",")[2]) for line in lines[1:]]
    assert octets == sorted(octets, reverse=True)
    with qtbot.waitSignal(room.controller.failed):
        room.controller.export(tmp_path / "missing" / "ends.csv")


def test_lengths_are_drawn(qtbot: QtBot, room: Room) -> None:
    """The chart comes with its tab and says its bars to a screen reader."""
    room.page.choose(Tab.LENGTHS)
    settled(qtbot, room)
    assert room.page.chart is not None
    assert "40-79 bytes: " in room.page.chart.accessibleDescription()
    assert np.array_equal(
        room.page.table.sheets.sheet.columns[1].values.sum(),  # type: ignore[union-attr]
        3_000,
    )


def test_an_address_becomes_a_filter_of_its_own(qtbot: QtBot, room: Room) -> None:
    """Beside its conversation's; for every kind it lets all packets of that address through."""
    menu = StatisticsMenu(room.page, lambda: "", room)
    for kind in Kind:
        room.page.choose(Tab.CONVERSATIONS, kind)
        settled(qtbot, room)
        table = room.page.table
        assert table is not None
        built = menu.build(table, table.sheets.index(0, 0))
        assert [action.text() for action in built.actions()].count("Apply address as filter") == 1
        expression = table.sheets.address_filter(0, 0)
        asked = room.session.log.select(compile_filter(expression).mask)
        of_row = room.session.log.select(compile_filter(table.sheets.filter_of(0)).mask)
        assert set(of_row) <= set(asked)
        built = menu.build(table, table.sheets.index(0, table.sheets.columnCount() - 1))
        assert "Apply address as filter" not in [action.text() for action in built.actions()]


def test_names_that_come_late_are_shown_though_nothing_else_came(qtbot: QtBot, room: Room) -> None:
    """Of all packets, and of those that a filter shows."""
    log = room.session.log
    room.model.show(log.select(compile_filter("udp").mask))
    room.controller.filter_changed()
    room.page.choose(Tab.CONVERSATIONS, Kind.UDP)
    for limited in (False, True):
        room.page.limit.setChecked(limited)
        settled(qtbot, room)
        name = f"late{limited:d}.example"
        ids = log.select(compile_filter("udp").mask)
        number = log.identities.hosts.number(Host(name, NameSource.MDNS))
        log.update_analysis("host", ids, np.full(len(ids), number, np.uint32))
        room.controller.identified()
        settled(qtbot, room)
        table = room.page.table
        assert table is not None
        assert table.sheets.sheet is not None
        column = next(column for column in table.sheets.sheet.columns if column.name == "host")
        assert {column.plain(row) for row in range(len(table.sheets.sheet))} == {name}
