"""The opening of a conversation: sizes, directions and pauses of its first packets that carry something.

What an application is shows in its first few messages (Bernaille et al., CoNEXT'06), whatever its port and however
encrypted. No port, address, text or name that the decoder found goes in: only what somebody sees who can read nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.engine import KeyTable, Runs
from trafficdesk.features.keys import mix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from trafficdesk.features import Observation
    from trafficdesk.features.keys import Rows
    from trafficdesk.packets.batch import PacketBatch

MESSAGES: Final = 8
"""Packets with payload that count."""
CHECKPOINTS: Final = (2, 4, 8)
"""After so many of them a conversation is judged; a question and its answer are the least."""
IDLE_S: Final = 60.0
"""Silent for longer, and another one begins: as `features.events.NEW_S` has it."""
MAX_CONVERSATIONS: Final = 100_000
"""Beyond that the oldest leave."""

FEATURES: Final = (
    *(f"size of message {number}, signed by direction|bytes|log1p" for number in range(1, MESSAGES + 1)),
    *(f"pause before message {number}|ms|log1p" for number in range(2, MESSAGES + 1)),
    "messages|1",
    "bytes from who spoke first|bytes|log1p",
    "bytes back|bytes|log1p",
    "largest message from who spoke first|bytes|log1p",
    "largest message back|bytes|log1p",
    "changes of direction|1",
    "is UDP|1",
)
"""Columns of an opening's row."""


@dataclass(frozen=True, slots=True, eq=False)
class Openings:
    """What one part of a batch told of conversations."""

    rows: NDArray[np.int64]
    """(rows,) of the batch that belong to a conversation with ports, in the order of conversations, then time."""
    slots: NDArray[np.int64]
    """(rows,) conversation of each, as numbered now."""
    starts: NDArray[np.int64]
    """(conversations,) where each begins within `rows`."""
    fresh: NDArray[np.bool_]
    """(conversations,) whether it begins anew: what was said of it no longer counts."""
    at: NDArray[np.int64]
    """(judged,) positions within `rows` that are checkpoints."""
    values: NDArray[np.float32]
    """(judged, features) in the order of `FEATURES`, as of that packet."""


