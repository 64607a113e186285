"""The most active addresses of a capture, of either IP version: what they sent and received, with how many, when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.metrics.conversations import Kind, endpoints_of
from trafficdesk.metrics.groups import each, group_rows
from trafficdesk.metrics.whose import Several, Whose, joined
from trafficdesk.packets.address import halves
from trafficdesk.packets.key_table import mix
from trafficdesk.packets.log import FLAGGED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.metrics.conversations import Conversations, Endpoints
    from trafficdesk.metrics.tables import TrafficTables
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.log import PacketLog

MOST: Final = 1_000
"""Addresses listed by each measure."""


@dataclass(frozen=True, slots=True, eq=False)
class Flags:
    """How many flagged packets each address has sent or received; arrays over (addresses,)."""

    keys: NDArray[np.uint64]
    """`address_keys`, ascending."""
    packets: NDArray[np.int64]

    def of(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """(rows,) of other addresses, 0 where there are none."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int64)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, self.packets[at], 0)


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """One row per address, most bytes first."""

    words: NDArray[np.uint64]
    """(rows, 2) halves as they lie in memory."""
    packets: NDArray[np.int64]
    """(rows,) sent and received."""
    bytes: NDArray[np.int64]
    """(rows,) on the wire."""
    conversations: NDArray[np.int64]
    """(rows,) with how many others."""
    first_ns: NDArray[np.int64]
    last_ns: NDArray[np.int64]
    flagged: NDArray[np.int64]
    """(rows,) packets that analysis flagged."""
    threats: NDArray[np.uint16]
    """(rows,) number in `Identities.threats` of what a list has of it or of its names, 0 = none."""
    whose: Whose

    def __len__(self) -> int:
        return len(self.packets)


def address_keys(addresses: NDArray[np.void]) -> NDArray[np.uint64]:
    """(rows,) one number for each V16 address."""
    pair = halves(addresses)
    return mix(pair[:, 0], pair[:, 1])


def flags_of(log: PacketLog, ids: NDArray[np.int64] | None = None) -> Flags:
    """Flagged packets by address, of the rows still in the log, or of those among `ids`."""

    def flagged(_batch: PacketBatch, analysis: dict[str, NDArray[np.generic]]) -> NDArray[np.bool_]:
        return np.asarray((analysis["verdict"].astype(np.uint8) & FLAGGED) != 0)

    rows = log.select(flagged)
    if ids is not None:
        rows = np.intersect1d(rows, ids, assume_unique=True)
    sides = [address_keys(log.column(side, rows)) for side in ("source", "destination")]
    keys, packets = np.unique(np.concatenate(sides), return_counts=True)
    return Flags(keys, packets.astype(np.int64))


def most_active(tables: TrafficTables, flags: Flags, *, most: int = MOST) -> Activity:
    """The `most` addresses by bytes, by packets, by conversations, and by flags, and every listed one besides."""
    identities = tables.identities
    own = identities.own if identities is not None else None
    conversations = [tables.conversations(kind) for kind in (Kind.IPV4, Kind.IPV6)]
    parts = [_of(table, endpoints_of(table, own), flags) for table in conversations]
    every = _joined(parts)
    threats = np.zeros(len(every), np.uint16)
    if identities is not None and identities.matching is not None:
        threats = identities.matching.of_addresses(_packed(every.words), identities)
        names = every.whose.hosts
        if len(names.numbers):
            hits = identities.matching.of_hosts(names.numbers.astype(np.uint32), identities)
            row = np.repeat(np.arange(len(every)), np.diff(names.starts))
            told = np.flatnonzero((hits > 0) & (threats[row] == 0))[::-1]
            threats[row[told]] = hits[told]
    chosen = threats > 0
    for measure in (every.bytes, every.packets, every.conversations, every.flagged):
        best = np.argsort(-measure, kind="stable")[:most]
        chosen[best[measure[best] > 0]] = True
    order = np.flatnonzero(chosen)
    order = order[np.lexsort((-every.packets[order], -every.bytes[order]))]
    return _chosen(every, threats, order)


def _of(table: Conversations, ends: Endpoints, flags: Flags) -> Activity:
    """An address is first and last seen when its conversations are."""
    rows = len(ends)
    group, _ = group_rows(np.concatenate([ends.ends.words, table.a.words, table.b.words]))
    # Distinct ends come first, so their groups are numbered by their rows.
    group = group[rows:]
    return Activity(
        words=ends.ends.words,
        packets=ends.packets.sum(axis=1),
        bytes=ends.bytes.sum(axis=1),
        conversations=ends.conversations,
        first_ns=each(np.minimum, group, np.tile(table.first_ns, 2), rows),
        last_ns=each(np.maximum, group, np.tile(table.last_ns, 2), rows),
        flagged=flags.of(address_keys(ends.ends.packed())),
        threats=np.zeros(rows, np.uint16),
        whose=ends.whose,
    )


def _joined(parts: list[Activity]) -> Activity:
    rows = sum(map(len, parts))
    offsets = np.cumsum([0, *map(len, parts)])[:-1].tolist()

    def moved(name: str) -> Several:
        pieces: list[Several] = [
            getattr(part.whose, name).regrouped(np.arange(len(part)) + offset, rows)
            for part, offset in zip(parts, offsets, strict=True)
        ]
        return joined(pieces, rows)

    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
    return Activity(**columns, whose=Whose(moved("programs"), moved("hosts")))


def _chosen(every: Activity, threats: NDArray[np.uint16], order: NDArray[np.int64]) -> Activity:
    place = np.full(len(every), -1, np.int64)
    place[order] = np.arange(len(order))
    columns = {name: getattr(every, name)[order] for name in _COLUMNS}
    columns["threats"] = threats[order]
    parts = (every.whose.programs, every.whose.hosts)
    return Activity(**columns, whose=Whose(*(part.regrouped(place, len(order)) for part in parts)))


def _packed(words: NDArray[np.uint64]) -> NDArray[np.void]:
    """(rows,) V16."""
    return np.ascontiguousarray(words).view("V16").reshape(-1)


_COLUMNS: Final = (
    "words", "packets", "bytes", "conversations", "first_ns", "last_ns", "flagged", "threats",
)  # fmt: skip
