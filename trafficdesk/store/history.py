"""`History`: questions to the store, each answered from the coarsest table that can."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sql

from trafficdesk.packets.address import address_text, pack_address
from trafficdesk.packets.protocol import IpProtocol
from trafficdesk.store.history_detail import HistoryDetail
from trafficdesk.store.past_conversations import WAYS, conversation_query
from trafficdesk.store.past_names import names_of, shown_names
from trafficdesk.store.schema import (
    CAPTURE,
    GAP,
    HOST_DAY,
    HOST_HOUR,
    HOST_MINUTE,
    INCIDENT,
    MODEL,
    NOTE,
    PROTOCOL_HOUR,
    PROTOCOL_MINUTE,
    SENSOR,
    VOLUME_MINUTE,
    VOLUME_SECOND,
)
from trafficdesk.store.span import HOURS_S, LAST, MINUTES_S, NS, SECONDS_S, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trafficdesk.store.database import Database

__all__ = ["History", "Span", "Talker"]


@dataclass(frozen=True, slots=True)
class Talker:
    """An address within a span."""

    address: str
    """Empty = all others, that were too many to be told apart."""
    sent_packets: int
    sent_bytes: int
    received_packets: int
    received_bytes: int


class History:
    """Reads one store.

    Every method raises `OutOfReach` if it does not answer and `StoreError` if it refuses.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def detail(self) -> HistoryDetail:
        """What a report tells besides."""
        return HistoryDetail(self._database)

    def sensors(self) -> list[tuple[int, str]]:
        """Number and name of every machine that has written."""
        return [(row[0], row[1]) for row in self._rows(sql.select(SENSOR.c.sensor, SENSOR.c.name))]

    def volume(self, span: Span) -> list[tuple[int, int, int]]:
        """(time in s, packets, bytes), by second for spans up to half an hour, else by minute; empty ones left out."""
        fine = span.length_s <= SECONDS_S
        table = VOLUME_SECOND if fine else VOLUME_MINUTE
        at = table.c.second if fine else table.c.minute
        query = sql.select(at, sql.func.sum(table.c.packets), sql.func.sum(table.c.bytes))
        query = query.where(span.holds(table, at)).group_by(at).order_by(at)
        return [(row[0], int(row[1]), int(row[2])) for row in self._rows(query)]

    def protocols(self, span: Span) -> list[tuple[str, int, int]]:
        """(name, packets, bytes), heaviest first, by whole minutes; of spans beyond eight hours by whole hours."""
        fine = span.length_s <= MINUTES_S
        table = PROTOCOL_MINUTE if fine else PROTOCOL_HOUR
        at = table.c.minute if fine else table.c.hour
        octets = sql.func.sum(table.c.bytes)
        query = sql.select(table.c.protocol, sql.func.sum(table.c.packets), octets)
        query = query.where(span.holds(table, at)).group_by(table.c.protocol)
        return [(row[0], int(row[1]), int(row[2])) for row in self._rows(query.order_by(octets.desc()))]

    def protocol_minutes(self, span: Span, names: Sequence[str]) -> list[tuple[int, str, int]]:
        """(begin of the minute in s, name, packets) of these protocols."""
        table = PROTOCOL_MINUTE
        query = sql.select(table.c.minute, table.c.protocol, sql.func.sum(table.c.packets))
        query = query.where(span.holds(table, table.c.minute) & table.c.protocol.in_(names))
        query = query.group_by(table.c.minute, table.c.protocol)
        return [(int(row[0]), row[1], int(row[2])) for row in self._rows(query)]

    def talkers(self, span: Span, limit: int = 20) -> list[Talker]:
        """Addresses by bytes sent and received, heaviest first; of spans beyond eight hours by whole hours."""
        table = _host_rows(span)
        octets = sql.func.sum(table.c.sent_bytes + table.c.received_bytes)
        query = sql.select(table.c.address, *_host_sums(table)).group_by(table.c.address)
        query = query.order_by(octets.desc(), table.c.address).limit(limit)
        return [_talker(row) for row in self._rows(query)]

    def host(self, address: str, span: Span) -> list[tuple[int, Talker]]:
        """One address over time: (begin of the minute or hour in s, what it did).

        Raises
        ------
        ValueError
            If `address` is none.
        """
        table, at = _host_table(span)
        query = sql.select(table.c.address, *_host_sums(table), at)
        query = query.where((table.c.address == pack_address(address)) & span.holds(table, at))
        return [
            (row[-1], _talker(row)) for row in self._rows(query.group_by(table.c.address, at).order_by(at))
        ]

    def models(self, span: Span) -> list[dict[str, Any]]:
        """Models that were fitted in `span`, newest first: of how many rows, how long it took, with which seed."""
        query = sql.select(MODEL).where(span.holds(MODEL, MODEL.c.fitted_ns, NS))
        return [dict(row._mapping) for row in self._rows(query.order_by(MODEL.c.fitted_ns.desc()))]  # noqa: SLF001

    def notes(self, sensor: int | None = None) -> list[dict[str, Any]]:
        """What was said of flags, `body` as the file of corrections has it; what was taken back is `removed`."""
        mine = sql.true() if sensor is None else NOTE.c.sensor == sensor
        # What was taken back before it was ever kept has no body.
        told = (NOTE.c.removed == sql.false()) | (NOTE.c.body != "")
        rows = self._rows(sql.select(NOTE).where(mine & told).order_by(NOTE.c.changed_ns.desc(), NOTE.c.name))
        return [
            dict(row._mapping) | {"body": json.loads(row.body)}  # noqa: SLF001
            for row in rows
        ]

    def names_of(self, address: str) -> list[dict[str, Any]]:
        """See `past_names.names_of`."""
        with self._database.reading() as connection:
            return names_of(connection, address)

    def shown_names(self, addresses: Iterable[str]) -> dict[str, str]:
        """See `past_names.shown_names`."""
        with self._database.reading() as connection:
            return shown_names(connection, addresses)

    def conversations(
        self, span: Span, address: str | None = None, limit: int = 1_000
    ) -> list[dict[str, Any]]:
        """Conversations that took place in `span`, heaviest first; of `address` only, if given.

        By whole hours. In spans beyond four hours the clients' ports are not told apart (-1); spans beyond two days
        are told by whole days, from the begin of their first (UTC).

        Raises
        ------
        ValueError
            If `address` is none.
        """
        rows = self._rows(conversation_query(span, address, limit))
        return [
            dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's way
            | {"low": _text(row.low), "high": _text(row.high)}
            | {name: int(getattr(row, name)) for name in WAYS}
            | {"protocol": row.protocol or _TRANSPORTS.get(row.ip_protocol, "")}
            for row in rows
        ]

    def incidents(self, span: Span, *, suppressed: bool = False) -> list[dict[str, Any]]:
        """Incidents that began in `span`, newest first; `peers` and `reasons` as lists.

        Parameters
        ----------
        suppressed : those too of which a person said that they are expected.
        """
        query = sql.select(INCIDENT).where(span.holds(INCIDENT, INCIDENT.c.start_ns, NS))
        if not suppressed:
            query = query.where(INCIDENT.c.suppressed == sql.false())
        return [
            dict(row._mapping) | {"peers": json.loads(row.peers), "reasons": json.loads(row.reasons)}  # noqa: SLF001
            for row in self._rows(query.order_by(INCIDENT.c.start_ns.desc()))
        ]

    def gaps(self, span: Span) -> list[dict[str, Any]]:
        """Spans in which nothing could be captured, by beginning."""
        query = sql.select(GAP).where(span.holds(GAP, GAP.c.start_ns, NS)).order_by(GAP.c.start_ns)
        return [dict(row._mapping) for row in self._rows(query)]  # noqa: SLF001

    def captures(self, span: Span) -> list[dict[str, Any]]:
        """Captures that began in `span`, newest first."""
        query = sql.select(CAPTURE).where(span.holds(CAPTURE, CAPTURE.c.capture, NS))
        return [dict(row._mapping) for row in self._rows(query.order_by(CAPTURE.c.capture.desc()))]  # noqa: SLF001

    def captures_during(self, span: Span) -> list[dict[str, Any]]:
        """Captures that ran in `span`, whenever they began and ended, newest first."""
        begun = CAPTURE.c.capture < min(span.end_s * NS, LAST)
        ran = begun & (CAPTURE.c.ended_ns >= span.start_s * NS)
        if span.sensor is not None:
            ran &= CAPTURE.c.sensor == span.sensor
        query = sql.select(CAPTURE).where(ran).order_by(CAPTURE.c.capture.desc())
        return [dict(row._mapping) for row in self._rows(query)]  # noqa: SLF001

    def _rows(self, query: Any) -> Sequence[Any]:
        with self._database.reading() as connection:
            return connection.execute(query).fetchall()


