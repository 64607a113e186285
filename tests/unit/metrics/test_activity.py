"""`metrics.activity`: the most active addresses, whose they are, what was flagged and what a list has of them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.named import CLIENT, answer, batch_of, tcp, udp
from tests.helpers.traffic import detection_of
from trafficdesk.metrics.activity import flags_of, most_active
from trafficdesk.metrics.activity_sheet import activity_sheet
from trafficdesk.metrics.tables import TrafficTables
from trafficdesk.packets.address import address_text
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.session import AnalysisSession
from trafficdesk.threats import Matching
from trafficdesk.threats.threat_list import list_of

if TYPE_CHECKING:
    from trafficdesk.metrics.sheets import Sheet

BAD, SIX, NAMED = "203.0.113.7", "2001:db8::7", "198.51.100.4"


@pytest.fixture
def session() -> AnalysisSession:
    """A named server, a listed address, a listed name, IPv6, and somebody who talks with himself."""
    session = AnalysisSession(200_000)
    session.begin()
    one = list_of(f"{BAD}\nbad.example\n".encode(), name="own", path=Path("own.txt"), modified_s=1)
    session.log.identities.matching = Matching([one])
    frames = [
        answer("x.bad.example", ("x.bad.example", NAMED)),
        *(tcp(CLIENT, NAMED, (40_000 + number, 443), b"y" * 50) for number in range(5)),
        *(tcp(CLIENT, BAD, (41_000, 443), b"y" * number) for number in range(3)),
        *(udp("2001:db8::1", SIX, (50_000, 53)) for _ in range(4)),
        udp("192.168.1.77", "192.168.1.77"),
    ]
    session.ingest(session.identifier.identify(batch_of(*frames)))
    session.next_for_analysis()
    session.apply(detection_of(0, len(frames), family=(6, 7), unusual=(10,)))
    return session


def sheet_of(session: AnalysisSession, most: int = 1_000, ids: np.ndarray | None = None) -> Sheet:
    tables = TrafficTables(identities=session.log.identities)
    for batch in session.log.batches():
        tables.add(batch)
    tables.tell(session.log)
    activity = most_active(tables, flags_of(session.log, ids), most=most)
    return activity_sheet(activity, tables.first_ns, session.log.identities)


def rows_of(sheet: Sheet) -> dict[str, dict[str, object]]:
    names = [column.name for column in sheet.file_columns]
    found = [
        {name: column.plain(row) for name, column in zip(names, sheet.file_columns, strict=True)}
        for row in range(len(sheet))
    ]
    return {str(row["address"]): row for row in found}


def test_sums_are_those_of_the_packets(session: AnalysisSession) -> None:
    """Packets, bytes, first and last, counted one by one; who talks with himself has sent and received, as in the endpoints' table."""
    log = session.log
    ids = np.arange(log.end_id)
    packets, octets, times = defaultdict(int), defaultdict(int), defaultdict(list)
    ends = [
        [address_text(one.tobytes()) for one in log.column(side, ids)] for side in ("source", "destination")
    ]
    for source, destination, length, at in zip(
        *ends, log.column("length", ids).tolist(), log.column("timestamp_ns", ids).tolist(), strict=True
    ):
        for address in (source, destination):
            packets[address] += 1
            octets[address] += length
            times[address].append(at)
    rows = rows_of(sheet_of(session))
    assert rows.keys() == packets.keys()
    began = min(map(min, times.values()))
    for address, row in rows.items():
        assert (row["packets"], row["bytes"]) == (packets[address], octets[address])
        assert row["first_s"] == pytest.approx((min(times[address]) - began) / 1e9)
        assert row["last_s"] == pytest.approx((max(times[address]) - began) / 1e9)


def test_names_flags_and_hits(session: AnalysisSession) -> None:
    """A name that is on a list blames its address, not the resolver that told it."""
    rows = rows_of(sheet_of(session))
    assert rows[NAMED]["host"] == "x.bad.example"
    assert {address: row["threat_entry"] for address, row in rows.items() if row["threat_list"]} == {
        NAMED: "bad.example",
        BAD: BAD,
    }
    assert {address: row["flagged"] for address, row in rows.items() if row["flagged"]} == {
        CLIENT: 2, BAD: 2, SIX: 1, "2001:db8::1": 1,
    }  # fmt: skip


def test_flags_of_chosen_packets_alone(session: AnalysisSession) -> None:
    """Limited to what the display filter shows."""
    rows = rows_of(sheet_of(session, ids=np.array([5, 6, 9], np.int64)))
    assert {address: row["flagged"] for address, row in rows.items() if row["flagged"]} == {CLIENT: 1, BAD: 1}


def test_the_first_by_any_measure_and_listed_ones_are_kept(session: AnalysisSession) -> None:
    """However few are asked for."""
    rows = rows_of(sheet_of(session, most=1))
    assert {CLIENT, BAD, NAMED} <= rows.keys()
    assert "192.168.1.77" not in rows


def test_a_row_becomes_a_filter(session: AnalysisSession) -> None:
    """Of the address, in either version."""
    sheet = sheet_of(session)
    addresses = [str(sheet.columns[0].plain(row)) for row in range(len(sheet))]
    for address, count in ((SIX, 4), (BAD, 3)):
        expression = sheet.filter_of(addresses.index(address))
        chosen = compile_filter(expression, (), session.log.identities)
        assert len(session.log.select(chosen.mask)) == count


def test_nothing_is_an_empty_sheet() -> None:
    """Before the first packet."""
    session = AnalysisSession(200_000)
    session.begin()
    assert len(sheet_of(session)) == 0
