"""What becomes of packets in the store: the same sums however they come, and exact ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sql

from tests.helpers.stored import NOON_S, NS, everything, random_batch
from trafficdesk.packets.identities import Certainty, Host, Identities, NameSource, Program, RowIdentity
from trafficdesk.packets.protocols import Protocol
from trafficdesk.store.history import History, Span
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.rollup import HOSTS_A_MINUTE, RollUp
from trafficdesk.store.schema import CONVERSATION, HOST_MINUTE, METADATA, PACKET

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.store.database import Database

DAY = Span(NOON_S - 43_200, NOON_S + 43_200)


def store(database: Database, batch: PacketBatch, step: int, roll_up: RollUp | None = None) -> None:
    roll_up = roll_up or RollUp(7, packets=True)
    for start in range(0, len(batch), step):
        parcel = Parcel()
        roll_up.add(batch.slice(start, min(start + step, len(batch))), NOON_S * NS, parcel)
        with database.transaction() as connection:
            Parcel.unpacked(parcel.packed()).write(database, connection)


def test_the_store_does_not_depend_on_how_packets_come(database, tmp_path):
    """One batch or many small ones, packed or not: the same rows."""
    batch = random_batch(3_000, 1, span_s=8_000)
    store(database, batch, 3_000)
    whole = everything(database)
    assert sum(whole["packet"].values()) == 3_000
    with database.transaction() as connection:
        for table in METADATA.tables.values():
            if table.name != "schema_version":
                connection.execute(sql.delete(table))
    store(database, batch, 170)
    assert everything(database) == whole


def test_sums_are_those_of_the_packets(database):
    """Volume, protocols, hosts and conversations hold every packet and byte once."""
    batch = random_batch(4_000, 2, span_s=7_300)
    store(database, batch, 900)
    history = History(database)
    octets = int(batch["length"].sum())
    assert sum(packets for _, packets, _ in history.volume(DAY)) == 4_000
    assert sum(length for _, _, length in history.volume(DAY)) == octets
    minute = Span(NOON_S + 60, NOON_S + 120)
    seconds = batch["timestamp_ns"] // NS
    within = (seconds >= minute.start_s) & (seconds < minute.end_s)
    assert sum(packets for _, packets, _ in history.volume(minute)) == within.sum()
    assert {name: packets for name, packets, _ in history.protocols(DAY)} == {
        "TCP": int((batch["ip_protocol"] == 6).sum()),
        "DNS": int((batch["ip_protocol"] == 17).sum()),
    }
    talkers = history.talkers(DAY, 1_000)
    assert sum(one.sent_bytes for one in talkers) == sum(one.received_bytes for one in talkers) == octets
    conversations = history.conversations(DAY, limit=10_000)
    assert sum(one["low_bytes"] + one["high_bytes"] for one in conversations) == octets
    assert min(one["first_ns"] for one in conversations) == batch["timestamp_ns"][0]


def test_a_host_is_told_by_minute_and_by_hour(database):
    """Spans of hours are read minute by minute, longer ones hour by hour, with the same sums."""
    batch = random_batch(5_000, 3, span_s=20_000)
    store(database, batch, 5_000)
    history = History(database)
    near = history.host("10.0.0.3", Span(NOON_S, NOON_S + 21_600))
    far = history.host("10.0.0.3", DAY)
    assert {at % 60 for at, _ in near} == {0}
    assert {at % 3_600 for at, _ in far} == {0}
    assert len(far) == 6
    assert sum(one.sent_bytes for _, one in near) == sum(one.sent_bytes for _, one in far) > 0


def test_a_flood_of_invented_addresses_is_folded(database):
    """Beyond the bound of a minute all others share one row; nothing is lost from the sums."""
    rows = HOSTS_A_MINUTE * 2
    batch = random_batch(rows, 4, span_s=50)
    columns = {name: column.copy() for name, column in batch.columns.items()}
    invented = np.zeros((rows, 2), ">u8")
    invented[:, 0], invented[:, 1] = 0x20010DB8 << 32, np.arange(rows)
    columns["source"] = np.ascontiguousarray(invented).view("V16").reshape(-1)
    columns["network"][:] = 0x86DD
    flood = type(batch)(0, columns, batch.text)
    parcel = Parcel()
    RollUp(7).add(flood, 0, parcel)
    with database.transaction() as connection:
        parcel.write(database, connection)
        count = connection.execute(sql.select(sql.func.count()).select_from(HOST_MINUTE)).scalar()
        assert connection.execute(sql.select(sql.func.count()).select_from(PACKET)).scalar() == 0
        assert connection.execute(sql.select(sql.func.count()).select_from(CONVERSATION)).scalar() > 0
    assert count == HOSTS_A_MINUTE + 1
    talkers = History(database).talkers(Span(NOON_S, NOON_S + 60), rows)
    assert sum(one.sent_packets for one in talkers) == rows
    assert "" in {one.address for one in talkers}


def test_who_it_was_is_kept(database):
    """Program and host of a conversation, with how they are known; what is known once is not forgotten."""
    batch = random_batch(10, 5, hosts=2)
    identities = Identities()
    program = identities.programs.number(Program("firefox", 42, Certainty.SEEN))
    host = identities.hosts.number(Host("example.org", NameSource.TLS))
    known = RowIdentity(np.zeros(10, np.int64), np.full(10, program, np.uint16), np.full(10, host, np.uint32))
    roll_up = RollUp(7, identities)
    store(database, type(batch)(0, batch.columns, batch.text, identity=known), 10, roll_up)
    store(database, batch, 10, roll_up)
    for one in History(database).conversations(DAY, "10.0.0.1"):
        assert (one["program"], one["program_source"]) == ("firefox", "seen")
        assert (one["host"], one["host_source"]) == ("example.org", "TLS SNI")


@pytest.mark.parametrize("name", ["\U0001f600" * 40, "=cmd()", "a\nb\x00c", "\u202eevil", "x" * 255])
def test_hostile_text_comes_back_as_it_was(database, name):
    """Names from the network are data: nothing in them is understood by the database."""
    batch = random_batch(4, 5, hosts=2)
    identities = Identities()
    host = identities.hosts.number(Host(name, NameSource.DNS))
    known = RowIdentity(np.zeros(4, np.int64), np.zeros(4, np.uint16), np.full(4, host, np.uint32))
    store(database, type(batch)(0, batch.columns, batch.text, identity=known), 4, RollUp(7, identities))
    assert {one["host"] for one in History(database).conversations(DAY)} == {name}


def test_a_conversation_keeps_what_it_carries(database):
    """Bare acknowledgements after the data do not take its protocol's name away."""
    batch = random_batch(6, 5, hosts=2)
    columns = {name: column.copy() for name, column in batch.columns.items()}
    columns["ip_protocol"][:] = 6
    columns["source_port"][:], columns["destination_port"][:] = 443, 443
    columns["protocol"][:] = Protocol.TCP
    columns["protocol"][2] = Protocol.TLS
    store(database, type(batch)(0, columns, batch.text), 2)
    assert {one["protocol"] for one in History(database).conversations(DAY)} == {"TLS"}
