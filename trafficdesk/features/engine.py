"""The engine under every damped feature: rows grouped by key, a key table, and one linear recurrence per batch.

A damped sum obeys S_i = d_i * S_(i-1) + x_i with d_i = 2**(-dt / half-life). Rows sorted by key are one such
recurrence with d = 0 where a key begins, evaluated by a two-level blocked scan. Only factors in [0, 1] are multiplied,
so nothing overflows; prefix sums with rescaling lose up to 2**60 of precision and are no alternative.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Blocks:
    """How the rows of a recurrence lie in memory while it is evaluated: `size` rows of each of `count` blocks.

    Row i is at flat place (i mod size) * count + i // size, so that every step touches contiguous memory.

    Parameters
    ----------
    rows : at least one.
    """

    __slots__ = ("count", "empty", "places", "rows", "size")

    def __init__(self, rows: int) -> None:
        self.size = max(1, int(np.sqrt(rows)))
        self.count = -(-rows // self.size)
        every = np.arange(self.size * self.count)
        block, position = np.divmod(every, self.size)
        place = position * self.count + block
        self.places: NDArray[np.intp] = place[:rows]
        """(rows,) flat place of each row."""
        self.empty: NDArray[np.intp] = place[rows:]
        """Places without a row."""
        self.rows: NDArray[np.intp] = np.zeros(len(every), np.intp)
        """(places,) row at each; 0 where there is none."""
        self.rows[self.places] = every[:rows]

    def laid(self, values: NDArray[np.float64], order: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """(places, ...) of values (rows, ...), which are taken in `order`."""
        # `take` is three times as fast as indexing with an array (measured 2026-11).
        laid = np.take(values, self.rows if order is None else np.take(order, self.rows), axis=0)
        laid[self.empty] = 0.0
        return laid

    def evaluate(self, factors: NDArray[np.float64], inputs: NDArray[np.float64]) -> None:
        """Turn `inputs` (places, windows, columns) into the sums, and `factors` (places, windows) into their products.

        Places without a row must hold 0.
        """
        factor = factors.reshape(self.size, self.count, -1)
        sums = inputs.reshape(self.size, self.count, *inputs.shape[1:])
        step = np.empty_like(sums[0])
        for position in range(1, self.size):
            np.multiply(factor[position][..., None], sums[position - 1], out=step)
            sums[position] += step
            np.multiply(factor[position], factor[position - 1], out=factor[position])
        carry = np.zeros_like(step)
        for block in range(1, self.count):
            carry[block] = sums[-1, block - 1] + factor[-1, block - 1][:, None] * carry[block - 1]
        for position in range(self.size):
            np.multiply(factor[position][..., None], carry, out=step)
            sums[position] += step


def linrec(factors: NDArray[np.float64], inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evaluate S_i = factors_i * S_(i-1) + inputs_i along the rows, S_(-1) = 0.

    Parameters
    ----------
    factors : (rows, windows), in [0, 1].
    inputs : (rows, windows, columns).

    Returns
    -------
    (rows, windows, columns)
    """
    if not len(factors):
        return inputs.copy()
    blocks = blocks_of(len(factors))
    sums = blocks.laid(inputs)
    blocks.evaluate(blocks.laid(factors), sums)
    return np.take(sums, blocks.places, axis=0)


@lru_cache(maxsize=32)
def blocks_of(rows: int) -> Blocks:
    """Blocks for so many rows; batches are often equally long."""
    return Blocks(rows)


class Runs:
    """Rows of a batch sorted by key, in order of arrival within a key.

    Parameters
    ----------
    keys : (rows,) int64, at least one.
    """

    __slots__ = ("keys", "order", "starts", "stops")

    def __init__(self, keys: NDArray[np.int64]) -> None:
        self.order: NDArray[np.intp] = np.argsort(keys, kind="stable")
        """(rows,) row at each sorted position."""
        ordered = keys[self.order]
        first = np.empty(len(keys), np.bool_)
        first[0] = True
        np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
        self.starts: NDArray[np.intp] = np.flatnonzero(first)
        """(runs,) sorted position where each key begins."""
        self.stops: NDArray[np.intp] = np.append(self.starts[1:], len(keys))
        """(runs,) one past its last."""
        self.keys: NDArray[np.int64] = ordered[self.starts]
        """(runs,) distinct keys, ascending."""


class KeyTable:
    """int64 keys to dense slots 0..n-1: sorted arrays, looked up and grown a batch at a time."""

    __slots__ = ("_keys", "_slots")

    def __init__(self) -> None:
        self._keys = np.empty(0, np.int64)
        self._slots = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def keys(self) -> NDArray[np.int64]:
        """(keys,) ascending."""
        return self._keys

    def slots(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """(keys,) slot of each of the ascending, distinct `keys`; new ones get the next slots."""
        at = np.searchsorted(self._keys, keys)
        if len(self._keys):
            inside = np.minimum(at, len(self._keys) - 1)
            known = self._keys[inside] == keys
            slots = np.where(known, self._slots[inside], -1)
        else:
            known = np.zeros(len(keys), np.bool_)
            slots = np.full(len(keys), -1, np.int64)
        if not known.all():
            new = ~known
            fresh = np.arange(len(self._keys), len(self._keys) + int(new.sum()))
            slots[new] = fresh
            self._keys = np.insert(self._keys, at[new], keys[new])
            self._slots = np.insert(self._slots, at[new], fresh)
        return slots

    def keep(self, kept: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Forget the slots where `kept` (one per slot) is False and number the rest anew.

        Returns
        -------
        (kept,) the old slot of each new one.
        """
        stay = kept[self._slots]
        self._keys = self._keys[stay]
        old = self._slots[stay]
        self._slots = np.arange(len(old))
        return old
