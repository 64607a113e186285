"""The page of history: what was recorded is asked for off the window's thread, and shown by span, host and incident."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, Signal

from tests.helpers.stored import NOON_S, NS, random_batch
from trafficdesk.capture.spool.ended import ended_capture
from trafficdesk.packets.address import pack_address
from trafficdesk.paths import data_dir
from trafficdesk.settings import HistorySettings, Settings
from trafficdesk.settings.secrets import HistoryPassword
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.history import Span
from trafficdesk.store.keeping import FILE
from trafficdesk.store.migrations import bring_up_to_date
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.rollup import RollUp
from trafficdesk.store.schema import CAPTURE, INCIDENT, NAME, SENSOR
from trafficdesk.ui.history_reader import HistoryReader
from trafficdesk.ui.history_request import HistoryTab, Last
from trafficdesk.ui.history_sheets import gaps_of
from trafficdesk.ui.panels.history import HistoryPage
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

ROWS = 3_000
REASON = {
    "feature": "ports", "value": 212.0, "unit": "", "window_s": 60.0, "usual_high": 6.0,
    "words": "212 ports in 60 s; usually <= 6",
}  # fmt: skip


class _Preferences(QObject):
    changed = Signal(object, object)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings


class Room(QObject):
    """The page and what answers it, an hour and a half after the capture began."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.page = HistoryPage(LIGHT)
        self.preferences = _Preferences(settings)
        self.reader = HistoryReader(
            self.page, self.preferences, HistoryPassword(), self, clock=lambda: NOON_S + 5_400
        )

    def settle(self, qtbot: QtBot) -> None:
        qtbot.waitUntil(lambda: not self.reader.busy, timeout=20_000)


def record() -> None:
    """A capture of five minutes with one incident."""
    (data_dir()).mkdir(parents=True)
    database = Database(file_url(data_dir() / FILE))
    bring_up_to_date(database)
    parcel = Parcel()
    RollUp(7).add(random_batch(ROWS, 1), NOON_S * NS, parcel)
    parcel.add_row(SENSOR, 7, "uid", "desk")
    parcel.add_row(CAPTURE, 7, NOON_S * NS, "eth0", (NOON_S + 300) * NS, ROWS, 1, 0, 0, 0, 0)
    for number, words in ((1, "10.0.0.7 tried 212 ports."), (2, "10.0.0.7 asks for the time.")):
        parcel.add_row(
            INCIDENT, 7, NOON_S * NS, number, "port scan", "10.0.0.7", json.dumps(["10.0.0.9"]),
            (NOON_S + 61 - number) * NS, (NOON_S + 90) * NS, 212, 70, words, json.dumps([REASON]), 1, number == 2,
        )  # fmt: skip
    parcel.add_row(NAME, 7, pack_address("10.0.0.7"), "nas.local", "mDNS", NOON_S * NS, (NOON_S + 9) * NS)
    with database.transaction() as connection:
        parcel.write(database, connection)
    database.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRAFFICDESK_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def room(qtbot: QtBot, home: Path) -> Iterator[Room]:
    record()
    made = Room(Settings())
    qtbot.addWidget(made.page)
    made.reader.set_looked_at(True)
    made.settle(qtbot)
    yield made
    made.reader.shut_down()


def test_a_span_tells_its_hosts(room: Room) -> None:
    """Every packet is counted, each host stands once, the heaviest on top."""
    sheet = room.page.table.sheets
    assert room.page.summary.whole().startswith(f"{ROWS:,} packets")
    assert "1 incident" in room.page.summary.whole()
    assert sheet.rowCount() == 40
    assert sheet.sheet is not None
    order = [int(sheet.sheet.columns[2].values[row]) for row in sheet.order]
    assert order == sorted(order, reverse=True)


@pytest.mark.parametrize("last", [Last.DAY, Last.WEEK, Last.MONTH])
def test_a_young_history_is_drawn_from_its_beginning(room: Room, qtbot: QtBot, last: Last) -> None:
    """Five minutes would be a hair's breadth of a week; every packet is in the chart. A chosen span is drawn whole."""
    room.page.span.set_chosen((last, 0, 0))
    room.page.choose(HistoryTab.CAPTURES)
    room.settle(qtbot)
    given = room.page._given
    assert given is not None
    assert given.snapshot.packets == ROWS
    assert NOON_S - 3_600 <= int(given.snapshot.seconds[0]) < NOON_S
    room.page.span.set_chosen((Last.CUSTOM, NOON_S - 86_400, NOON_S + 86_400))
    room.page.choose(HistoryTab.HOSTS)
    room.settle(qtbot)
    assert int(room.page._given.snapshot.seconds[0]) == NOON_S - 86_400


def test_a_host_is_followed_over_its_month(room: Room, qtbot: QtBot) -> None:
    """Double-clicking it limits all tables to it, and All hosts leads back to the span before."""
    room.page.span.set_chosen((Last.DAY, 0, 0))
    room.page.choose(HistoryTab.CONVERSATIONS)
    room.settle(qtbot)
    everything = room.page.table.sheets.rowCount()
    index = room.page.table.model().index(0, 0)
    host = room.page.table.sheets.text(0, 0)
    room.page.table.activated.emit(index)
    room.settle(qtbot)
    assert room.page.request.host == host
    assert room.page.request.last is Last.MONTH
    shown = room.page.table.sheets
    ends = [(shown.text(row, 0), shown.text(row, 2)) for row in range(shown.rowCount())]
    assert 0 < len(ends) < everything
    assert all(host in end for end in ends)
    room.page.all_hosts.click()
    room.settle(qtbot)
    assert (room.page.request.host, room.page.request.last) == ("", Last.DAY)
    assert room.page.table.sheets.rowCount() == everything


