"""Bringing a store's schema up to date, with a copy of the file before anything is changed."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sql
from sqlalchemy.schema import CreateColumn

from trafficdesk.errors import StoreError
from trafficdesk.store.schema import METADATA, PACKET, SCHEMA_VERSION, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Connection

    from trafficdesk.store.database import Database


def _to_second(connection: Connection) -> None:
    """What reports of a span tell, and what the detector needs of a packet to learn from it."""
    METADATA.create_all(connection)
    widen(connection, PACKET)


def widen(connection: Connection, table: sql.Table) -> None:
    """Add the columns that a table lacks."""
    there = {column["name"] for column in sql.inspect(connection).get_columns(table.name)}
    for column in table.columns:
        if column.name not in there:
            spec = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {spec}")


STEPS: Final[Mapping[int, Callable[[Connection], None]]] = {2: _to_second}
"""By version: what makes a store of the version before one of this."""


def bring_up_to_date(
    database: Database, steps: Mapping[int, Callable[[Connection], None]] = STEPS, version: int = VERSION
) -> Path | None:
    """Make the tables of an empty store, or change those of an older one; returns the copy made before a change.

    Raises
    ------
    StoreError
        If the store was made by a newer TrafficDesk, or a step fails: the store is then as it was (on a server,
        where changes of tables can't be taken back, as far as the step came).
    OutOfReach
        If it does not answer.
    """
    found = version_of(database)
    if found is None:
        with database.transaction() as connection:
            METADATA.create_all(connection)
            _note(connection, version)
        return None
    if found > version:
        raise StoreError(
            f"The history at {database.name} was made by a newer TrafficDesk (its schema is {found}, ours {version}).",
            "Update TrafficDesk, or choose another place in Settings, History.",
        )
    if found == version:
        return None
    copy = _copy_of(database, found) if database.embedded else None
    for number in range(found + 1, version + 1):
        with database.transaction() as connection:
            steps[number](connection)
            _note(connection, number)
    return copy


def version_of(database: Database) -> int | None:
    """Version of a store's schema; None = it is empty."""
    with database.transaction() as connection:
        if not sql.inspect(connection).has_table(SCHEMA_VERSION.name):
            return None
        return connection.execute(sql.select(sql.func.max(SCHEMA_VERSION.c.version))).scalar()


def _note(connection: Connection, version: int) -> None:
    connection.execute(SCHEMA_VERSION.insert().values(version=version, applied_ns=time.time_ns()))


def _copy_of(database: Database, version: int) -> Path:
    """Copy the file beside itself, whole even while another process writes."""
    target = Path(f"{database.path}.version-{version}")
    try:
        target.touch(mode=0o600)
        with closing(sqlite3.connect(database.path)) as ours, closing(sqlite3.connect(target)) as theirs:
            ours.backup(theirs)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"The history at {database.name} needs a change, and no copy can be made before: {error}.",
            "Free some space beside it; nothing was changed.",
        ) from error
    return target