class OpeningTracker:
    """First messages of every conversation, carried from batch to batch; bounded.

    Parameters
    ----------
    capacity : conversations that are known at a time.
    """

    def __init__(self, capacity: int = MAX_CONVERSATIONS) -> None:
        self._capacity = capacity
        self._table = KeyTable()
        self._last = np.full(256, -np.inf)
        self._counts = np.zeros(256, np.int64)
        self._first = np.zeros(256, np.int64)
        """Key of the end that spoke first."""
        self._sizes = np.zeros((256, MESSAGES))
        self._times = np.zeros((256, MESSAGES))

    def __len__(self) -> int:
        return len(self._table)

    def update(self, batch: PacketBatch, observation: Observation) -> Iterator[Openings]:
        """Openings as of the rows of a batch, which follow those of the former call.

        A part at a time: none spans as long as it takes for another conversation of the same ends to begin.
        """
        rows = observation.rows
        at = np.flatnonzero((rows.tcp | rows.udp) & rows.ported)
        cuts = np.flatnonzero(np.diff(rows.seconds[at] // IDLE_S)) + 1
        for part in np.split(at, cuts):
            if len(part):
                yield self._update(batch, rows, part)

    def _update(self, batch: PacketBatch, rows: Rows, at: NDArray[np.int64]) -> Openings:
        near = mix(rows.source[at], rows.source_port[at])
        far = mix(rows.destination[at], rows.destination_port[at])
        runs = Runs(mix(np.minimum(near, far), np.maximum(near, far)) + rows.ip_protocol[at])
        at = at[runs.order]
        seconds, sender = rows.seconds[at], near[runs.order]
        slots = self._table.slots(runs.keys)
        self._grow_to(len(self._table))
        fresh = seconds[runs.starts] - self._last[slots] > IDLE_S
        # What was under way already has no opening to be seen, nor has what packets were left out of.
        begun = rows.udp[at[runs.starts]] | rows.syn[at[runs.starts]]
        self._counts[slots[fresh]] = np.where(begun, 0, MESSAGES)[fresh]
        if batch.sample is not None:
            self._counts[slots] = MESSAGES
        slot_of = np.repeat(slots, runs.stops - runs.starts)
        spoken = self._count(batch["payload_length"][at], runs, slots)
        self._record(spoken, slot_of, seconds, sender)
        self._last[slots] = seconds[runs.stops - 1]
        checkpoints = np.flatnonzero(np.isin(spoken.number, CHECKPOINTS) & spoken.speaks)
        values = self._values(
            slot_of[checkpoints], spoken.number[checkpoints], rows.udp[at[checkpoints]].astype(np.float32)
        )
        return Openings(at, slot_of, runs.starts, fresh, checkpoints, values)

    def tidy(self, now: float) -> NDArray[np.int64] | None:
        """Forget what is idle, and the oldest beyond the bound, once it is worth it.

        Returns
        -------
        (kept,) the former number of each conversation as numbered now; None = nothing was forgotten.
        """
        known = len(self._table)
        if known < self._capacity:
            return None
        last = self._last[:known]
        kept = now - last <= IDLE_S
        room = self._capacity // 2
        if int(kept.sum()) > room:
            kept &= last > np.partition(last, known - room - 1)[known - room - 1]
        former = self._table.keep(kept)
        for array in (self._last, self._counts, self._first, self._sizes, self._times):
            array[: len(former)] = array[former]
        self._last[len(former) :] = -np.inf
        return former

    def _count(self, payload: NDArray[np.uint32], runs: Runs, slots: NDArray[np.int64]) -> _Spoken:
        """Number the messages of the runs, whose conversations are `slots`; `payload` is in bytes."""
        speaks = payload > 0
        total = np.cumsum(speaks)
        before = total[runs.starts] - speaks[runs.starts] - self._counts[slots]
        number: NDArray[np.int64] = total - np.repeat(before, runs.stops - runs.starts)
        self._counts[slots] = np.minimum(number[runs.stops - 1], MESSAGES)
        return _Spoken(number, speaks, payload.astype(np.float64))

    def _record(
        self,
        spoken: _Spoken,
        slot_of: NDArray[np.int64],
        seconds: NDArray[np.float64],
        sender: NDArray[np.int64],
    ) -> None:
        """Keep the first messages; everything in the order of conversations."""
        begins = np.flatnonzero(spoken.speaks & (spoken.number == 1))
        self._first[slot_of[begins]] = sender[begins]
        kept = np.flatnonzero(spoken.speaks & (spoken.number <= MESSAGES))
        slot, position = slot_of[kept], spoken.number[kept] - 1
        forwards = sender[kept] == self._first[slot]
        self._sizes[slot, position] = np.log1p(spoken.payload[kept]) * np.where(forwards, 1.0, -1.0)
        self._times[slot, position] = seconds[kept]

    def _values(
        self, slots: NDArray[np.int64], numbers: NDArray[np.int64], udp: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """(judged, features) of conversations as of their so-many-th message."""
        seen = np.arange(MESSAGES) < numbers[:, None]
        sizes = np.where(seen, self._sizes[slots], 0.0)
        pauses = np.maximum(np.diff(self._times[slots], axis=1), 0.0)
        pauses = np.where(seen[:, 1:], np.log1p(1000.0 * pauses), 0.0)
        octets = np.expm1(np.abs(sizes))
        out, back = np.where(sizes > 0, octets, 0.0), np.where(sizes < 0, octets, 0.0)
        turns = ((sizes[:, 1:] > 0) != (sizes[:, :-1] > 0)) & seen[:, 1:]
        return np.column_stack(
            [
                sizes,
                pauses,
                numbers,
                *(np.log1p(way.sum(axis=1)) for way in (out, back)),
                *(np.log1p(way.max(axis=1, initial=0.0)) for way in (out, back)),
                turns.sum(axis=1),
                udp,
            ]
        ).astype(np.float32)

    def _grow_to(self, known: int) -> None:
        size = len(self._last)
        if known <= size:
            return
        more = max(known, 2 * size) - size
        self._last = np.append(self._last, np.full(more, -np.inf))
        self._counts = np.append(self._counts, np.zeros(more, np.int64))
        self._first = np.append(self._first, np.zeros(more, np.int64))
        self._sizes = np.append(self._sizes, np.zeros((more, MESSAGES)), axis=0)
        self._times = np.append(self._times, np.zeros((more, MESSAGES)), axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class _Spoken:
    """Arrays over (rows,) in the order of conversations."""

    number: NDArray[np.int64]
    """Messages of the row's conversation so far, its own included."""
    speaks: NDArray[np.bool_]
    """Whether the row is one."""
    payload: NDArray[np.float64]
    """Bytes."""
