"""`Retention`: what of the history is thrown away, by age and by size; the finest goes first."""

from __future__ import annotations

import glob
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sql

from trafficdesk.errors import StoreError
from trafficdesk.store.schema import (
    CAPTURE,
    CONVERSATION,
    DELAY_HOUR,
    DEVICE_DAY,
    GAP,
    HOST_DAY,
    HOST_HOUR,
    HOST_MINUTE,
    INCIDENT,
    LENGTH_MINUTE,
    MODEL,
    NAME,
    NETWORK,
    OUTBOX,
    PACKET,
    PROTOCOL_HOUR,
    PROTOCOL_MINUTE,
    QUALITY_MINUTE,
    SERVICE,
    SERVICE_DAY,
    SERVICE_HOUR,
    THREAT_DAY,
    VOLUME_MINUTE,
    VOLUME_SECOND,
)

if TYPE_CHECKING:
    from typing import Any

    from trafficdesk.store.database import Database

_DAY_S: Final = 86_400
_NS: Final = 1_000_000_000
_STEPS: Final = 16
"""A store that is too large loses this part of its span at a time."""

_FINE: Final = ((PACKET, PACKET.c.timestamp_ns, _NS), (VOLUME_SECOND, VOLUME_SECOND.c.second, 1))
_MIDDLE: Final = (
    (HOST_MINUTE, HOST_MINUTE.c.minute, 1),
    (PROTOCOL_MINUTE, PROTOCOL_MINUTE.c.minute, 1),
    (LENGTH_MINUTE, LENGTH_MINUTE.c.minute, 1),
    (QUALITY_MINUTE, QUALITY_MINUTE.c.minute, 1),
    (DELAY_HOUR, DELAY_HOUR.c.hour, 1),
    (CONVERSATION, CONVERSATION.c.hour, 1),
    (SERVICE_HOUR, SERVICE_HOUR.c.hour, 1),
)
_COARSE: Final = (
    (VOLUME_MINUTE, VOLUME_MINUTE.c.minute, 1),
    (PROTOCOL_HOUR, PROTOCOL_HOUR.c.hour, 1),
    (HOST_HOUR, HOST_HOUR.c.hour, 1),
    (HOST_DAY, HOST_DAY.c.day, 1),
    (SERVICE_DAY, SERVICE_DAY.c.day, 1),
    (SERVICE, SERVICE.c.seen, 1),
    (NAME, NAME.c.last_ns, _NS),
    (DEVICE_DAY, DEVICE_DAY.c.day, 1),
    (THREAT_DAY, THREAT_DAY.c.day, 1),
    (NETWORK, NETWORK.c.start_ns, _NS),
    (INCIDENT, INCIDENT.c.start_ns, _NS),
    (MODEL, MODEL.c.capture, _NS),
    (GAP, GAP.c.start_ns, _NS),
    (CAPTURE, CAPTURE.c.ended_ns, _NS),
)
"""Table, its time, and that time's units in a second."""
TABLES: Final = tuple(table for table, _, _ in (*_FINE, *_MIDDLE, *_COARSE))
"""Everything that was recorded."""
_LETTERS_S: Final = 30 * _DAY_S
_COPIES_S: Final = 30 * _DAY_S
"""How long a copy made before a change of the schema is kept."""


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept.

    Parameters
    ----------
    days : of everything.
    fine_days : of packets and seconds.
    megabytes : of the whole store.
    """

    days: int = 400
    fine_days: int = 14
    megabytes: int = 2_000

    def apply(self, database: Database, now_s: int | None = None) -> int:
        """Throw away what is too old or too much; returns the rows that went.

        Raises
        ------
        StoreError
            If the store refuses or is out of reach.
        """
        now = int(time.time()) if now_s is None else now_s
        gone = _drop(database, _FINE, now - self.fine_days * _DAY_S)
        gone += _drop(database, (*_FINE, *_MIDDLE, *_COARSE), now - self.days * _DAY_S)
        with database.transaction() as connection:
            done = (OUTBOX.c.done_ns > 0) & (OUTBOX.c.done_ns < (now - _LETTERS_S) * _NS)
            connection.execute(sql.delete(OUTBOX).where(done))
        drop_copies(database, now - _COPIES_S)
        for tables in (_FINE, _MIDDLE, _COARSE):
            gone += self._shrink(database, tables, now)
        if gone and database.embedded:
            give_back(database)
        return gone

    def _shrink(self, database: Database, tables: tuple[tuple[Any, Any, int], ...], now: int) -> int:
        """Drop the oldest sixteenth of the span of `tables`, again and again, while the store is too large."""
        gone = 0
        for _ in range(_STEPS):
            if size_of(database) <= self.megabytes * 1_000_000:
                break
            oldest = _oldest(database, tables)
            if oldest is None:
                break
            gone += _drop(database, tables, oldest + max(1, (now - oldest) // _STEPS))
        return gone


def drop_copies(database: Database, before_s: float) -> None:
    """Delete the copies of a file of ours that were made before a change of its schema, up to that time."""
    if not database.embedded or not database.path or database.path == ":memory:":
        return
    path = Path(database.path)
    for copy in path.parent.glob(f"{glob.escape(path.name)}.version-*"):
        try:
            if copy.stat().st_mtime < before_s:
                copy.unlink()
        except OSError as error:
            raise StoreError(
                f"{copy} can't be deleted: {error.strerror}.", "Delete it by hand; it is an older copy."
            ) from error


def give_back(database: Database) -> None:
    """To the disk what a file of ours no longer needs."""
    with database.transaction() as connection:
        # A script, since every page is a step, and what has no columns is stepped once only.
        connection.connection.cursor().executescript("PRAGMA incremental_vacuum")


def size_of(database: Database) -> int:
    """Bytes of live rows, about: what a file would shrink to, what a server says."""
    with database.reading() as connection:
        if database.embedded:
            pages, free, size = (
                connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0
                for name in ("page_count", "freelist_count", "page_size")
            )
            return int((pages - free) * size)
        total = connection.exec_driver_sql(
            "SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = DATABASE()"
        ).scalar()
        return int(total or 0)


def _oldest(database: Database, tables: tuple[tuple[Any, Any, int], ...]) -> int | None:
    with database.reading() as connection:
        found = [
            connection.execute(sql.select(sql.func.min(time_column))).scalar() for _, time_column, _ in tables
        ]
    seconds = [
        value // units for value, (_, _, units) in zip(found, tables, strict=True) if value is not None
    ]
    return min(seconds, default=None)


def _drop(database: Database, tables: tuple[tuple[Any, Any, int], ...], before_s: int) -> int:
    gone = 0
    for table, time_column, units in tables:
        with database.transaction() as connection:
            gone += connection.execute(sql.delete(table).where(time_column < before_s * units)).rowcount
    return gone
