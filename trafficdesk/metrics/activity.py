"""The most active addresses of a capture, of either IP version: what they sent and received, with how many, when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.metrics.conversations import Kind
from trafficdesk.metrics.groups import each, group_rows, sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.metrics.conversations import Conversations
    from trafficdesk.metrics.tables import TrafficTables

MOST: Final = 1_000
"""Addresses listed."""


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

    def __len__(self) -> int:
        return len(self.packets)

    def addresses(self) -> NDArray[np.void]:
        """(rows,) V16."""
        return np.ascontiguousarray(self.words).view("V16").reshape(-1)


def most_active(
    tables: TrafficTables, wanted: NDArray[np.void] | None = None, *, most: int = MOST
) -> Activity:
    """The `most` addresses that are first by bytes, by packets or by conversations, and those `wanted` besides.

    Parameters
    ----------
    wanted : V16 addresses that belong to the list however little they say: flagged or listed ones.
    """
    parts = [_of(tables.conversations(kind)) for kind in (Kind.IPV4, Kind.IPV6)]
    whole = [
        np.concatenate([getattr(part, name) for part in parts]) for name in Activity.__dataclass_fields__
    ]
    every = Activity(*whole)
    chosen = np.zeros(len(every), np.bool_)
    for measure in (every.bytes, every.packets, every.conversations):
        chosen[np.argsort(-measure, kind="stable")[:most]] = True
    if wanted is not None and len(wanted):
        chosen |= np.isin(_mixed(every.addresses()), _mixed(wanted))
    order = np.flatnonzero(chosen)
    order = order[np.lexsort((-every.packets[order], -every.bytes[order]))]
    return Activity(*(column[order] for column in whole))


def _of(table: Conversations) -> Activity:
    """Sums by address; who talks with itself stands on both sides of one conversation."""
    group, first = group_rows(np.concatenate([table.a.words, table.b.words]))
    alone = (table.a.words == table.b.words).all(axis=1)
    counted = np.concatenate([np.ones(len(table), np.int64), (~alone).astype(np.int64)])

    def both(values: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.concatenate([values, values])

    return Activity(
        words=np.concatenate([table.a.words, table.b.words])[first],
        packets=sums(group, both(table.packets.sum(axis=1)) * counted, len(first)),
        bytes=sums(group, both(table.bytes.sum(axis=1)) * counted, len(first)),
        conversations=sums(group, counted, len(first)),
        first_ns=each(np.minimum, group, both(table.first_ns), len(first)),
        last_ns=each(np.maximum, group, both(table.last_ns), len(first)),
    )


def _mixed(addresses: NDArray[np.void]) -> NDArray[np.uint64]:
    """(rows,) one number for each address."""
    from trafficdesk.packets.address import halves
    from trafficdesk.packets.key_table import mix

    pair = halves(addresses)
    return mix(pair[:, 0], pair[:, 1])
