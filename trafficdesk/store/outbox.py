"""`StoredOutbox`: alerts that survive a crash, in a file of their own on this computer.

Not in the history's store: that may be a server out of reach, which is just when an alert must go. Two programs of
ours may use the file at once; a letter is claimed by one of them, and free again when that one has died.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import psutil
import sqlalchemy as sql

from trafficdesk.store.database import Database, file_url
from trafficdesk.store.letter import Letter
from trafficdesk.store.migrations import bring_up_to_date
from trafficdesk.store.schema import OUTBOX

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

FILE: Final = "outbox.db"
KEPT_NS: Final = 30 * 86_400 * 1_000_000_000
"""How long it is remembered what was delivered, or given up."""
_WAITING, _SENDING, _DONE, _GIVEN_UP = "waiting", "sending", "done", "given up"
_ERROR_LENGTH: Final = 2_000


class StoredOutbox:
    """See `alerts.outbox.Outbox`.

    Parameters
    ----------
    folder : for the file.

    Raises
    ------
    StoreError
        If the file can't be used.
    """

    def __init__(self, folder: Path) -> None:
        self._database = Database(file_url(folder / FILE))
        self._me = _process_name(os.getpid())
        bring_up_to_date(self._database)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def put(self, letter: Letter) -> bool:
        """See `Outbox`."""
        with self._database.transaction() as connection:
            known = sql.select(OUTBOX.c.state).where(OUTBOX.c.fingerprint == letter.fingerprint)
            if connection.execute(known).scalar() is not None:
                return False
            connection.execute(
                OUTBOX.insert().values(
                    fingerprint=letter.fingerprint,
                    sensor=0,
                    channel=letter.channel,
                    body=letter.body,
                    created_ns=letter.created_ns,
                    attempts=0,
                    next_ns=letter.next_ns,
                    done_ns=0,
                    state=_WAITING,
                    owner="",
                    error="",
                )
            )
            return True

    def renew(self, letter: Letter) -> bool:
        """See `Outbox`."""
        with self._database.transaction() as connection:
            waits = (OUTBOX.c.fingerprint == letter.fingerprint) & (OUTBOX.c.state == _WAITING)
            renewed = sql.update(OUTBOX).where(waits).values(body=letter.body, next_ns=letter.next_ns)
            return connection.execute(renewed).rowcount > 0

    def waiting_bytes(self) -> int:
        """See `Outbox`."""
        with self._database.reading() as connection:
            waits = OUTBOX.c.state.in_((_WAITING, _SENDING))
            size = sql.select(sql.func.sum(sql.func.length(OUTBOX.c.body))).where(waits)
            return int(connection.execute(size).scalar() or 0)

    def claim(self, now_ns: int, channels: tuple[str, ...]) -> Letter | None:
        """See `Outbox`."""
        with self._database.transaction() as connection:
            # First of all a write: it takes the file's lock, so that nobody reads the same letter meanwhile.
            done = OUTBOX.c.state.in_((_DONE, _GIVEN_UP)) & (OUTBOX.c.done_ns < now_ns - KEPT_NS)
            connection.execute(sql.delete(OUTBOX).where(done))
            self._free_orphans(connection)
            due = (OUTBOX.c.state == _WAITING) & (OUTBOX.c.next_ns <= now_ns) & OUTBOX.c.channel.in_(channels)
            row = connection.execute(
                sql.select(OUTBOX).where(due).order_by(OUTBOX.c.created_ns, OUTBOX.c.fingerprint).limit(1)
            ).first()
            if row is None:
                return None
            self._update(connection, row.fingerprint, state=_SENDING, owner=self._me)
            return Letter(row.fingerprint, row.channel, row.body, row.created_ns, row.attempts, row.next_ns)

    def delivered(self, letter: Letter, now_ns: int) -> None:
        """See `Outbox`."""
        with self._database.transaction() as connection:
            # What it said has been said; that it was is enough to remember.
            self._update(connection, letter.fingerprint, state=_DONE, done_ns=now_ns, body="", error="")

    def postpone(self, letter: Letter, next_ns: int, why: str) -> None:
        """See `Outbox`."""
        with self._database.transaction() as connection:
            self._update(
                connection,
                letter.fingerprint,
                state=_WAITING,
                owner="",
                attempts=letter.attempts + 1,
                next_ns=next_ns,
                error=why[:_ERROR_LENGTH],
            )

    def give_up(self, letter: Letter, now_ns: int, why: str) -> None:
        """See `Outbox`."""
        with self._database.transaction() as connection:
            # With its evidence it may be large, and nobody will send it any more.
            said = {"body": "", "error": why[:_ERROR_LENGTH]}
            self._update(connection, letter.fingerprint, state=_GIVEN_UP, done_ns=now_ns, **said)

    def hasten(self, channels: tuple[str, ...]) -> None:
        """See `Outbox`."""
        with self._database.transaction() as connection:
            waiting = (OUTBOX.c.state == _WAITING) & OUTBOX.c.channel.in_(channels)
            connection.execute(sql.update(OUTBOX).where(waiting).values(next_ns=0))

    def waiting(self) -> int:
        """See `Outbox`."""
        with self._database.reading() as connection:
            open_ = OUTBOX.c.state.in_((_WAITING, _SENDING))
            return int(connection.execute(sql.select(sql.func.count()).where(open_)).scalar() or 0)

    def _free_orphans(self, connection: Connection) -> None:
        """Letters whose sender has died are to be sent again: it is not known whether they arrived."""
        sending = sql.select(OUTBOX.c.fingerprint, OUTBOX.c.owner).where(OUTBOX.c.state == _SENDING)
        for fingerprint, owner in connection.execute(sending).fetchall():
            if owner != self._me and not _lives(owner):
                self._update(connection, fingerprint, state=_WAITING, owner="")

    def _update(self, connection: Connection, fingerprint: str, **values: object) -> None:
        connection.execute(sql.update(OUTBOX).where(OUTBOX.c.fingerprint == fingerprint).values(**values))


def _process_name(pid: int) -> str:
    """A process, and no later one of the same number."""
    try:
        return f"{pid}:{psutil.Process(pid).create_time():.2f}"
    except psutil.Error:
        return f"{pid}:"


def _lives(name: str) -> bool:
    pid = name.partition(":")[0]
    return pid.isdigit() and psutil.pid_exists(int(pid)) and _process_name(int(pid)) == name
