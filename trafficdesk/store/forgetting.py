"""Forgetting all that was recorded: in the store, in what waits for a server, in copies made before a change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import sqlalchemy as sql

from trafficdesk.store.backlog import empty
from trafficdesk.store.keeping import BACKLOG
from trafficdesk.store.retention import TABLES, drop_copies, give_back
from trafficdesk.store.schema import NOTE, OUTBOX

if TYPE_CHECKING:
    from pathlib import Path

    from trafficdesk.store.database import Database


def forget_everything(database: Database, folder: Path, sensor: int | None = None) -> int:
    """As `forget`, and what waits in `folder` to be sent to a server."""
    # First: what waits must not arrive afterwards.
    return empty(folder / BACKLOG) + forget(database, sensor)


def forget(database: Database, sensor: int | None = None) -> int:
    """Throw away all that was recorded, by one `sensor` only where given; returns the rows that went.

    Raises
    ------
    StoreError
        If the store refuses or is out of reach.
    """
    gone = 0
    with database.transaction() as connection:
        for table in (*TABLES, NOTE):
            mine = sql.true() if sensor is None else table.c.sensor == sensor
            gone += connection.execute(sql.delete(table).where(mine)).rowcount
        mine = sql.true() if sensor is None else OUTBOX.c.sensor == sensor
        # What was delivered; a mail that waits is still to be sent.
        connection.execute(sql.delete(OUTBOX).where(mine & (OUTBOX.c.done_ns > 0)))
    drop_copies(database, math.inf)
    if database.embedded:
        give_back(database)
    return gone
