"""Which packets the table shows: all that are kept, or those a filter chose.

Rows are counted from 0 as Qt does. Positions are rows plus those that have left at the front, so a position keeps
its packet while old rows leave; caches are keyed by position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FIRST_ROOM: Final = 4_096


class VisibleRows:
    """Row ↔ packet_id, both ways in constant or logarithmic time."""

    def __init__(self) -> None:
        self._chosen: NDArray[np.int64] | None = None
        self._base = 0
        """Position of `_chosen[0]`."""
        self.start = 0
        """Position of row 0."""
        self.stop = 0
        """One past the position of the last row."""

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def filtered(self) -> bool:
        """Whether a filter chose the rows."""
        return self._chosen is not None

    def show_all(self, first_id: int, end_id: int) -> None:
        """Every packet from `first_id` to before `end_id`."""
        self._chosen = None
        self.start, self.stop = first_id, end_id

    def show(self, ids: NDArray[np.int64]) -> None:
        """Only these packet_ids, ascending."""
        self._chosen = ids.copy()
        self._base = self.start = 0
        self.stop = len(ids)

    def append(self, ids: NDArray[np.int64]) -> None:
        """Show further packet_ids, all greater than those shown."""
        if self._chosen is None:
            self.stop += len(ids)
            return
        self._make_room(len(ids))
        self._chosen[self.stop - self._base : self.stop - self._base + len(ids)] = ids
        self.stop += len(ids)

    def rows_before(self, packet_id: int) -> int:
        """How many of the rows have a smaller packet_id."""
        if self._chosen is None:
            return min(max(packet_id - self.start, 0), len(self))
        return int(np.searchsorted(self._shown(), packet_id))

    def drop_oldest(self, rows: int) -> None:
        """Forget the first `rows`."""
        self.start += rows

    def id_at(self, row: int) -> int:
        """packet_id of a row."""
        if self._chosen is None:
            return self.start + row
        return int(self._chosen[self.start - self._base + row])

    def row_of(self, packet_id: int) -> int | None:
        """Row of a packet, None where it is not shown."""
        row = self.rows_before(packet_id)
        return row if row < len(self) and self.id_at(row) == packet_id else None

    def nearest_row(self, packet_id: int) -> int:
        """Row of the packet or of the first later one; the last row where there is none; -1 where there is no row."""
        return min(self.rows_before(packet_id), len(self) - 1)

    def rows_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """(shown,) ascending rows of those of `ids` (ascending) that are shown."""
        if self._chosen is None:
            return ids[(ids >= self.start) & (ids < self.stop)] - self.start
        shown = self._shown()
        rows = np.searchsorted(shown, ids)
        here = rows < len(shown)
        here[here] = shown[rows[here]] == ids[here]
        return rows[here].astype(np.int64)

    def ids(self, start: int = 0, stop: int | None = None) -> NDArray[np.int64]:
        """(stop - start,) packet_ids of consecutive rows."""
        stop = len(self) if stop is None else stop
        if self._chosen is None:
            return np.arange(self.start + start, self.start + stop, dtype=np.int64)
        return self._shown()[start:stop].copy()

    def _shown(self) -> NDArray[np.int64]:
        assert self._chosen is not None
        return self._chosen[self.start - self._base : self.stop - self._base]

    def _make_room(self, rows: int) -> None:
        assert self._chosen is not None
        used = self.stop - self._base
        if used + rows <= len(self._chosen):
            return
        kept = self._shown()
        grown = np.empty(max(_FIRST_ROOM, 2 * (len(kept) + rows)), np.int64)
        grown[: len(kept)] = kept
        self._chosen = grown
        self._base = self.start
