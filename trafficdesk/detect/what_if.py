"""What a behaviour would have to be for a row to be usual: counterfactuals.

A forest is not monotone, so the way from the row to the usual value is walked in steps, all behaviours at once in one
call; what is told is the end of the way from which on nothing speaks any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

Flags: TypeAlias = "Callable[[NDArray[np.float32]], NDArray[np.bool_]]"
"""(rows, features) to (rows,): whether a row would be flagged."""

STEPS: Final = 64
"""Steps of a way, and of each of them when it is looked at again: 1/4096 of the way is told apart."""
MOST_TOGETHER: Final = 8
"""Behaviours changed together at most; who needs more learns nothing from the list."""


def calm_from(
    row: NDArray[np.float32],
    usual: NDArray[np.float32],
    groups: Sequence[NDArray[np.intp]],
    flags: Flags,
) -> NDArray[np.float64]:
    """How far each group of features alone must go from the row's values to the usual ones.

    Parameters
    ----------
    row, usual : (features,) in stored units.
    groups : columns that change together.
    flags : the judge.

    Returns
    -------
    (groups,) share of the way, 0 to 1, from which on the row is not flagged; NaN = not even at the usual value.
    """
    if not groups:
        return np.empty(0)
    coarse = np.broadcast_to(np.linspace(0.0, 1.0, STEPS + 1), (len(groups), STEPS + 1))
    first = _first_calm(row, usual, groups, coarse, flags)
    stop = np.where(np.isfinite(first), first, 1.0)
    start = np.maximum(stop - 1.0 / STEPS, 0.0)
    fine = start[:, None] + (stop - start)[:, None] * np.linspace(0.0, 1.0, STEPS + 1)
    again = _first_calm(row, usual, groups, fine, flags)
    return np.where(np.isfinite(first), np.fmin(again, stop), np.nan)


def calm_together(
    row: NDArray[np.float32],
    usual: NDArray[np.float32],
    groups: Sequence[NDArray[np.intp]],
    flags: Flags,
) -> tuple[int, float]:
    """The fewest of `groups`, from the first on, that make the row usual together, and how far all of them must go.

    Returns
    -------
    How many, 0 = not even the first `MOST_TOGETHER`; and the share of the way, 0 to 1.
    """
    unions = [np.concatenate(groups[:count]) for count in range(1, min(len(groups), MOST_TOGETHER) + 1)]
    shares = calm_from(row, usual, unions, flags)
    enough = np.flatnonzero(np.isfinite(shares))
    return (int(enough[0]) + 1, float(shares[enough[0]])) if len(enough) else (0, float("nan"))


def moved(
    row: NDArray[np.float32],
    usual: NDArray[np.float32],
    groups: Sequence[NDArray[np.intp]],
    shares: NDArray[np.float64],
) -> NDArray[np.float32]:
    """(groups, steps, features): the row with each group `shares` (groups, steps) of the way towards what is usual."""
    out = np.tile(row, (*shares.shape, 1))
    for number, columns in enumerate(groups):
        way = usual[columns] - row[columns]
        out[number][:, columns] = row[columns] + shares[number][:, None] * way
    return out


def _first_calm(
    row: NDArray[np.float32],
    usual: NDArray[np.float32],
    groups: Sequence[NDArray[np.intp]],
    shares: NDArray[np.float64],
    flags: Flags,
) -> NDArray[np.float64]:
    """(groups,) the first of `shares` (groups, steps) from which on no step is flagged; NaN = the last one is."""
    changed = moved(row, usual, groups, shares)
    flagged = flags(changed.reshape(-1, len(row))).reshape(shares.shape)
    steps = shares.shape[1]
    after_last = np.where(flagged.any(axis=1), steps - flagged[:, ::-1].argmax(axis=1), 0)
    every = np.arange(len(groups))
    return np.where(after_last < steps, shares[every, np.minimum(after_last, steps - 1)], np.nan)
