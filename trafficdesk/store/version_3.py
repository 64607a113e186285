"""From schema 2 to 3: months are asked by day and by service, addresses have names, incidents may be expected.

The new tables are filled from what there is, an hour at a time: a store may be larger than our memory, and a server
answers no question that takes minutes. Done twice, it leaves the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sql

from trafficdesk.store.parcel import Parcel
from trafficdesk.store.schema import (
    CONVERSATION,
    HOST_DAY,
    HOST_HOUR,
    INCIDENT,
    NAME,
    PROTOCOL_HOUR,
    PROTOCOL_MINUTE,
    SERVICE,
    SERVICE_DAY,
    SERVICE_HOUR,
)
from trafficdesk.store.services import Services
from trafficdesk.store.span import DAY, HOUR
from trafficdesk.store.widening import widen

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from trafficdesk.store.database import Database

NEW: Final = (PROTOCOL_HOUR, HOST_DAY, SERVICE, SERVICE_HOUR, SERVICE_DAY, NAME)
"""Tables that there were not."""
"""Tables that there were not."""


def to_version_3(database: Database, connection: Connection) -> None:
    """Make the step."""
    for table in NEW:
        table.create(connection, checkfirst=True)
        connection.execute(sql.delete(table))
    widen(connection, INCIDENT)
    _sum_up(connection, HOST_HOUR.c.hour, HOST_DAY, DAY)
    _sum_up(connection, PROTOCOL_MINUTE.c.minute, PROTOCOL_HOUR, HOUR)
    _gather(database, connection)


def _sum_up(connection: Connection, at: sql.Column[Any], coarse: sql.Table, span: int) -> None:
    """Rows of the table of `at`, summed by a longer span."""
    fine = at.table
    keys = [fine.c[column.name] for column in list(coarse.primary_key)[1:]]
    sums = [sql.func.sum(column) for column in fine.c if not column.primary_key]
    for start in _spans(connection, at, span):
        lines = sql.select(sql.literal(start), *keys, *sums).where((at >= start) & (at < start + span))
        names = [column.name for column in coarse.columns]
        connection.execute(sql.insert(coarse).from_select(names, lines.group_by(*keys)))


def _gather(database: Database, connection: Connection) -> None:
    """Services of the conversations."""
    at = CONVERSATION.c.hour
    known: dict[int, Services] = {}
    for hour in _spans(connection, at, HOUR):
        parcel = Parcel()
        lines: dict[int, list[Any]] = {}
        for line in connection.execute(sql.select(CONVERSATION).where(at == hour)):
            lines.setdefault(line.sensor, []).append(line)
        for sensor, mine in lines.items():
            known.setdefault(sensor, Services(sensor)).add(list(zip(*mine, strict=True)), parcel)
        parcel.write(database, connection)


def _spans(connection: Connection, at: sql.Column[Any], span: int) -> range:
    first, last = connection.execute(sql.select(sql.func.min(at), sql.func.max(at))).one()
    return range(0) if first is None else range(first // span * span, last + 1, span)
