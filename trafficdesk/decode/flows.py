"""Rows of a batch by conversation: the sorting that every look at conversations begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.conversation_table import ConversationTable
    from trafficdesk.packets.batch import PacketBatch

_ODD: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))
"""2**64 / golden ratio, and two primes of xxHash64: any odd numbers with well-spread bits do."""
_FOLD: Final = np.uint64(32)


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Rows sorted by conversation, in order of capture within each."""

    batch: PacketBatch
    rows: NDArray[np.int64]
    """(rows,) rows of the batch."""
    ends: tuple[NDArray[np.uint64], NDArray[np.uint64]]
    """(rows,) a number per address and port: source and destination."""
    first: NDArray[np.bool_]
    """(rows,) whether a row is its conversation's first one here."""
    flow: NDArray[np.int64]
    """(rows,) number of its conversation, ascending from 0."""
    keys: NDArray[np.uint64]
    """(flows,) what each conversation is found by, ascending."""
    known: NDArray[np.bool_]
    """(flows,) whether it was seen in earlier batches."""
    states: NDArray[np.void]
    """(flows,) `CONVERSATION`: what is remembered of it."""

    @classmethod
    def of(cls, batch: PacketBatch, rows: NDArray[np.int64], table: ConversationTable) -> Flows:
        """Sort `rows`, and look up what `table` remembers."""
        ends = (
            end_of(batch["source"][rows], batch["source_port"][rows]),
            end_of(batch["destination"][rows], batch["destination_port"][rows]),
        )
        keys = _keys(ends)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        first = np.append(True, keys[1:] != keys[:-1]) if len(keys) else np.zeros(0, bool)
        distinct = keys[first]
        known, states = table.find(distinct)
        return cls(
            batch,
            rows[order],
            (ends[0][order], ends[1][order]),
            first,
            np.cumsum(first) - 1,
            distinct,
            known,
            states,
        )

    @property
    def begin(self) -> NDArray[np.int64]:
        """(flows,) place of each conversation's first row."""
        return np.flatnonzero(self.first)

    @property
    def last(self) -> NDArray[np.int64]:
        """(flows,) place of each conversation's last row."""
        return np.append(self.begin[1:], len(self.rows)) - 1

    def since_first(self, events: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(rows,) how many `events` there were in the row's conversation so far, itself included."""
        total = np.cumsum(events)
        since: NDArray[np.int64] = total - (total - events)[self.begin][self.flow]
        return since


def end_of(addresses: NDArray[np.void], ports: NDArray[np.int64]) -> NDArray[np.uint64]:
    """(rows,) a number per address and port."""
    halves = np.ascontiguousarray(addresses).view(np.uint64).reshape(-1, 2)
    value = halves[:, 0] * _ODD[0]
    value ^= value >> _FOLD
    value += halves[:, 1]
    value *= _ODD[1]
    value ^= value >> _FOLD
    value += ports.astype(np.uint64)
    value *= _ODD[2]
    mixed: NDArray[np.uint64] = value ^ (value >> _FOLD)
    return mixed


def _keys(ends: tuple[NDArray[np.uint64], NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """(rows,) a number per conversation, the same for both directions."""
    keys = np.minimum(*ends) * _ODD[0] + np.maximum(*ends)
    keys ^= keys >> _FOLD
    return keys * _ODD[1]
