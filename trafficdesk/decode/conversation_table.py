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
    [("application", "u2"), ("syn", "u4"), ("has_syn", "?"), ("last_seen", "i8"), ("ways", DIRECTION, 2)],
    align=True,
)
_RAW: Final = np.dtype(f"V{CONVERSATION.itemsize}")
"""The same bytes in one piece: numpy copies structures field by field."""


class ConversationTable:
    """States of the newest conversations, found by 64-bit key.

    Parameters
    ----------
    capacity : conversations kept at most.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        # Sorted keys and where their states are: states stay where they are when keys come in between.
        self._keys = np.empty(0, np.uint64)
        self._slots = np.empty(0, np.int64)
        self._states = np.empty(0, _RAW)
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
        states["last_seen"] = self._clock
        raw = states.view(_RAW)
        place = np.searchsorted(self._keys, keys)
        if len(self._keys):
            known = self._keys[np.minimum(place, len(self._keys) - 1)] == keys
            self._states[self._slots[place[known]]] = raw[known]
            keys, raw, place = keys[~known], raw[~known], place[~known]
        if not len(keys):
            return
        begin, end = len(self._keys), len(self._keys) + len(keys)
        if end > len(self._states):
            room = np.empty(max(2 * len(self._states), end, 1_024), _RAW)
            room[:begin] = self._states[:begin]
            self._states = room
        self._states[begin:end] = raw
        self._keys = np.insert(self._keys, place, keys)
        self._slots = np.insert(self._slots, place, np.arange(begin, end))
        if len(self._keys) > self._capacity:
            self._forget()

    def _forget(self) -> None:
        """Keep the half of the capacity that was seen last."""
        age = self._states.view(CONVERSATION)["last_seen"][self._slots]
        kept = np.sort(np.argsort(-age, kind="stable")[: self._capacity // 2])
        # Into the same room: the states of the rest are overwritten by and by.
        self._states[: len(kept)] = self._states[self._slots[kept]]
        self._keys = self._keys[kept]
        self._slots = np.arange(len(kept))
