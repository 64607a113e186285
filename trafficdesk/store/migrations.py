"""Bringing a store's schema up to date, with a copy of the file before anything is changed."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sql

from trafficdesk.errors import StoreError
from trafficdesk.store.database import OutOfReach
from trafficdesk.store.schema import METADATA, PACKET, SCHEMA_VERSION, VERSION
from trafficdesk.store.version_3 import to_version_3
from trafficdesk.store.widening import widen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.engine import Connection

    from trafficdesk.store.database import Database


_PATIENCE_S: Final = 30
"""Less than a server may take for an answer."""


def _to_second(_database: Database, connection: Connection) -> None:
    """What reports of a span tell, and what the detector needs of a packet to learn from it."""
    METADATA.create_all(connection)
    widen(connection, PACKET)


Step = Callable[["Database", "Connection"], None]
STEPS: Final[Mapping[int, Step]] = {2: _to_second, 3: to_version_3}
"""By version: what makes a store of the version before one of this."""


def bring_up_to_date(
    database: Database, steps: Mapping[int, Step] = STEPS, version: int = VERSION
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
        with _alone(database) as connection:
            METADATA.create_all(connection)
            if _newest(connection) is None:
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
        with _alone(database) as connection:
            if (_newest(connection) or 0) < number:
                steps[number](database, connection)
                _note(connection, number)
    return copy


def version_of(database: Database) -> int | None:
    """Version of a store's schema; None = it is empty."""
    with database.transaction() as connection:
        if not sql.inspect(connection).has_table(SCHEMA_VERSION.name):
            return None
        return _newest(connection)


def _newest(connection: Connection) -> int | None:
    return connection.execute(sql.select(sql.func.max(SCHEMA_VERSION.c.version))).scalar()


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """Two programs of ours, or two desktops, may want to make the same step at once."""
    if database.embedded:
        with database.transaction() as connection:
            # The file's lock before all else: changes of tables do not begin a transaction by themselves.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
        return
    name = "CONCAT('trafficdesk ', LEFT(DATABASE(), 50))"
    with database.reading() as guard:
        if not guard.exec_driver_sql(f"SELECT GET_LOCK({name}, {_PATIENCE_S})").scalar():
            raise OutOfReach(
                f"The history at {database.name} is being brought up to date by another desktop.",
                "What is recorded meanwhile is kept here and written when that is done.",
            )
        try:
            # In a transaction of its own, so that it has ended when the lock is let go.
            with database.transaction() as connection:
                yield connection
        finally:
            guard.exec_driver_sql(f"SELECT RELEASE_LOCK({name})")


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
