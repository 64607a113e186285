"""`Waiting`: requests until their responses come.

Requests wait in a table of fixed size, one per slot; a flood of requests therefore pushes waiting ones out (fewer
delays are measured) and never grows the state. Of a retransmitted request the first counts, as a person waits from
there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.key_table import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

_BITS: Final = 15
"""32,768 requests waiting."""
_SHIFT: Final = np.uint64(64 - _BITS)
_LONGEST_NS: Final = 120_000_000_000
"""A response later than this belongs to another request (RFC 9293's user timeout is of this order)."""

PATIENCE_NS: Final = 3_000_000_000
"""What waits no longer than this at the end of the capture may still be answered: a SYN is sent again after 1 s and
then 2 s (RFC 6298 section 2), a DNS query after 5 s at most (resolv.conf(5))."""


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """What a batch of requests and responses came to; positions are those within the batch."""

    delays_ns: NDArray[np.int64]
    """(answered,)"""
    answered: NDArray[np.int64]
    """(answered,) the first response to each request."""
    asked: NDArray[np.int64]
    """Requests made for the first time."""
    repeated: NDArray[np.int64]
    """Requests made again while they waited."""


class Waiting:
    """Requests waiting for their response."""

    def __init__(self) -> None:
        self._key = np.zeros(1 << _BITS, np.uint64)
        self._since = np.zeros(1 << _BITS, np.int64)

    def still(self, key: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """(rows,) whether the requests with these keys wait still."""
        return np.asarray(self._key[(key >> _SHIFT).astype(np.int64)] == key)

    def match(
        self, key: NDArray[np.uint64], at_ns: NDArray[np.int64], is_answer: NDArray[np.bool_]
    ) -> Matched:
        """Match the first response to each request.

        Requests and responses come in order of capture; only what a batch leaves open goes into the table, so that a
        batch of any length is matched whole.
        """
        order = np.argsort(key, kind="stable")
        key, at_ns, is_answer = key[order], at_ns[order], is_answer[order]
        first = np.append(True, key[1:] != key[:-1])
        slot = (key >> _SHIFT).astype(np.int64)
        waited = self._key[slot] == key
        # What came before each row, with the same key: in this batch, or in the table.
        since = np.where(first, self._since[slot], np.roll(at_ns, 1))
        after_request = np.where(first, waited, np.roll(~is_answer, 1)) & (at_ns - since <= _LONGEST_NS)
        begins = ~is_answer & ~after_request
        marked = np.flatnonzero(begins | (first & after_request))
        begun = np.where(begins, at_ns, since)[marked]
        of_row = np.searchsorted(marked, np.arange(len(key)), "right") - 1
        since = begun[of_row] if len(marked) else at_ns
        answers = is_answer & after_request
        delay = (at_ns - since)[answers]
        last = np.append(first[1:], True)
        answered, asked = last & is_answer & waited, last & ~is_answer
        self._key[slot[answered]] = 0
        self._key[slot[asked]] = key[asked]
        self._since[slot[asked]] = since[asked]
        usable = (delay >= 0) & (delay <= _LONGEST_NS)
        repeated = ~is_answer & after_request
        return Matched(delay[usable], order[answers][usable], order[begins], order[repeated])


def client_keys(
    batch: PacketBatch, rows: NDArray[np.int64], extra: NDArray[np.uint64], is_answer: NDArray[np.bool_]
) -> NDArray[np.uint64]:
    """(rows,) one number, never 0, for each flow as seen from its client, and `extra`."""
    ends = []
    for name in ("source", "destination"):
        halves = np.ascontiguousarray(batch[name][rows]).view(np.uint64).reshape(-1, 2)
        ends.append(mix(halves[:, 0], halves[:, 1], batch[f"{name}_port"][rows].astype(np.uint64)))
    client = np.where(is_answer, ends[1], ends[0])
    server = np.where(is_answer, ends[0], ends[1])
    return mix(client, server, extra) | np.uint64(1)  # 0 marks an empty slot
