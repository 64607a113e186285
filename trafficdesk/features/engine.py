"""The engine under every damped feature: rows grouped by key, a key table, and one linear recurrence per batch.

A damped sum obeys S_i = d_i * S_(i-1) + x_i with d_i = 2**(-dt / half-life). Rows sorted by key are one such
recurrence with d = 0 where a key begins, evaluated by a blocked scan in three levels. Only factors in [0, 1] are multiplied,
so nothing overflows; prefix sums with rescaling lose up to 2**60 of precision and are no alternative.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


_SHORT: Final = 24
"""Up to so many rows a loop over them beats blocks."""


class Blocks:
    """How the rows of a recurrence lie in memory while it is evaluated: `size` rows of each of `count` blocks.

    Row i is the (i mod size)-th of block i // size, and the arrays are (size, ..., count): every step of the recurrence
    is one operation on contiguous memory for all columns, windows and blocks.

    Parameters
    ----------
    rows : at least one.
    """

    __slots__ = ("block", "count", "empty", "place", "position", "rows", "size")

    def __init__(self, rows: int) -> None:
        # The cube root: the blocks' ends are a recurrence of their own, which is cut in blocks again.
        self.size = max(1, round(rows ** (1 / 3)))
        self.count = -(-rows // self.size)
        every = np.arange(self.size * self.count)
        block, position = np.divmod(every, self.size)
        self.position: NDArray[np.intp] = position[:rows]
        """(rows,) place of each row in its block."""
        self.block: NDArray[np.intp] = block[:rows]
        """(rows,) its block."""
        place = position * self.count + block
        self.place: NDArray[np.intp] = place[:rows]
        """(rows,) flat place (position, block)."""
        self.empty: NDArray[np.intp] = place[rows:]
        """Flat places without a row."""
        self.rows: NDArray[np.intp] = np.zeros(len(every), np.intp)
        """(places,) row at each; 0 where there is none."""
        self.rows[place[:rows]] = every[:rows]

    def laid(
        self, values: NDArray[np.float64], order: NDArray[np.intp] | None = None, windows: int = 1
    ) -> NDArray[np.float64]:
        """(size, columns, windows, count) of values, which are taken in `order`; where there is no row it is 0.

        Values are (columns, rows), the same for all windows, or (columns, windows, rows).
        """
        # `take` is three times as fast as indexing with an array, "clip" saves it a copy (measured 2026-11).
        rows = self.rows if order is None else np.take(order, self.rows)
        laid = np.empty((self.size, len(values), windows, self.count))
        flat = np.empty(len(self.rows))
        every = [slice(None)] if values.ndim == 2 else [slice(at, at + 1) for at in range(windows)]
        for column, of_column in enumerate(values):
            for window, of_window in zip(every, np.atleast_2d(of_column), strict=True):
                np.take(of_window, rows, out=flat, mode="clip")
                flat[self.empty] = 0.0
                laid[:, column, window] = flat.reshape(self.size, 1, self.count)
        return laid

    def evaluate(self, factors: NDArray[np.float64], inputs: NDArray[np.float64]) -> None:
        """Turn `inputs` (size, columns, windows, count) into the sums, and `factors` (size, windows, count) into products.

        Places without a row must hold 0.
        """
        step = np.empty_like(inputs[0])
        for position in range(1, self.size):
            np.multiply(factors[position], inputs[position - 1], out=step)
            inputs[position] += step
            np.multiply(factors[position], factors[position - 1], out=factors[position])
        if self.count == 1:
            return
        carry = np.zeros_like(step)
        carry[..., 1:] = linrec(factors[-1], inputs[-1])[..., :-1]
        for position in range(self.size):
            np.multiply(factors[position], carry, out=step)
            inputs[position] += step

    def read(self, laid: NDArray[np.float64], order: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """(columns, windows, rows) of `laid` (size, columns, windows, count); row i goes to `order[i]`."""
        _, columns, windows, _ = laid.shape
        place = self.place
        if order is not None:
            place = np.empty_like(place)
            place[order] = self.place
        read = np.empty((columns, windows, len(place)))
        flat = np.empty(len(self.rows))
        plane = flat.reshape(self.size, self.count)
        for column in range(columns):
            for window in range(windows):
                plane[:] = laid[:, column, window]
                np.take(flat, place, out=read[column, window], mode="clip")
        return read


def linrec(factors: NDArray[np.float64], inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evaluate S_i = factors_i * S_(i-1) + inputs_i along the rows, S_(-1) = 0.

    Parameters
    ----------
    factors : (windows, rows), in [0, 1].
    inputs : (columns, windows, rows).

    Returns
    -------
    (columns, windows, rows)
    """
    rows = inputs.shape[-1]
    if rows <= _SHORT:
        sums = inputs.copy()
        for row in range(1, rows):
            sums[..., row] += factors[:, row] * sums[..., row - 1]
        return sums
    columns, windows, _ = inputs.shape
    blocks = blocks_of(rows)
    laid = blocks.laid(inputs.reshape(columns * windows, rows))
    laid = laid.reshape(blocks.size, columns, windows, blocks.count)
    blocks.evaluate(blocks.laid(factors)[:, :, 0], laid)
    return blocks.read(laid)


@lru_cache(maxsize=64)
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