def test_an_incident_is_told_with_its_reasons(room: Room, qtbot: QtBot) -> None:
    """And its packets are asked for by the store's row."""
    room.page.choose(HistoryTab.INCIDENTS)
    room.settle(qtbot)
    room.page.table.clicked.emit(room.page.table.model().index(0, 0))
    assert room.page.story.sentence.text() == "10.0.0.7 tried 212 ports."
    with qtbot.waitSignal(room.page.story.packets_wanted) as wanted:
        room.page.story.packets.click()
    assert wanted.args[0]["start_ns"] == (NOON_S + 60) * NS


def test_what_a_person_expects_is_told_quietly(room: Room, qtbot: QtBot) -> None:
    """An incident that was corrected is in the table and says so; it is neither counted nor marked in the chart."""
    room.page.choose(HistoryTab.INCIDENTS)
    room.settle(qtbot)
    sheets = room.page.table.sheets
    place = [column.name for column in sheets.sheet.columns].index("said")
    assert sorted(sheets.text(row, place) for row in range(sheets.rowCount())) == ["", "expected"]
    assert "1 incident, 1 expected" in room.page.summary.whole()
    assert [one.sentence for one in room.page._given.alerts] == ["10.0.0.7 tried 212 ports."]


def test_hosts_have_their_names(room: Room, qtbot: QtBot) -> None:
    """In the table, and beside the address of the host that is looked at."""
    sheets = room.page.table.sheets
    place = [column.name for column in sheets.sheet.columns].index("name")
    named = {sheets.text(row, 0): sheets.text(row, place) for row in range(sheets.rowCount())}
    assert {address for address, name in named.items() if name} == {"10.0.0.7"}
    assert named["10.0.0.7"] == "nas.local"
    room.page.show_host("10.0.0.7")
    room.settle(qtbot)
    assert "10.0.0.7 (nas.local): " in room.page.summary.whole()


def test_a_table_is_written_as_csv(room: Room, qtbot: QtBot, tmp_path: Path) -> None:
    """As it is sorted, all of its rows."""
    with qtbot.waitSignal(room.reader.exported) as told:
        room.reader.export(tmp_path / "hosts.csv")
    lines = (tmp_path / "hosts.csv").read_text(encoding="utf-8").splitlines()
    assert told.args[0] == 40
    assert len(lines) == 41
    assert lines[0].lstrip("\ufeff").startswith("address,name,bytes,")


def test_an_empty_span_is_said(room: Room, qtbot: QtBot) -> None:
    """With a way to what there is."""
    room.page.span.set_chosen((Last.CUSTOM, NOON_S - 9_000, NOON_S - 8_000))
    room.page.span.changed.emit()
    room.settle(qtbot)
    assert room.page.empty.sentence == "Nothing was recorded in this span."
    room.page.empty.clicked.emit()
    room.settle(qtbot)
    assert room.page.table.sheets.rowCount() == 40


def test_a_server_out_of_reach_is_said(qtbot: QtBot, home: Path) -> None:
    """In a sentence, where the tables would stand; the window does not wait for it."""
    room = Room(Settings(history=HistorySettings(url="mysql+pymysql://desk@127.0.0.1:9/none")))
    qtbot.addWidget(room.page)
    room.reader.set_looked_at(True)
    room.settle(qtbot)
    assert "out of reach" in room.page.empty.sentence
    room.reader.shut_down()


def test_silence_is_told_from_not_looking() -> None:
    """Where no capture ran is a gap; an interface's own gap ends with its capture at the latest."""
    span = Span(1_000, 5_000)
    captures = [{"sensor": 1, "capture": 2_000 * NS, "ended_ns": 3_000 * NS}]
    gap = {"sensor": 1, "capture": 2_000 * NS, "interface": "eth0", "start_ns": 2_900 * NS, "end_ns": 0}
    found = gaps_of([gap | {"reason": "It went down."}], captures, span)
    spans = [(one.start_ns // NS, (one.end_ns or 0) // NS, one.interface) for one in found]
    assert spans == [(2_900, 3_000, "eth0"), (1_000, 2_000, ""), (3_010, 5_000, "")]


def test_a_capture_is_found_by_time(tmp_path: Path) -> None:
    """One that was under way then, if frames of it are kept."""
    folder = tmp_path / "20261121T120000Z"
    folder.mkdir()
    (tmp_path / "else").mkdir()
    began_ns = 1_795_262_400 * NS
    assert ended_capture(tmp_path, began_ns + NS) is None
    (folder / "trafficdesk-00000000-00000003-12.pcapng").write_bytes(b"x")
    found = ended_capture(tmp_path, began_ns + NS)
    assert found is not None
    assert (found.folder, found.frames, found.start_ns) == (folder, 12, began_ns)
    assert ended_capture(tmp_path, began_ns - NS) is None
