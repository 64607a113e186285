"""`ConversationTable`: what must be remembered of each conversation from one batch to the next, bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAPACITY: Final = 65_536
"""Conversations remembered, 9 MB; beyond, the half that was quiet longest is forgotten."""

DIRECTION: Final = np.dtype(
    [
        ("seen", "?"),
        ("based", "?"),
        ("base", "u4"),
        ("next", "i8"),
        ("next_ns", "i8"),
        ("acknowledged", "i8"),
        ("acknowledged_last", "i8"),
        ("last_acknowledgement", "u4"),
        ("window", "u2"),
        ("duplicates", "u2"),
        ("last_ns", "i8"),
        ("notes", "u2"),
    ],
    align=True,
)
"""One direction of a TCP conversation; `next` and `acknowledged` count from the base, unwrapped."""

CONVERSATION: Final = np.dtype(
    [("application", "u2"), ("syn", "u4"), ("has_syn", "?"), ("ways", DIRECTION, 2)], align=True
)
RAW_DIRECTION: Final = np.dtype(f"V{DIRECTION.itemsize}")
"""The same bytes in one piece: numpy copies structures field by field."""
_RAW_WAYS: Final = np.dtype(f"V{2 * DIRECTION.itemsize}")
_RAW: Final = np.dtype(f"V{CONVERSATION.itemsize}")
_WAYS_AT: Final = CONVERSATION.fields["ways"][1] if CONVERSATION.fields else 0


def ways_of(states: NDArray[np.void]) -> NDArray[np.void]:
    """(conversations, 2) `DIRECTION`: a copy of both directions of each."""
    return _raw_ways(states).copy().view(DIRECTION).reshape(-1, 2)


def set_ways(states: NDArray[np.void], ways: NDArray[np.void]) -> None:
    """Write both directions, (conversations, 2) `DIRECTION`, into `CONVERSATION`."""
    _raw_ways(states)[:] = ways.view(_RAW_WAYS).reshape(-1)


def _raw_ways(states: NDArray[np.void]) -> NDArray[np.void]:
    return np.ndarray(
        len(states), _RAW_WAYS, buffer=states.view(_RAW).data, offset=_WAYS_AT, strides=(_RAW.itemsize,)
    )


class ConversationTable:
    """States of the newest conversations, found by 64-bit key.

    Parameters
    ----------
    capacity : conversations kept at most.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        # Sorted keys and where their states are: states stay where they are when keys come in between or leave.
        self._keys = np.empty(0, np.uint64)
        self._slots = np.empty(0, np.int64)
        self._states = np.empty(0, _RAW)
        self._seen = np.empty(0, np.int64)
        """By place of the state: the call of `store` that told of it last."""
        self._free = np.empty(0, np.int64)
        """Places of states that were forgotten."""
        self._clock = 0

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], NDArray[np.void]]:
        """Which of `keys` are known, and the states of all (zeros where unknown)."""
        states = np.zeros(len(keys), _RAW)
        if not len(self._keys):
            return np.zeros(len(keys), bool), states.view(CONVERSATION)
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        known: NDArray[np.bool_] = self._keys[place] == keys
        states[known] = self._states[self._slots[place[known]]]
        return known, states.view(CONVERSATION)

    def store(self, keys: NDArray[np.uint64], states: NDArray[np.void]) -> None:
        """Keep the states of `keys`, which are ascending and distinct."""
        self._clock += 1
        raw = states.view(_RAW)
        place = np.searchsorted(self._keys, keys)
        if len(self._keys):
            known = self._keys[np.minimum(place, len(self._keys) - 1)] == keys
            slots = self._slots[place[known]]
            self._states[slots] = raw[known]
            self._seen[slots] = self._clock
            keys, raw, place = keys[~known], raw[~known], place[~known]
        if not len(keys):
            return
        slots = self._take_slots(len(keys))
        self._states[slots] = raw
        self._seen[slots] = self._clock
        self._insert(keys, slots, place + np.arange(len(keys)))
        if len(self._keys) > self._capacity:
            self._forget()

    def _take_slots(self, count: int) -> NDArray[np.int64]:
        """Places for so many further states: forgotten ones' first."""
        used = len(self._keys) + len(self._free)
        slots, self._free = self._free[:count], self._free[count:]
        end = used + count - len(slots)
        if end > len(self._states):
            room = max(2 * len(self._states), end, 1_024)
            states, self._states = self._states, np.empty(room, _RAW)
            seen, self._seen = self._seen, np.empty(room, np.int64)
            self._states[:used], self._seen[:used] = states[:used], seen[:used]
        return np.concatenate([slots, np.arange(used, end)])

    def _insert(self, keys: NDArray[np.uint64], slots: NDArray[np.int64], at: NDArray[np.int64]) -> None:
        """Put further keys where they belong among the sorted ones."""
        old = np.ones(len(self._keys) + len(keys), bool)
        old[at] = False
        all_keys, all_slots = np.empty(len(old), np.uint64), np.empty(len(old), np.int64)
        all_keys[at], all_slots[at] = keys, slots
        all_keys[old], all_slots[old] = self._keys, self._slots
        self._keys, self._slots = all_keys, all_slots

    def _forget(self) -> None:
        """Keep the half of the capacity that was seen last; of those seen as late as each other the smaller keys."""
        seen, half = self._seen[self._slots], self._capacity // 2
        oldest = np.partition(seen, len(seen) - half)[len(seen) - half] if half else self._clock
        kept = seen > oldest
        kept[np.flatnonzero(seen == oldest)[: half - int(kept.sum())]] = True
        self._free = np.concatenate([self._free, self._slots[~kept]])
        self._keys, self._slots = self._keys[kept], self._slots[kept]
