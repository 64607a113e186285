"""The engine under every damped feature: rows grouped by key, a key table, and one linear recurrence per batch.

A damped sum obeys S_i = d_i * S_(i-1) + x_i with d_i = 2**(-dt / half-life). Rows sorted by key are one such
recurrence with d = 0 where a key begins, evaluated by a two-level blocked scan. Only factors in [0, 1] are multiplied,
so nothing overflows; prefix sums with rescaling lose up to 2**60 of precision and are no alternative.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    rows, windows = factors.shape
    columns = inputs.shape[2]
    if not rows:
        return inputs.copy()
    size = max(1, int(np.sqrt(rows)))
    blocks = -(-rows // size)
    padding = blocks * size - rows
    if padding:
        factors = np.concatenate([factors, np.zeros((padding, windows))])
        inputs = np.concatenate([inputs, np.zeros((padding, windows, columns))])
    # (position in block, block, ...): every step below touches contiguous memory.
    factor = np.ascontiguousarray(factors.reshape(blocks, size, windows).transpose(1, 0, 2))
    sums = np.ascontiguousarray(inputs.reshape(blocks, size, windows, columns).transpose(1, 0, 2, 3))
    product = np.empty_like(factor)
    product[0] = factor[0]
    for position in range(1, size):
        sums[position] += factor[position][:, :, None] * sums[position - 1]
        np.multiply(factor[position], product[position - 1], out=product[position])
    carry = np.zeros((blocks, windows, columns))
    for block in range(1, blocks):
        carry[block] = sums[-1, block - 1] + product[-1, block - 1][:, None] * carry[block - 1]
    sums += product[..., None] * carry[None]
    return sums.transpose(1, 0, 2, 3).reshape(blocks * size, windows, columns)[:rows]


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
