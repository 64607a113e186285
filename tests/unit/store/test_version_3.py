"""`store.version_3`: an older store becomes what it would have been, had it been of this schema from the start."""

from __future__ import annotations

import json
import sqlite3
import zlib
from pathlib import Path

import sqlalchemy as sql

from tests.helpers.stored import NOON_S, everything, random_batch
from tests.unit.store.test_rollup import store
from trafficdesk.store.backlog import Backlog
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.history import History, Span
from trafficdesk.store.migrations import bring_up_to_date, version_of
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.schema import INCIDENT, METADATA, VERSION
from trafficdesk.store.version_3 import NEW

VERSION_1 = Path(__file__).with_name("version_1.sql")
_HOUR = 3_600


def _undo(database):
    """As version 2 left a store."""
    with database.transaction() as connection:
        for table in NEW:
            table.drop(connection)
        connection.exec_driver_sql("ALTER TABLE incident DROP COLUMN suppressed")
        connection.exec_driver_sql("UPDATE schema_version SET version = 2")


def test_an_older_store_becomes_what_it_would_have_been(database):
    """Days, hours and services from minutes, hours and conversations; a step that was broken off is made again."""
    for day in range(2):
        store(database, random_batch(600, day, span_s=3 * _HOUR, start_s=NOON_S + day * 86_400), 300)
    whole = everything(database)
    assert len(whole["host_day"]) > 40
    _undo(database)
    with database.transaction() as connection:
        NEW[0].create(connection)  # as a step on a server that was broken off leaves it
    bring_up_to_date(database)
    assert version_of(database) == VERSION
    assert everything(database) == whole


def test_a_file_of_version_1(tmp_path):
    """As it was written then: every table is there, and what it held is answered."""
    path = tmp_path / "history.db"
    with sqlite3.connect(path) as file:
        file.executescript(VERSION_1.read_text(encoding="utf-8"))
    file.close()
    database = Database(file_url(path))
    assert version_of(database) == 1
    copy = bring_up_to_date(database)
    assert copy.exists()
    with database.transaction() as connection:
        inspector = sql.inspect(connection)
        for table in METADATA.tables.values():
            there = {one["name"] for one in inspector.get_columns(table.name)}
            assert {column.name for column in table.columns} == there
    history, ever = History(database), Span(0, 1 << 40)
    (incident,) = history.incidents(ever)
    assert (incident["sentence"], incident["suppressed"]) == ("One host asks many.", False)
    (talk,) = history.conversations(ever)
    assert (talk["low"], talk["low_port"], talk["high_port"], talk["host"]) == (
        "10.0.0.1",
        -1,
        443,
        "example.org",
    )
    assert (talk["low_bytes"], talk["high_bytes"]) == (300, 3_000)
    assert {one.address: one.sent_bytes for one in history.talkers(ever)} == {
        "10.0.0.1": 300,
        "10.0.0.2": 3_000,
    }
    database.close()


def test_what_waited_for_a_server_is_not_lost(tmp_path):
    """A parcel that version 1 kept on disk is understood: an incident in it was told, not expected."""
    parcel = Parcel()
    parcel.add_row(INCIDENT, 7, 1, 1, "port_scan", "10.0.0.9", "[]", 5, 6, 9, 70, "words", "[]", 0, True)
    old = {"incident": parcel.tables["incident"][:-1]}
    backlog = Backlog(tmp_path / "backlog.db")
    body = zlib.compress(json.dumps(old).encode())
    backlog._file.execute("INSERT INTO parcel (since_ns, body) VALUES (0, ?)", (body,))
    ((_, given, _),) = backlog.oldest(1)
    assert given.tables["incident"][-2:] == [[0], [False]]
    backlog.close()
