"""`Backlog`: parcels that wait to be sent to a server, in a file, in order; survives a crash and a full network day."""

from __future__ import annotations

import logging
import sqlite3
import time
import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Final

from trafficdesk.errors import StoreError
from trafficdesk.store.parcel import Parcel

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)

_BUSY_S: Final = 10.0
MOST_BYTES: Final = 2 << 30
"""Room for what waits; beyond, the newest is refused and said to be lost."""


class Backlog:
    """Parcels by number, oldest first.

    Parameters
    ----------
    path : its file; of one writer only.
    most_bytes : room on disk.

    Raises
    ------
    StoreError
        If the file can't be used.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.execute(
                "CREATE TABLE IF NOT EXISTS parcel (number INTEGER PRIMARY KEY AUTOINCREMENT, since_ns INTEGER, body BLOB)"
            )
            self._file.execute("CREATE TABLE IF NOT EXISTS writer (uid TEXT)")
            known = self._file.execute("SELECT uid FROM writer").fetchone()
            if known is None:
                known = (str(uuid.uuid4()),)
                self._file.execute("INSERT INTO writer VALUES (?)", known)
        except (sqlite3.Error, OSError) as error:
            raise _unusable(error) from error
        self.writer: str = known[0]
        """Who writes, for the server: with a parcel's number it tells what it has got already."""
        self.bytes, self.parcels = self._file.execute(
            "SELECT coalesce(sum(length(body)), 0), count(*) FROM parcel"
        ).fetchone()

    def put(self, parcel: Parcel) -> bool:
        """Keep a parcel; returns whether there was room.

        Raises
        ------
        StoreError
            If the disk is full or the file broken.
        """
        body = parcel.packed()
        if self.bytes + len(body) > self._most_bytes:
            return False
        try:
            self._file.execute("INSERT INTO parcel (since_ns, body) VALUES (?, ?)", (time.time_ns(), body))
        except sqlite3.Error as error:
            raise _unusable(error) from error
        self.bytes += len(body)
        self.parcels += 1
        return True

    def oldest(self, parcels: int) -> list[tuple[int, Parcel, int]]:
        """Number, parcel and time of up to so many that wait, oldest first."""
        rows = self._file.execute(
            "SELECT number, body, since_ns FROM parcel ORDER BY number LIMIT ?", (parcels,)
        ).fetchall()
        if not rows:
            # Also where somebody else has emptied it.
            self.bytes = self.parcels = 0
        return [(number, _unpacked(body), since_ns) for number, body, since_ns in rows]

    def drop(self, last: int) -> None:
        """All up to number `last` have arrived."""
        bytes_, parcels = self._file.execute(
            "SELECT coalesce(sum(length(body)), 0), count(*) FROM parcel WHERE number <= ?", (last,)
        ).fetchone()
        self._file.execute("DELETE FROM parcel WHERE number <= ?", (last,))
        self.bytes -= bytes_
        self.parcels -= parcels

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def empty(path: Path) -> int:
    """Forget what waits in a backlog, another's at work, too; returns the rows that went.

    Raises
    ------
    StoreError
        If the file can't be used.
    """
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S)) as file:
            bodies = file.execute("SELECT body FROM parcel").fetchall()
            file.execute("DELETE FROM parcel")
            file.execute("VACUUM")
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return 0
        raise _unusable(error) from error
    except sqlite3.Error as error:
        raise _unusable(error) from error
    return sum(_unpacked(body).rows for (body,) in bodies)


def _unpacked(body: bytes) -> Parcel:
    """A damaged parcel is empty: it must not keep those behind it from being sent."""
    try:
        return Parcel.unpacked(body)
    except StoreError as error:
        _log.warning("%s It is left out.", error)
        return Parcel()


def _unusable(error: Exception) -> StoreError:
    return StoreError(
        f"What waits to be sent to the history's server can't be kept: {error}.",
        "Free some space where TrafficDesk keeps its data.",
    )
