"""Rows with equal keys brought together: what tables of sums are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trafficdesk.packets.key_table import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray


def group_rows(words: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number of each row's group, and the first row of each group, in order of those.

    Parameters
    ----------
    words : (rows, parts) keys; equal rows are one group.
    """
    digest = mix(*(np.ascontiguousarray(words[:, part]) for part in range(words.shape[1])))
    _, first, group = np.unique(digest, return_index=True, return_inverse=True)
    if not np.array_equal(words[first][group], words):  # crafted to collide: the exact way
        _, first, group = np.unique(words, axis=0, return_index=True, return_inverse=True)
        group = group.reshape(-1)
    order = np.argsort(first)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place[group], first[order]


def sums(group: NDArray[np.int64], values: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """(groups, columns) sums of (rows, columns) values."""
    out = np.zeros((values.shape[1], groups), np.int64)
    for column, total in enumerate(out):
        np.add.at(total, group, values[:, column])
    return np.ascontiguousarray(out.T)


def each(ufunc: Any, group: NDArray[np.int64], values: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """(groups,) `np.minimum` or `np.maximum` of each group's values."""
    limits = np.iinfo(np.int64)
    out = np.full(groups, limits.max if ufunc is np.minimum else limits.min)
    ufunc.at(out, group, values)
    return out
