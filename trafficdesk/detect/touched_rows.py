"""What a log's rows would be without the corrections that touch them, by packet; bounded, the oldest leave first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_ROWS: Final = 1_000_000
"""Touched rows of which we know what they would be; some 17 MB."""


class TouchedRows:
    """Arrays over the touched rows, ascending by packet_id."""

    def __init__(self) -> None:
        self._ids = np.empty(0, np.int64)
        self._by = np.empty(0, np.int32)
        """Number of the correction that speaks of each row, negative where it is known to be bad."""
        self._score = np.empty(0, np.float32)
        self._verdict = np.empty(0, np.uint8)

    def hits(self) -> dict[int, int]:
        """Rows touched, by the correction's number."""
        numbers, counts = np.unique(np.abs(self._by), return_counts=True)
        return dict(zip(numbers.tolist(), counts.tolist(), strict=True))

    def suppressed_ids(self) -> NDArray[np.int64]:
        """Ascending ids of rows that would be flagged."""
        return self._ids[self._by > 0]

    def by_of(self, ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """(ids,) what speaks of each row; 0 = nothing."""
        by = np.zeros(len(ids), np.int32)
        at, known = self._find(ids)
        by[known] = self._by[at[known]]
        return by

    def restore(self, ids: NDArray[np.int64], score: NDArray[np.float32], verdict: NDArray[np.uint8]) -> None:
        """Write over `score` and `verdict`, both (ids,), what the touched ones of these rows would be."""
        at, known = self._find(ids)
        score[known], verdict[known] = self._score[at[known]], self._verdict[at[known]]

    def put(
        self,
        ids: NDArray[np.int64],
        by: NDArray[np.int32],
        score: NDArray[np.float32],
        verdict: NDArray[np.uint8],
    ) -> None:
        """Take rows (ascending ids) with what they would be; those of which nothing speaks any more leave."""
        if not len(ids):
            return
        later = not len(self._ids) or int(ids[0]) > int(self._ids[-1])
        if later and len(self._ids) + len(ids) <= MAX_ROWS and by.all():
            self._ids, self._by = np.concatenate([self._ids, ids]), np.concatenate([self._by, by])
            self._score = np.concatenate([self._score, score])
            self._verdict = np.concatenate([self._verdict, verdict])
            return
        # Of a row known already the newer value counts: it comes last.
        whole = [
            np.concatenate(pair)
            for pair in ((self._ids, ids), (self._by, by), (self._score, score), (self._verdict, verdict))
        ]
        order = np.argsort(whole[0], kind="stable")
        last = np.append(whole[0][order][1:] != whole[0][order][:-1], True)
        kept = order[last]
        kept = kept[whole[1][kept] != 0][-MAX_ROWS:]
        self._ids, self._by, self._score, self._verdict = (values[kept] for values in whole)

    def _find(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        if not len(self._ids):
            return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
        at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return at, self._ids[at] == ids
