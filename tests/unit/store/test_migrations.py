"""`store.migrations`: from version to version, with a copy before."""

from __future__ import annotations

import pytest
import sqlalchemy as sql

from trafficdesk.errors import StoreError
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.migrations import bring_up_to_date, version_of
from trafficdesk.store.schema import METADATA, SCHEMA_VERSION, VERSION


def test_an_empty_store_gets_every_table(database):
    """And a second look changes nothing."""
    with database.transaction() as connection:
        assert set(METADATA.tables) <= set(sql.inspect(connection).get_table_names())
    assert bring_up_to_date(database) is None
    assert version_of(database) == VERSION


def test_an_older_store_is_brought_up_step_by_step(database):
    """Every step once and in order; of a file a copy is kept, with what was there."""
    done = []
    steps = {VERSION + 1: lambda _connection: done.append(1), VERSION + 2: lambda _connection: done.append(2)}
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

    def fail(_connection: object) -> None:
        raise StoreError("No.")

    with pytest.raises(StoreError):
        bring_up_to_date(database, {VERSION + 1: fail}, VERSION + 1)
    assert version_of(database) == VERSION
