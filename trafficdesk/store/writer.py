"""`HistoryWriter`: parcels into the store, in a thread of its own; a capture never waits for it.

Into a file they go straight. On the way to a server they are first kept in a `Backlog`, so that neither an outage nor
our own end loses or doubles any: each parcel has a number, and the server notes the last one in the same transaction.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sql

from trafficdesk.errors import StoreError
from trafficdesk.store.backlog import Backlog
from trafficdesk.store.database import Database, OutOfReach
from trafficdesk.store.migrations import bring_up_to_date
from trafficdesk.store.parcel import joined
from trafficdesk.store.schema import PROGRESS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from trafficdesk.store.parcel import Parcel
    from trafficdesk.store.retention import Retention

_log = logging.getLogger(__name__)

MOST_ROWS: Final = 500_000
"""Rows that may wait in memory."""
_BACK_OFF_S: Final = (0.5, 60.0)
_TIDY_S: Final = 600.0
_SENT_PARCELS: Final = 40
"""Twenty seconds of traffic: the more at once, the fewer rows they are when merged."""
_TAKEN_ROWS: Final = 50_000
"""Rows written in one transaction, of several parcels."""


@dataclass(frozen=True, slots=True)
class StoreState:
    """How the store is doing."""

    waiting_rows: int = 0
    """In memory."""
    waiting_parcels: int = 0
    """On disk, on their way to a server."""
    lag_s: float = 0.0
    """Age of the oldest that waits."""
    written_rows: int = 0
    lost_rows: int = 0
    """For which there was no room."""
    error: StoreError | None = None
    """What is wrong now."""

    @property
    def words(self) -> str:
        """What is wrong, or behind, in one line; empty while all is well."""
        if self.lost_rows:
            return f"History: {self.lost_rows:,} rows lost"
        if isinstance(self.error, OutOfReach):
            return "History out of reach, kept here meanwhile"
        if self.error is not None:
            return "History refuses"
        return f"History {self.lag_s:,.0f} s behind" if self.lag_s > 10 else ""


class HistoryWriter:
    """Takes parcels from any thread.

    Parameters
    ----------
    url : of the store.
    backlog : file for what waits for a server.
    retention : what is thrown away, now and then; None = nothing.
    on_change : told, from the writer's thread, when what is wrong changes.
    """

    def __init__(
        self,
        url: str,
        backlog: Path,
        *,
        retention: Retention | None = None,
        on_change: Callable[[StoreState], None] | None = None,
    ) -> None:
        self._database = Database(url)
        self._backlog = None if self._database.embedded else Backlog(backlog)
        self._writer = self._backlog.writer if self._backlog else str(uuid.uuid4())
        self._retention = retention
        self._on_change = on_change
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Parcel, float]] = deque()
        self._waiting_rows = 0
        self._number = 0
        self._closing = False
        self._ready = False
        self._failures = 0
        self._written = 0
        self._lost = 0
        self._error: StoreError | None = None
        self._oldest_ns = 0
        self._tidied = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)

    @property
    def state(self) -> StoreState:
        """How it is doing."""
        with self._changed:
            lag = time.monotonic() - self._waiting[0][1] if self._waiting else 0.0
            if self._oldest_ns:
                lag = max(lag, (time.time_ns() - self._oldest_ns) / 1e9)
            return StoreState(
                self._waiting_rows,
                self._backlog.parcels if self._backlog else 0,
                lag,
                self._written,
                self._lost,
                self._error,
            )

    def start(self) -> None:
        """Begin; the store is opened in the thread."""
        self._thread.start()

    def put(self, parcel: Parcel) -> bool:
        """Write a parcel as soon as possible; returns whether there was room for it."""
        rows = parcel.rows
        if not rows:
            return True
        with self._changed:
            if self._waiting_rows + rows > MOST_ROWS and self._waiting:
                self._lost += rows
                return False
            self._waiting.append((parcel, time.monotonic()))
            self._waiting_rows += rows
            self._changed.notify()
        return True

    def close(self, patience_s: float = 5.0) -> bool:
        """Write what waits and end; returns whether all of it was written (or, for a server, is kept on disk)."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(patience_s)
        return not self._thread.is_alive() and not self._waiting

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        except Exception:  # noqa: BLE001  # the thread's shell
            _log.exception("the history's thread ended")
            self._tell(StoreError("The history failed.", "The log file has the details."))
        finally:
            self._database.close()
            if self._backlog is not None:
                self._backlog.close()

    def _turn(self) -> bool:
        """One step; returns whether there may be more."""
        try:
            self._keep()
            self._open()
            sent = self._send() if self._backlog is not None else self._write()
            self._tidy()
        except StoreError as error:
            return self._rest(error)
        self._failures = 0
        self._tell(None)
        with self._changed:
            if not self._waiting and not sent:
                if self._closing:
                    return False
                self._changed.wait(1.0)
        return True

    def _rest(self, error: StoreError) -> bool:
        """Wait before the next attempt; ends when told to and what waits is safe or can't be made so."""
        self._tell(error)
        self._ready = self._ready and not isinstance(error, OutOfReach)
        first, longest = _BACK_OFF_S
        pause = min(longest, first * 2 ** min(self._failures, 10))
        self._failures += 1
        deadline = time.monotonic() + pause
        with self._changed:
            while not self._closing and time.monotonic() < deadline:
                self._changed.wait(deadline - time.monotonic())
                if self._backlog is not None and self._waiting:
                    break
            if self._closing:
                return False
        if self._backlog is not None:
            self._keep_quietly()
        return True

    def _keep_quietly(self) -> None:
        try:
            self._keep()
        except StoreError as error:
            self._tell(error)

    def _keep(self) -> None:
        """To disk what came for a server."""
        if self._backlog is None:
            return
        while self._waiting:
            parcel = self._waiting[0][0]
            kept = self._backlog.put(parcel)
            with self._changed:
                self._waiting.popleft()
                self._waiting_rows -= parcel.rows
                self._lost += 0 if kept else parcel.rows

    def _open(self) -> None:
        if not self._ready:
            bring_up_to_date(self._database)
            self._ready = True

    def _write(self) -> bool:
        """Into a file: several parcels in one transaction."""
        with self._changed:
            taken: list[Parcel] = []
            rows = 0
            for parcel, _since in self._waiting:
                if taken and rows + parcel.rows > _TAKEN_ROWS:
                    break
                taken.append(parcel)
                rows += parcel.rows
        if not taken:
            return False
        with self._database.transaction() as connection:
            for parcel in taken:
                parcel.write(self._database, connection)
        with self._changed:
            for _ in taken:
                self._waiting.popleft()
            self._waiting_rows -= rows
            self._written += rows
        return True

    def _send(self) -> bool:
        """To a server: the oldest that wait on disk, in one transaction."""
        assert self._backlog is not None
        waiting = self._backlog.oldest(_SENT_PARCELS)
        if not waiting:
            self._oldest_ns = 0
            return False
        self._oldest_ns = waiting[0][2]
        last = waiting[-1][0]
        with self._database.transaction() as connection:
            arrived = self._arrived(connection)
            new = [parcel for number, parcel, _ in waiting if number > arrived]
            if new:
                joined(new).write(self._database, connection)
                self._database.merge(connection, PROGRESS, [[self._writer], [last], [time.time_ns()]])
        self._backlog.drop(last)
        self._written += sum(parcel.rows for _, parcel, _ in waiting)
        return True

    def _arrived(self, connection: Connection) -> int:
        """Number of the last parcel that the server has got."""
        mine = sql.select(PROGRESS.c.sequence).where(PROGRESS.c.writer == self._writer)
        return connection.execute(mine).scalar() or 0

    def _tidy(self) -> None:
        if self._retention is not None and time.monotonic() - self._tidied > _TIDY_S:
            self._tidied = time.monotonic()
            self._retention.apply(self._database)

    def _tell(self, error: StoreError | None) -> None:
        with self._changed:
            changed = str(error) != str(self._error)
            self._error = error
        if changed:
            if error is not None:
                _log.warning("history: %s", error)
            if self._on_change is not None:
                self._on_change(self.state)
