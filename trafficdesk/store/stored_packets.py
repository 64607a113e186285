"""Packets that the history keeps one by one, read back network by network, in the order in which they came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sql

from trafficdesk.store.packet_rows import batch_of
from trafficdesk.store.schema import CAPTURE, GAP, NETWORK, PACKET
from trafficdesk.store.span import LAST, NS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.store.database import Database
    from trafficdesk.store.span import Span

PAGE: Final = 20_000
"""Rows read at a time."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A stretch of one capture within one network."""

    network: str
    """Name of its baseline."""
    interface: str
    """What was captured on."""
    capture: int
    start_ns: int
    end_ns: int
    packets: int
    """That are kept of it."""


class StoredPackets:
    """Reads one sensor's packets from one store.

    Every method raises `OutOfReach` if the store does not answer and `StoreError` if it refuses.
    """

    def __init__(self, database: Database, sensor: int) -> None:
        self._database = database
        self._sensor = sensor

    def stays(self, span: Span) -> list[Stay]:
        """Stretches of captures within `span` that packets are kept of, by time; only where the network is known."""
        start_ns, end_ns = (min(at * NS, LAST) for at in (span.start_s, span.end_s))
        mine = (NETWORK.c.sensor == self._sensor) & (NETWORK.c.start_ns < end_ns)
        query = sql.select(NETWORK.c.capture, NETWORK.c.start_ns, NETWORK.c.network, CAPTURE.c.source)
        same = (CAPTURE.c.sensor == NETWORK.c.sensor) & (CAPTURE.c.capture == NETWORK.c.capture)
        lasting = CAPTURE.c.ended_ns >= start_ns
        order = (NETWORK.c.capture, NETWORK.c.start_ns)
        rows = self._rows(query.join(CAPTURE, same).where(mine & lasting).order_by(*order))
        out = []
        for row, following in zip(rows, [*rows[1:], None], strict=False):
            ends = following is not None and following.capture == row.capture
            until = min(following.start_ns if ends else end_ns, end_ns)
            stay = Stay(row.network, row.source, row.capture, max(row.start_ns, start_ns), until, 0)
            if packets := self._count(stay):
                out.append(Stay(stay.network, stay.interface, stay.capture, stay.start_ns, until, packets))
        return out

    def batches(self, stay: Stay, first_id: int, skipped: int = 0) -> Iterator[PacketBatch]:
        """Its packets but for the first `skipped`, numbered anew from `first_id`."""
        key = (PACKET.c.timestamp_ns, PACKET.c.sensor, PACKET.c.capture, PACKET.c.number)
        query = sql.select(PACKET).order_by(*key).limit(PAGE)
        rows = self._rows(query.where(self._of(stay)).offset(skipped))
        while rows:
            yield batch_of(rows, first_id)
            first_id += len(rows)
            last = rows[-1]
            after = (PACKET.c.timestamp_ns > last.timestamp_ns) | (PACKET.c.number > last.number)
            here = self._of(stay) & (PACKET.c.timestamp_ns >= last.timestamp_ns) & after
            rows = self._rows(query.where(here)) if len(rows) == PAGE else []

    def gaps(self, stay: Stay) -> list[tuple[int, int]]:
        """Begin and end in ns of the times in which it could not be captured."""
        mine = (GAP.c.sensor == self._sensor) & (GAP.c.capture == stay.capture) & (GAP.c.end_ns > 0)
        query = sql.select(GAP.c.start_ns, GAP.c.end_ns).where(mine).order_by(GAP.c.end_ns)
        return [(row.start_ns, row.end_ns) for row in self._rows(query)]

    def _count(self, stay: Stay) -> int:
        return int(self._rows(sql.select(sql.func.count()).select_from(PACKET).where(self._of(stay)))[0][0])

    def _of(self, stay: Stay) -> Any:
        inside = (PACKET.c.timestamp_ns >= stay.start_ns) & (PACKET.c.timestamp_ns < stay.end_ns)
        mine = (PACKET.c.sensor == self._sensor) & (PACKET.c.capture == stay.capture)
        # Version 1 kept less of a packet than the detector asks for.
        return inside & mine & (PACKET.c.network >= 0)

    def _rows(self, query: Any) -> list[Any]:
        with self._database.reading() as connection:
            return list(connection.execute(query).fetchall())
