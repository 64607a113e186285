"""`metrics.whose`: whose the rows of a table are, from the programs and names of their packets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.named import CLIENT, SERVER, answer, batch_of, client_hello, multicast_answer, tcp, udp
from trafficdesk.export.sheet_json import objects
from trafficdesk.identity import Identity
from trafficdesk.metrics.conversations import Kind
from trafficdesk.metrics.table_feed import TableFeed
from trafficdesk.metrics.tables import TrafficTables
from trafficdesk.metrics.traffic_sheets import conversation_sheet, endpoint_sheet
from trafficdesk.metrics.whose import joined, several
from trafficdesk.packets.address import pack_address
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.identities import Certainty, Program
from trafficdesk.packets.log import PacketLog

if TYPE_CHECKING:
    from trafficdesk.metrics.sheets import Sheet, SheetColumn

ROWS = 4
Told = list[tuple[int, int, int]]
TOLD = st.lists(st.tuples(st.integers(-1, ROWS - 1), st.integers(0, 3), st.integers(1, 50)))
"""Row, number, bytes."""


def _expected(told: Told) -> list[list[int]]:
    sums: list[dict[int, int]] = [defaultdict(int) for _ in range(ROWS)]
    for row, number, octets in told:
        if row >= 0 and number:
            sums[row][number] += octets
    return [sorted(row, key=lambda number: (-row[number], number)) for row in sums]


def _several(told: Told):
    columns = np.array(told, np.int64).reshape(-1, 3)
    return several(columns[:, 0], columns[:, 1], columns[:, 2], ROWS)


@given(TOLD, TOLD)
def test_every_row_has_its_numbers_the_heaviest_first(first: Told, second: Told) -> None:
    """As dictionaries have it; joined, too."""
    one, other = _several(first), _several(second)
    assert [one.of(row) for row in range(ROWS)] == _expected(first)
    assert one.first(ROWS).tolist() == [(*numbers, 0)[0] for numbers in _expected(first)]
    both = joined((one, other), ROWS)
    assert [both.of(row) for row in range(ROWS)] == _expected(first + second)


@given(TOLD, st.lists(st.integers(-1, ROWS - 1), min_size=ROWS, max_size=ROWS))
def test_rows_become_parts_of_others(told: Told, groups: list[int]) -> None:
    """What they have goes with them."""
    regrouped = _several(told).regrouped(np.array(groups), ROWS)
    moved = [(groups[row] if row >= 0 else -1, number, octets) for row, number, octets in told]
    assert [regrouped.of(row) for row in range(ROWS)] == _expected(moved)


class Capture:
    """A log that is counted as the window counts it."""

    def __init__(self) -> None:
        self.log = PacketLog()
        self.identity = Identity(self.log.identities)
        self.tables = TrafficTables(identities=self.log.identities)
        self._feed = TableFeed(self.log)

    def take(self, *frames: bytes, program: str = "") -> None:
        batch = self.identity.identify(batch_of(*frames, first_id=self.log.end_id))
        if program and batch.identity is not None:
            number = self.log.identities.programs.number(Program(program, 4242, Certainty.SEEN))
            programs = np.full(len(batch), number, np.uint16)
            batch = replace(batch, identity=replace(batch.identity, program=programs))
        self.log.append(batch)

    def count(self) -> TrafficTables:
        for batch in self._feed.take(1_000):
            self.tables.add(batch)
        return self.tables.tell(self.log)

    def conversations(self, kind: Kind) -> Sheet:
        return conversation_sheet(self.count().conversations(kind), 0, self.log.identities)

    def endpoints(self, kind: Kind) -> Sheet:
        return endpoint_sheet(self.count().endpoints(kind), self.log.identities)


def _column(sheet: Sheet, name: str) -> SheetColumn:
    return next(column for column in sheet.file_columns if column.name == name)


def _texts(sheet: Sheet, name: str) -> list[object]:
    return [_column(sheet, name).plain(row) for row in range(len(sheet))]


def _row(sheet: Sheet, address: str) -> int:
    return _texts(sheet, "address").index(address)


def test_a_conversation_has_its_program_and_its_peers_name() -> None:
    """With what tells so, and as a filter that lets its packets through."""
    capture = Capture()
    capture.identity.set_own(np.frombuffer(pack_address(CLIENT), "V16"))
    hello = tcp(CLIENT, SERVER, payload=client_hello("shop.example"), flags="PA")
    capture.take(
        tcp(CLIENT, SERVER, flags="S"), tcp(SERVER, CLIENT, (443, 50_000), flags="SA"), program="curl"
    )
    capture.take(hello, tcp(CLIENT, SERVER), program="curl")
    sheet = capture.conversations(Kind.TCP)
    assert [column.name for column in sheet.columns][4:6] == ["program", "host"]
    assert _texts(sheet, "program") == ["curl"]
    assert _texts(sheet, "program_source") == ["seen"]
    assert _texts(sheet, "host") == ["shop.example"]
    assert _texts(sheet, "host_source") == ["TLS SNI"]
    naming = _column(sheet, "program").naming
    assert naming is not None
    assert naming.tip(0) == "curl (seen, pid 4242)"
    wanted = compile_filter(naming.filter_of(0), identities=capture.log.identities)
    assert capture.log.select(wanted.mask).tolist() == [0, 1, 2, 3]
    assert objects(sheet, "bytes")["rows"][0]["host_source"] == "TLS SNI"


def test_pairs_and_endpoints_have_the_names_of_all_their_flows() -> None:
    """The heaviest first; an endpoint has a name where it was the peer, not those of whom it talked with."""
    capture = Capture()
    for port, name in ((50_000, "light.example"), (50_001, "heavy.example")):
        capture.take(
            tcp(CLIENT, SERVER, (port, 443), flags="S"),
            tcp(CLIENT, SERVER, (port, 443), client_hello(name), flags="PA"),
            *[tcp(CLIENT, SERVER, (port, 443), bytes(900))] * (port - 49_999),
        )
    pairs = capture.conversations(Kind.IPV4)
    assert [column.name for column in pairs.columns][2:3] == ["host"]  # a file knows no programs
    assert _texts(pairs, "host") == ["heavy.example, light.example"]
    naming = _column(pairs, "host").naming
    assert naming is not None
    assert naming.filter_of(0) == 'td.host == "heavy.example" || td.host == "light.example"'
    ends = capture.endpoints(Kind.IPV4)
    assert _column(ends, "host").plain(_row(ends, SERVER)) == "heavy.example, light.example"
    assert _column(ends, "host").plain(_row(ends, CLIENT)) is None
    assert _texts(capture.conversations(Kind.ETHERNET), "packets") == [7]


def test_many_names_are_cut_and_counted() -> None:
    """Three in the cell, all in the tooltip; a filter for all that it can name."""
    capture = Capture()
    for port in range(5):
        hello = client_hello(f"{port}.example")
        capture.take(
            tcp(CLIENT, SERVER, (50_000 + port, 443), flags="S"),
            tcp(CLIENT, SERVER, (50_000 + port, 443), hello, flags="PA"),
        )
    sheet = capture.conversations(Kind.IPV4)
    assert _texts(sheet, "host") == ["0.example, 1.example, 2.example +2"]
    naming = _column(sheet, "host").naming
    assert naming is not None
    assert len(naming.tip(0).splitlines()) == 5


def test_what_becomes_known_later_is_told() -> None:
    """Of conversations that were counted without a name, from their newest row."""
    capture = Capture()
    capture.take(udp(CLIENT, SERVER), udp(CLIENT, SERVER))
    assert _texts(capture.conversations(Kind.UDP), "host") == [None]
    number = capture.log.identities.hosts.number(_host("late.example"))
    capture.log.update_analysis("host", np.array([0, 1]), np.array([number] * 2, np.uint32))
    assert _texts(capture.conversations(Kind.UDP), "host") == ["late.example"]


def test_sorting_by_name_leaves_the_nameless_last() -> None:
    """In both directions."""
    capture = Capture()
    capture.take(
        answer("b.example", ("b.example", "203.0.113.2")),
        answer("a.example", ("a.example", "203.0.113.3")),
        multicast_answer(("printer.local", "192.168.1.40")),
        udp(CLIENT, "203.0.113.2"),
        udp(CLIENT, "203.0.113.3"),
        udp(CLIENT, "203.0.113.4"),
    )
    sheet = capture.endpoints(Kind.IPV4)
    host = _column(sheet, "host")
    for descending in (False, True):
        names = [host.plain(row) for row in host.sorted_rows(descending=descending).tolist()]
        known = [str(name) for name in names if name is not None]
        assert known == sorted(known, reverse=descending)
        assert {"a.example", "b.example"} <= set(known)
        assert names[: len(known)] == known


def _host(name: str):
    from trafficdesk.packets.identities import Host, NameSource

    return Host(name, NameSource.DNS)
