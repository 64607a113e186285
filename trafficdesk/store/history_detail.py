"""`HistoryDetail`: questions to the tables of `schema_detail`, and of the models that were fitted."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sql

from trafficdesk.metrics.delays import KINDS, latency_of
from trafficdesk.packets.address import address_text, mac_text, pack_address
from trafficdesk.store.schema import MODEL
from trafficdesk.store.schema_detail import (
    DELAY_HOUR,
    DEVICE_DAY,
    LENGTH_MINUTE,
    QUALITY_MINUTE,
    THREAT_DAY,
)
from trafficdesk.store.span import LAST, NS, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trafficdesk.metrics.snapshot import Latency
    from trafficdesk.store.database import Database

_NOBODYS: Final = (bytes(16), pack_address("0.0.0.0"))  # noqa: S104  # nobody is bound to
"""Folded or outside ones, and what a device has that has no address yet (RFC 2131 section 2)."""
_HOUR: Final = 3_600
_DAY: Final = 86_400
_QUALITY: Final = ("scored", "unscored", "flagged", "dropped_kernel", "dropped_queue", "dropped_disk")


class HistoryDetail:
    """Reads one store; every method raises as `History` does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lengths(self, span: Span) -> list[tuple[int, int, int]]:
        """(least length of the class in bytes, packets, bytes), shortest first, by whole minutes."""
        table = LENGTH_MINUTE
        query = sql.select(table.c.least, sql.func.sum(table.c.packets), sql.func.sum(table.c.bytes))
        query = query.where(span.holds(table, table.c.minute)).group_by(table.c.least)
        return [(int(row[0]), int(row[1]), int(row[2])) for row in self._rows(query.order_by(table.c.least))]

    def delays(self, span: Span) -> dict[str, Latency]:
        """Delays of the answers within the hours of `span`, by kind (`metrics.delays.KINDS`)."""
        table = DELAY_HOUR
        query = sql.select(table.c.kind, table.c.step, sql.func.sum(table.c.answers))
        query = query.where(_whole(span, _HOUR).holds(table, table.c.hour))
        found: dict[str, dict[int, int]] = defaultdict(dict)
        for kind, step, answers in self._rows(query.group_by(table.c.kind, table.c.step)):
            found[kind][int(step)] = int(answers)
        return {kind: latency_of(found[kind]) for kind in KINDS}

    def slowest(
        self, span: Span, kind: str, *, least: int = 10, limit: int = 10
    ) -> list[tuple[str, Latency]]:
        """Addresses with the greatest median delay among those with at least so many answers."""
        table = DELAY_HOUR
        total = sql.func.sum(table.c.answers)
        query = sql.select(table.c.address, table.c.step, total)
        query = query.where(_whole(span, _HOUR).holds(table, table.c.hour) & (table.c.kind == kind))
        found: dict[bytes, dict[int, int]] = defaultdict(dict)
        for address, step, answers in self._rows(query.group_by(table.c.address, table.c.step)):
            found[bytes(address)][int(step)] = int(answers)
        told = [(address, latency_of(steps)) for address, steps in found.items() if any(address)]
        told = [one for one in told if one[1].n >= least]
        told.sort(key=lambda one: (-one[1].median_ms, one[0]))
        return [(address_text(address), latency) for address, latency in told[:limit]]

    def devices(self, span: Span, limit: int = 100) -> list[dict[str, Any]]:
        """Link-layer addresses that sent something within `span`, by bytes; `addresses` of this network they had.

        An empty `mac` stands for those that were too many to be told apart.
        """
        table = DEVICE_DAY
        octets = sql.func.sum(table.c.bytes)
        query = sql.select(
            table.c.mac,
            table.c.address,
            sql.func.sum(table.c.packets),
            octets,
            sql.func.min(table.c.first_ns),
            sql.func.max(table.c.last_ns),
        ).where(_there(span))
        found: dict[int, dict[str, Any]] = {}
        for mac, address, packets, sent, first_ns, last_ns in self._rows(
            query.group_by(table.c.mac, table.c.address).order_by(octets.desc())
        ):
            one = found.setdefault(mac, _device(mac, int(first_ns), int(last_ns)))
            if bytes(address) not in _NOBODYS:
                one["addresses"].append(address_text(address))
            one["packets"] += int(packets)
            one["bytes"] += int(sent)
            one["first_ns"] = min(one["first_ns"], int(first_ns))
            one["last_ns"] = max(one["last_ns"], int(last_ns))
        return sorted(found.values(), key=lambda one: (-one["bytes"], one["mac"]))[:limit]

    def device_count(self, span: Span) -> int:
        """How many different ones."""
        query = sql.select(sql.func.count(sql.distinct(DEVICE_DAY.c.mac)))
        return int(self._rows(query.where(_there(span) & (DEVICE_DAY.c.mac != 0)))[0][0])

    def threats(self, span: Span) -> list[dict[str, Any]]:
        """Hits on threat lists on the days of `span`, most packets first."""
        table = THREAT_DAY
        packets = sql.func.sum(table.c.packets)
        texts = [table.c[name] for name in ("list_name", "entry", "met")]
        query = sql.select(
            *texts,
            sql.func.max(table.c.dated_s),
            packets,
            sql.func.min(table.c.first_ns),
            sql.func.max(table.c.last_ns),
        ).where(_whole(span, _DAY).holds(table, table.c.day) & (table.c.last_ns >= span.start_s * NS))
        rows = self._rows(query.group_by(table.c.hit, *texts).order_by(packets.desc(), *texts))
        names = ("list", "entry", "met", "dated_s", "packets", "first_ns", "last_ns")
        return [dict(zip(names, (*row[:3], *map(int, row[3:])), strict=True)) for row in rows]

    def quality(self, span: Span) -> dict[str, int]:
        """Packets by what became of them: scored, unscored, flagged, dropped_kernel, dropped_queue, dropped_disk."""
        table = QUALITY_MINUTE
        query = sql.select(*(sql.func.sum(table.c[name]) for name in _QUALITY))
        row = self._rows(query.where(span.holds(table, table.c.minute)))[0]
        return {name: int(value or 0) for name, value in zip(_QUALITY, row, strict=True)}

    def flagged(self, span: Span) -> list[tuple[int, int]]:
        """(begin of the minute in s, packets flagged), empty minutes left out."""
        table = QUALITY_MINUTE
        query = sql.select(table.c.minute, sql.func.sum(table.c.flagged))
        query = query.where(span.holds(table, table.c.minute) & (table.c.flagged > 0))
        rows = self._rows(query.group_by(table.c.minute).order_by(table.c.minute))
        return [(int(row[0]), int(row[1])) for row in rows]

    def models(self, span: Span) -> list[dict[str, Any]]:
        """Models fitted within `span`, newest first."""
        query = sql.select(MODEL).where(span.holds(MODEL, MODEL.c.fitted_ns, NS))
        rows = self._rows(query.order_by(MODEL.c.fitted_ns.desc()))
        return [dict(row._mapping) for row in rows]  # noqa: SLF001  # SQLAlchemy's way

    def _rows(self, query: Any) -> Sequence[Any]:
        with self._database.reading() as connection:
            return connection.execute(query).fetchall()


def _there(span: Span) -> Any:
    """Condition on `DEVICE_DAY`; who was seen before and after on a day was there."""
    start, end = (min(at * NS, LAST) for at in (span.start_s, span.end_s))
    table = DEVICE_DAY
    days = _whole(span, _DAY).holds(table, table.c.day)
    return days & (table.c.last_ns >= start) & (table.c.first_ns < end)


def _device(mac: int, first_ns: int, last_ns: int) -> dict[str, Any]:
    text = mac_text(mac) if mac else ""
    return {"mac": text, "addresses": [], "packets": 0, "bytes": 0, "first_ns": first_ns, "last_ns": last_ns}


def _whole(span: Span, unit_s: int) -> Span:
    """From the begin of the hour or day that it begins in."""
    return Span(span.start_s // unit_s * unit_s, span.end_s, span.sensor)