_TRANSPORTS: Final = {IpProtocol.TCP: "TCP", IpProtocol.UDP: "UDP"}
_SUMS: Final = ("sent_packets", "sent_bytes", "received_packets", "received_bytes")


def _host_table(span: Span) -> tuple[sql.Table, sql.Column[Any]]:
    if span.length_s <= MINUTES_S:
        return HOST_MINUTE, HOST_MINUTE.c.minute
    return HOST_HOUR, HOST_HOUR.c.hour


def _host_rows(span: Span) -> Any:
    """What hosts did in `span`: whole days as such, where it is long."""
    if span.length_s <= HOURS_S:
        table, at = _host_table(span)
        return sql.select(table).where(span.holds(table, at)).subquery()
    before, days, after = span.by_day()
    parts = ((before, HOST_HOUR.c.hour), (days, HOST_DAY.c.day), (after, HOST_HOUR.c.hour))
    return sql.union_all(
        *(
            sql.select(at.table.c.address, *(at.table.c[name] for name in _SUMS)).where(
                part.holds(at.table, at)
            )
            for part, at in parts
        )
    ).subquery()


def _host_sums(table: Any) -> list[Any]:
    return [sql.func.sum(table.c[name]) for name in _SUMS]


def _talker(row: Any) -> Talker:
    return Talker(_text(row[0]), *map(int, row[1:5]))


def _text(packed: bytes) -> str:
    return address_text(packed) if any(packed) else ""
