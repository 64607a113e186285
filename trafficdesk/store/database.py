"""`Database`: one open store; the only place that knows in what databases differ.

Rows are merged into tables by their key as `schema.Merge` says: an upsert, whose syntax each database has of its own.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sql
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from trafficdesk.errors import StoreError
from trafficdesk.paths import private_dir
from trafficdesk.store.own_connections import know_as_own
from trafficdesk.store.schema import Merge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.engine import URL, Connection, Engine

CONNECT_S: Final = 5
"""How long a server may take to answer the door."""
ANSWER_S: Final = 60
_BUSY_MS: Final = 10_000
"""How long to wait for another process that writes into the same file."""
_LOOK_AGAIN_S: Final = 0.02
ROWS_AT_ONCE: Final = 5_000
"""Rows of one statement."""


class OutOfReach(StoreError):  # noqa: N818  # named after what the person is told
    """The store does not answer now; it may later."""


def file_url(path: Path) -> str:
    """URL of the embedded database in a file."""
    return sql.URL.create("sqlite", database=str(path)).render_as_string()


class Database:
    """One store.

    Parameters
    ----------
    url : SQLAlchemy's: `sqlite:////path/history.db`, `mysql+pymysql://name:password@host/database`.

    Raises
    ------
    StoreError
        If the URL can't be understood, or names a database that there is no driver for.
    """

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
            self._engine = _engine_of(self._url)
        except ArgumentError as error:
            raise StoreError(
                "The history's address can't be understood.",
                "Write it like mysql+pymysql://name:password@server/database, or leave it empty for a local file.",
            ) from error
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise StoreError(
                f"There is no driver for {make_url(url).drivername}.",
                "sqlite and mysql+pymysql are always there.",
            ) from error
        self._statements: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The URL without its password, as a person may see it."""
        return self._url.render_as_string(hide_password=True)

    @property
    def embedded(self) -> bool:
        """Whether it is a file of ours and no server."""
        return self._engine.dialect.name == "sqlite"

    @property
    def path(self) -> str:
        """The file of an embedded one."""
        return self._url.database or ""

    @cached_property
    def _insert(self) -> Any:
        return sqlite.insert if self.embedded else mysql.insert

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All that is done inside is done, or none of it.

        Raises
        ------
        OutOfReach
            If the server does not answer, or the file is locked for long or its disk is full.
        StoreError
            If the store refuses.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._told(error) from error
        except OSError as error:
            raise OutOfReach(f"The history at {self.name} is out of reach: {error}.", _REACH_HINT) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to ask by; errors as in `transaction`."""
        with self.transaction() as connection:
            yield connection

    def merge(self, connection: Connection, table: sql.Table, columns: Sequence[Sequence[Any]]) -> None:
        """Write rows; where a row's key is there already, its columns are merged as the schema says.

        Parameters
        ----------
        columns : one sequence per column of `table`, in its order, all of one length.
        """
        rows = list(zip(*columns, strict=True))
        statement = self._statement(table)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            connection.exec_driver_sql(statement, rows[start : start + ROWS_AT_ONCE])

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def _statement(self, table: sql.Table) -> str:
        known = self._statements.get(table.name)
        if known is None:
            insert = self._insert(table).values({column.name: None for column in table.columns})
            new = insert.excluded if self.embedded else insert.inserted
            merged = {
                column.name: self._merged(column, new[column.name])
                for column in table.columns
                if not column.primary_key
            }
            if self.embedded:
                keys = [column.name for column in table.primary_key]
                statement = insert.on_conflict_do_update(index_elements=keys, set_=merged)
            else:
                statement = insert.on_duplicate_key_update(merged)
            known = self._statements[table.name] = str(statement.compile(dialect=self._engine.dialect))
        return known

    def _merged(self, column: sql.Column[Any], new: Any) -> Any:
        least, greatest = ("min", "max") if self.embedded else ("least", "greatest")
        match column.info["merge"]:
            case Merge.ADD:
                return column + new
            case Merge.LEAST:
                return getattr(sql.func, least)(column, new)
            case Merge.GREATEST:
                return getattr(sql.func, greatest)(column, new)
            case Merge.FILL:
                return sql.case((new != sql.literal_column("''"), new), else_=column)
            case _:
                return new

    def _told(self, error: SQLAlchemyError) -> StoreError:
        cause = str(error.orig) if isinstance(error, DBAPIError) else str(error)
        first = cause.splitlines()[0][:200] if cause else type(error).__name__
        away = isinstance(error, sql.exc.OperationalError | sql.exc.InterfaceError | sql.exc.TimeoutError)
        if away and not any(code in cause for code in _REFUSALS):
            return OutOfReach(f"The history at {self.name} is out of reach: {first}.", _REACH_HINT)
        return StoreError(f"The history at {self.name} refuses: {first}.", _REFUSED_HINT)


_REACH_HINT: Final = "What is recorded meanwhile is kept here and written when it answers again."
_REFUSED_HINT: Final = "Check name, password and rights of the database in Settings, History."
_REFUSALS: Final = ("(1044", "(1045", "(1049", "(1142", "no such table", "syntax error")
"""MariaDB: access denied to a database, to a user, unknown database, command denied."""


def _engine_of(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _embedded(url)
    options: dict[str, Any] = {}
    if url.get_driver_name() == "pymysql":
        options = {"connect_timeout": CONNECT_S, "read_timeout": ANSWER_S, "write_timeout": ANSWER_S}
    engine = sql.create_engine(
        url, connect_args=options, pool_pre_ping=True, pool_recycle=3_600, paramstyle="format"
    )
    if url.get_driver_name() == "pymysql":
        know_as_own(engine)
    return engine


def _embedded(url: URL) -> Engine:
    if url.database and url.database != ":memory:" and not Path(url.database).is_absolute():
        # Two programs started in two folders would keep two histories.
        raise StoreError(
            f"{url.database} is not the whole path of a file.",
            "Write it from the root on, like sqlite:////home/me/history.db, or leave the address empty.",
        )
    if url.database and url.database != ":memory:":
        _make_private(url.database)
    engine = sql.create_engine(url, connect_args={"timeout": _BUSY_MS / 1_000})

    @sql.event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: object) -> None:
        # Takes effect before the first table is made: what retention frees can be given back to the disk.
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        _write_ahead(connection)
        # After a power cut the last moments may be missing; the file is whole in any case.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-16384")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a new file over; for that SQLite needs it alone, and does not wait as it does for all else."""
    patience = time.monotonic() + _BUSY_MS / 1_000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > patience:
                raise
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


def _make_private(path: str) -> None:
    file = Path(path)
    try:
        private_dir(file.parent)
        if not file.exists():
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise OutOfReach(
            f"The history at {path} can't be made: {error.strerror}.",
            "Choose another place in Settings, History, or free some space.",
        ) from error


def lines_of(columns: Iterable[Any]) -> list[list[Any]]:
    """Arrays as the lists that databases take."""
    return [column.tolist() if hasattr(column, "tolist") else list(column) for column in columns]
