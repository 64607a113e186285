"""`store.migrations`: from version to version, with a copy before."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sql

from trafficdesk.errors import StoreError
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.migrations import bring_up_to_date, version_of
from trafficdesk.store.schema import DEVICE_DAY, METADATA, PACKET, SCHEMA_VERSION, VERSION


def test_an_empty_store_gets_every_table(database):
    """And a second look changes nothing."""
    with database.transaction() as connection:
        assert set(METADATA.tables) <= set(sql.inspect(connection).get_table_names())
    assert bring_up_to_date(database) is None
    assert version_of(database) == VERSION


def test_desktops_that_begin_at_once_make_one_store(url):
    """Eight find an empty one at the same moment: each goes on with the same tables, and none is refused."""
    databases, together, failed = [Database(url) for _ in range(8)], threading.Barrier(8), []

    def begin(one):
        together.wait(30)
        try:
            bring_up_to_date(one)
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=begin, args=(one,)) for one in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    with databases[0].reading() as connection:
        assert set(METADATA.tables) <= set(sql.inspect(connection).get_table_names())
        assert connection.execute(sql.select(SCHEMA_VERSION.c.version)).scalars().all() == [VERSION]
    for one in databases:
        one.close()


def test_an_older_store_is_brought_up_step_by_step(database):
    """Every step once and in order; of a file a copy is kept, with what was there."""
    done = []
    steps = {VERSION + 1: lambda *_: done.append(1), VERSION + 2: lambda *_: done.append(2)}
    copy = bring_up_to_date(database, steps, VERSION + 2)
    assert done == [1, 2]
    assert version_of(database) == VERSION + 2
    if database.embedded:
        old = Database(file_url(copy))
        assert version_of(old) == VERSION
        old.close()
        assert copy.stat().st_mode & 0o777 == 0o600


def test_a_newer_store_is_left_alone(database):
    """What a newer program made is not understood, and not touched."""
    with database.transaction() as connection:
        connection.execute(SCHEMA_VERSION.insert().values(version=VERSION + 5, applied_ns=0))
    with pytest.raises(StoreError, match="newer TrafficDesk"):
        bring_up_to_date(database)


def test_a_step_that_fails_leaves_the_version(database):
    """The next start tries again."""

    def fail(*_: object) -> None:
        raise StoreError("No.")

    with pytest.raises(StoreError):
        bring_up_to_date(database, {VERSION + 1: fail}, VERSION + 1)
    assert version_of(database) == VERSION


def test_a_store_of_version_1_gets_what_came_with_2(database):
    """Its packets stay, said to be kept by a program that knew less; new tables are there."""
    added = [column.name for column in PACKET.columns if column.server_default is not None]
    with database.transaction() as connection:
        for name in added:
            connection.exec_driver_sql(f"ALTER TABLE packet DROP COLUMN {name}")
        DEVICE_DAY.drop(connection)
        connection.execute(sql.update(SCHEMA_VERSION).values(version=1))
        old = {column.name: 1 for column in PACKET.columns if column.name not in added}
        old |= {"source": bytes(16), "destination": bytes(16), "protocol": "TCP"}
        connection.execute(PACKET.insert().values(old))
    copy = bring_up_to_date(database)
    assert (copy is not None) == database.embedded
    with database.transaction() as connection:
        row = connection.execute(sql.select(PACKET)).one()
        assert (row.timestamp_ns, row.network, row.name_hash) == (1, -1, 0)
        assert sql.inspect(connection).has_table(DEVICE_DAY.name)
