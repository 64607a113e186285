"""Rows in another order than the capture's: the permutation of one moment. No Qt here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SortedRows:
    """Row ↔ packet_id of packets that were sorted; it has the parts of `VisibleRows` that only read.

    Parameters
    ----------
    ids : (rows,) packet_ids, ascending.
    order : (rows,) numbers into `ids`, from the first row to the last.
    """

    def __init__(self, ids: NDArray[np.int64], order: NDArray[np.int64]) -> None:
        self._ids = ids
        self._order = order
        self._row = np.empty(len(ids), np.int32)
        self._row[order] = np.arange(len(ids), dtype=np.int32)
        self.start = 0
        """Position of row 0."""
        self.stop = len(ids)
        """One past the position of the last row."""

    def __len__(self) -> int:
        return self.stop

    @property
    def newest_id(self) -> int:
        """The greatest packet_id, -1 where there is no row."""
        return int(self._ids[-1]) if len(self._ids) else -1

    def id_at(self, row: int) -> int:
        """packet_id of a row."""
        return int(self._ids[self._order[row]])

    def ids(self, start: int = 0, stop: int | None = None) -> NDArray[np.int64]:
        """(stop - start,) packet_ids of consecutive rows."""
        return self._ids[self._order[start:stop]]

    def row_of(self, packet_id: int) -> int | None:
        """Row of a packet, None where it is not shown."""
        place = int(np.searchsorted(self._ids, packet_id))
        return int(self._row[place]) if place < len(self._ids) and self._ids[place] == packet_id else None

    def rows_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """(shown,) ascending rows of those of `ids` (ascending) that are shown."""
        places = np.searchsorted(self._ids, ids)
        here = places < len(self._ids)
        here[here] = self._ids[places[here]] == ids[here]
        return np.sort(self._row[places[here]]).astype(np.int64)

    def nearest_row(self, packet_id: int) -> int:
        """Row of the packet, or of the first later one, or of the last; -1 where there is no row."""
        if not len(self._ids):
            return -1
        return int(self._row[min(int(np.searchsorted(self._ids, packet_id)), len(self._ids) - 1)])

    def without(self, packet_id: int) -> SortedRows:
        """The same order without packets older than `packet_id`."""
        gone = int(np.searchsorted(self._ids, packet_id))
        if not gone:
            return self
        return SortedRows(self._ids[gone:], self._order[self._order >= gone] - gone)
