"""`store.services` and the questions about months: coarser tables say what the fine ones do."""

from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sql

from tests.helpers.stored import NOON_S, random_batch
from tests.unit.store.test_rollup import store
from trafficdesk.packets.address import pack_address
from trafficdesk.packets.identities import Host, Identities, NameSource, RowIdentity
from trafficdesk.store.history import History, Span
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.rollup import RollUp
from trafficdesk.store.schema import CONVERSATION, SERVICE, SERVICE_DAY
from trafficdesk.store.services import OTHERS, Services, service_number, service_ports

HOUR, DAY = 3_600, 86_400
LONG = Span(NOON_S - DAY, NOON_S + 9 * DAY)


def _three_days(database, roll_up=None):
    for day in range(3):
        batch = random_batch(300, day, span_s=9 * HOUR, hosts=12, start_s=NOON_S + day * DAY)
        store(database, batch, 150, roll_up)


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ((50_000, 443), (-1, 443)),
        ((443, 50_000), (443, -1)),
        ((5_353, 5_353), (5_353, 5_353)),
        ((67, 68), (67, 68)),
        ((8_080, 1_900), (-1, 1_900)),
        ((40_000, 60_000), (-1, -1)),
        ((40_000, 40_000), (-1, -1)),
        ((-1, -1), (-1, -1)),
    ],
)
def test_a_clients_port_is_not_told_apart(ports, expected):
    """The greater of two is the client's, unless both are of the system; two ephemeral ones say nothing."""
    assert service_ports(*ports) == expected


def test_long_spans_say_what_short_ones_do(database):
    """Bytes, packets, first and last time by pair of hosts are the same from hours with ports, hours and days."""
    _three_days(database)
    history = History(database)

    def pairs(span, address=None):
        out = {}
        for one in history.conversations(span, address, 100_000):
            known = out.setdefault((one["low"], one["high"], one["ip_protocol"]), [0, 0, 0, 0])
            for at, name in enumerate(("low_packets", "high_packets", "low_bytes", "high_bytes")):
                known[at] += one[name]
        return out

    def added(*spans):
        out = {}
        for span in spans:
            for key, values in pairs(span).items():
                out[key] = [a + b for a, b in zip(out.get(key, [0] * 4), values, strict=True)]
        return out

    fine = added(*(Span(at, at + 4 * HOUR) for at in range(NOON_S, NOON_S + 5 * DAY, 4 * HOUR)))
    by_hour = added(*(Span(NOON_S + at * DAY, NOON_S + (at + 1) * DAY) for at in range(5)))
    assert fine == by_hour == pairs(LONG)
    mine = {key: values for key, values in fine.items() if "10.0.0.3" in key}
    assert pairs(LONG, "10.0.0.3") == mine
    for span in (Span(NOON_S, NOON_S + 3 * DAY), LONG):
        for one in history.conversations(span):
            assert NOON_S <= one["first_ns"] // 10**9 <= one["last_ns"] // 10**9 < NOON_S + 5 * DAY


def test_hosts_of_long_spans_are_exact_to_the_hour(database):
    """Whole days from days, the rest from hours: equal to the sum of the hours, however the span lies."""
    _three_days(database)
    history = History(database)
    for start, end in (
        (NOON_S + HOUR, NOON_S + 3 * DAY),
        (NOON_S, NOON_S + 2 * DAY + 5 * HOUR),
        (0, 1 << 40),
    ):
        span = Span(start, end)
        first, last = max(start, NOON_S), min(end, NOON_S + 5 * DAY)
        sums = {}
        for at in range(first // HOUR * HOUR, last, HOUR):
            for one in history.talkers(Span(at, at + HOUR), 100):
                known = sums.setdefault(one.address, [0, 0])
                known[0] += one.sent_bytes
                known[1] += one.received_bytes
        told = {one.address: [one.sent_bytes, one.received_bytes] for one in history.talkers(span, 100)}
        assert told == sums


def test_protocols_of_long_spans_are_those_of_the_minutes(database):
    """By hour as by minute."""
    _three_days(database)
    history = History(database)
    sums = {}
    for at in range(NOON_S, NOON_S + 5 * DAY, 8 * HOUR):
        for name, packets, octets in history.protocols(Span(at, at + 8 * HOUR)):
            known = sums.setdefault(name, [0, 0])
            known[0] += packets
            known[1] += octets
    assert {name: [packets, octets] for name, packets, octets in history.protocols(LONG)} == sums


def test_the_months_line_says_who(database):
    """Host and where its name is from survive in the service's line, once for all days."""
    identities = Identities()
    host = identities.hosts.number(Host("example.org", NameSource.TLS))
    roll_up = RollUp(7, identities)
    for day in range(4):
        batch = random_batch(40, day, hosts=2, start_s=NOON_S + day * DAY)
        known = RowIdentity(
            np.zeros(40, np.int64), np.zeros(40, np.uint16), np.full(40, host if day == 1 else 0, np.uint32)
        )
        store(database, type(batch)(0, batch.columns, batch.text, identity=known), 20, roll_up)
    assert {(one["host"], one["host_source"]) for one in History(database).conversations(LONG)} == {
        ("example.org", "TLS SNI")
    }
    with database.reading() as connection:
        ends = sql.select(
            SERVICE.c.low, SERVICE.c.high, SERVICE.c.low_port, SERVICE.c.high_port, SERVICE.c.ip_protocol
        )
        lines = connection.execute(ends).fetchall()
        days = connection.execute(sql.select(sql.func.count()).select_from(SERVICE_DAY)).scalar()
    assert len(set(lines)) == len(lines)
    assert days == 4 * len(lines)


def test_two_sensors_are_one_line_and_can_be_told_apart(database):
    """The same service at two machines: summed where both are asked."""
    for sensor in (7, 8):
        store(database, random_batch(60, 1, hosts=2), 60, RollUp(sensor))
    history = History(database)
    both, one = history.conversations(LONG), history.conversations(Span(LONG.start_s, LONG.end_s, 7))
    assert len(both) == len(one)
    assert sum(line["low_bytes"] for line in both) == 2 * sum(line["low_bytes"] for line in one)


def test_a_flood_of_services_is_folded():
    """Beyond the bound of a day the others share one line; nothing is lost from the sums."""
    services, parcel = Services(7, capacity=10), Parcel()
    rows = [
        (NOON_S, 7, pack_address("10.0.0.1"), pack_address(f"10.1.0.{at}"), 50_000, 80, 6, 1, 2, 10, 20, 5, 6, "", "p", "", "h", "")
        for at in range(100)
    ]  # fmt: skip
    assert len(rows[0]) == len(CONVERSATION.columns)
    services.add(list(zip(*rows, strict=True)), parcel)
    day = parcel.tables["service_day"]
    assert len(day[0]) == 11
    assert sum(day[3]) == 100
    others = parcel.tables["service"][0].index(service_number(OTHERS))
    told = [column[others] for column in parcel.tables["service"]]
    assert told[2:4] == [bytes(16), bytes(16)]
    assert set(told[7:12]) == {""}
