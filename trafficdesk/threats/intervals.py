"""`Intervals`: which of many ranges a value lies in, vectorised over values; ranges may overlap and nest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Ranges by their beginning; arrays over (ranges,) of anything that sorts."""

    low: NDArray[Any]
    high: NDArray[Any]
    """Included."""
    widest: NDArray[np.int64]
    """Of the ranges up to here the one that ends last."""

    def __len__(self) -> int:
        return len(self.low)

    @classmethod
    def of(cls, low: NDArray[Any], high: NDArray[Any]) -> Self:
        """Ranges in any order."""
        order = np.lexsort((high, low))
        low, high = low[order], high[order]
        _, rank = np.unique(high, return_inverse=True)
        furthest = np.maximum.accumulate(rank) if len(rank) else rank
        reaches = np.where(rank == furthest, np.arange(len(rank)), 0)
        return cls(low, high, np.maximum.accumulate(reaches) if len(rank) else reaches)

    def find(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """(values,) a range that each lies in, the one that begins last if that one does, -1 = none.

        The ranges that begin at or before a value contain it, if any does, in the one that ends last.
        """
        if not len(self.low):
            return np.full(len(values), -1, np.int64)
        at = np.searchsorted(self.low, values, "right") - 1
        begun = at >= 0
        at = np.maximum(at, 0)
        widest = self.widest[at]
        found: NDArray[np.int64] = np.where(
            begun & (self.high[at] >= values),
            at,
            np.where(begun & (self.high[widest] >= values), widest, -1),
        )
        return found
