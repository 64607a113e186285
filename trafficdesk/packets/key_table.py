"""`KeyTable`: distinct 128-bit keys to small dense numbers, vectorised over rows and bounded.

An open-addressing hash table whose every step is one numpy operation over the rows not placed yet. Sorting
(`np.unique`) costs 3 to 5 times as much per row, and a dict of Python objects 50 times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ODD_1: Final = np.uint64(0x9E3779B97F4A7C15)
"""2**64 / golden ratio: Fibonacci hashing (Knuth, TAOCP 3, section 6.4)."""
_ODD_2: Final = np.uint64(0xC2B2AE3D27D4EB4F)
"""xxHash64's second prime."""
_FOLD: Final = np.uint64(32)
_PROBES: Final = 24
"""Linear probing at most half full ends within a few steps; more means a crafted set of keys, which then overflows."""
_EMPTY: Final = -1


def mix(*parts: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(rows,) one well-stirred 64-bit number of several; equal parts give equal numbers."""
    out = parts[0] * _ODD_1
    for part in parts[1:]:
        out ^= out >> _FOLD
        out += part
        out *= _ODD_2
    out ^= out >> _FOLD
    return out * _ODD_1


class KeyTable:
    """Numbers distinct keys 0, 1, 2… in order of appearance.

    Parameters
    ----------
    bits : the table has 2**bits slots, half of which may be used.
    """

    def __init__(self, bits: int) -> None:
        self._slots = np.full(1 << bits, _EMPTY, np.int32)
        self._shift = np.uint64(64 - bits)
        self._wrap = (1 << bits) - 1
        self.capacity = 1 << (bits - 1)
        """Keys at most."""
        self._high = np.zeros(self.capacity, np.uint64)
        self._low = np.zeros(self.capacity, np.uint64)
        self._count = 0
        self.overflowed = False
        """Whether a key found no room: `len` is then a lower bound."""

    def __len__(self) -> int:
        return self._count

    def keys(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """High and low halves of the keys with these numbers."""
        return self._high[numbers], self._low[numbers]

    def numbers(self, high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.int32]:
        """(rows,) number of each key, new ones numbered on the way; -1 where there was no room."""
        slot = (mix(low, high) >> self._shift).astype(np.int64)
        out = self._slots[slot]
        missed = np.flatnonzero((self._high[out] != high) | (self._low[out] != low) | (out == _EMPTY))
        if len(missed):
            out[missed] = self._place(slot[missed], high[missed], low[missed])
        return out

    def found(self, high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.int32]:
        """(rows,) number of each key, -1 where it has none; nothing is numbered."""
        slot = (mix(low, high) >> self._shift).astype(np.int64)
        out = np.full(len(slot), _EMPTY, np.int32)
        left = np.arange(len(slot))
        for _ in range(_PROBES):
            number = self._slots[slot[left]]
            same = (number != _EMPTY) & (self._high[number] == high[left]) & (self._low[number] == low[left])
            out[left[same]] = number[same]
            left = left[~same & (number != _EMPTY)]
            if not len(left):
                break
            slot[left] = (slot[left] + 1) & self._wrap
        return out

    def _place(
        self, slot: NDArray[np.int64], high: NDArray[np.uint64], low: NDArray[np.uint64]
    ) -> NDArray[np.int32]:
        out = np.full(len(slot), _EMPTY, np.int32)
        left = np.arange(len(slot))
        for _ in range(_PROBES):
            at = slot[left]
            self._claim(at, high[left], low[left])
            found = self._slots[at]
            same = (found != _EMPTY) & (self._high[found] == high[left]) & (self._low[found] == low[left])
            out[left[same]] = found[same]
            # An empty slot now means a full table: the key is nowhere further on.
            left = left[~same & (found != _EMPTY)]
            if not len(left):
                break
            slot[left] = (slot[left] + 1) & self._wrap
        self.overflowed |= bool((out == _EMPTY).any())
        return out

    def _claim(self, at: NDArray[np.int64], high: NDArray[np.uint64], low: NDArray[np.uint64]) -> None:
        """Give empty slots to one row each; of rows that want the same slot the last written wins."""
        room = self.capacity - self._count
        wanting = np.flatnonzero(self._slots[at] == _EMPTY)
        if not len(wanting) or not room:
            return
        self._slots[at[wanting]] = wanting
        winners = wanting[self._slots[at[wanting]] == wanting]
        self._slots[at[winners]] = _EMPTY
        winners = winners[:room]
        numbers = np.arange(self._count, self._count + len(winners))
        self._slots[at[winners]] = numbers
        self._high[numbers] = high[winners]
        self._low[numbers] = low[winners]
        self._count += len(winners)
