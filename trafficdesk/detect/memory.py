"""`RowMemory`: what the detector keeps of rows it has judged, so that it can be asked about them later; bounded."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from trafficdesk.features import FEATURES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from trafficdesk.detect.forest import Model
    from trafficdesk.features import Observation

FLAGGED_ROWS: Final = 50_000
"""Flagged rows kept, the newest; some 20 MB."""
ORDINARY_ROWS: Final = 20_000
"""Other rows kept, drawn evenly from all that came; some 8 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class RememberedRows:
    """Rows as they were judged; arrays over (rows,)."""

    ids: NDArray[np.int64]
    """packet_id."""
    values: NDArray[np.float32]
    """(rows, features) as stored, see `features.FEATURES`."""
    source: NDArray[np.int64]
    """Host key."""
    destination: NDArray[np.int64]
    seconds: NDArray[np.float64]
    """`CaptureClock`'s time."""
    score: NDArray[np.float32]
    family: NDArray[np.uint8]
    """Index in `detect.families.FAMILIES`, 0 = none."""
    model: NDArray[np.int32]
    """Number of the model that judged it, 0 = rules only."""

    def __len__(self) -> int:
        return len(self.ids)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> RememberedRows:
        """The chosen rows."""
        return RememberedRows(*(getattr(self, name)[chosen] for name in _COLUMNS))

    @classmethod
    def room(cls, rows: int) -> Self:
        """Room for `rows` rows."""
        return cls(
            np.zeros(rows, np.int64),
            np.zeros((rows, len(FEATURES)), np.float32),
            np.zeros(rows, np.int64),
            np.zeros(rows, np.int64),
            np.zeros(rows, np.float64),
            np.zeros(rows, np.float32),
            np.zeros(rows, np.uint8),
            np.zeros(rows, np.int32),
        )


_COLUMNS: Final = tuple(field.name for field in fields(RememberedRows))


def judged_rows(
    ids: NDArray[np.int64],
    observation: Observation,
    score: NDArray[np.float32],
    family: NDArray[np.uint8],
    stretches: Iterable[tuple[int, Model]],
) -> RememberedRows:
    """Rows just judged; `stretches` says from which row on which model scored."""
    model = np.zeros(len(ids), np.int32)
    for start, one in stretches:
        model[start:] = one.number
    rows = observation.rows
    return RememberedRows(
        ids, observation.values, rows.source, rows.destination, rows.seconds, score, family, model
    )


class RowMemory:
    """The newest flagged rows, and a sample of the others.

    Parameters
    ----------
    seed : of the sample: the same rows in the same cuts are kept again.
    flagged, ordinary : rows kept of each kind.
    """

    def __init__(self, seed: int, flagged: int = FLAGGED_ROWS, ordinary: int = ORDINARY_ROWS) -> None:
        self._random = np.random.default_rng(seed)
        self._flagged = _Places(flagged)
        self._ordinary = _Places(ordinary)
        self._ordinary_seen = 0

    @property
    def flagged(self) -> RememberedRows:
        """Flagged rows still known, ascending by id; copied."""
        return self._flagged.rows()

    @property
    def ordinary(self) -> RememberedRows:
        """The sample of rows that were not flagged, ascending by id; copied."""
        return self._ordinary.rows()

    def add(self, rows: RememberedRows, flagged: NDArray[np.bool_]) -> None:
        """Take in rows just judged, ascending by id."""
        which = np.flatnonzero(flagged)[-self._flagged.capacity :]
        self._flagged.put(self._flagged.next_places(len(which)), rows, which)
        self._sample(rows, np.flatnonzero(~flagged))

    def rows_of(self, ids: NDArray[np.int64]) -> RememberedRows:
        """Those of the packets `ids` that are still known, ascending by id."""
        parts = [place.rows(ids) for place in (self._flagged, self._ordinary)]
        both = RememberedRows(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS))
        return both.where(np.argsort(both.ids, kind="stable"))

    def _sample(self, rows: RememberedRows, which: NDArray[np.intp]) -> None:
        """Vitter's algorithm R, many rows at a time: every row of the capture is kept with the same probability."""
        free = self._ordinary.capacity - len(self._ordinary)
        first = which[:free]
        self._ordinary.put(self._ordinary.next_places(len(first)), rows, first)
        later = which[free:] if free else which
        number = self._ordinary_seen + len(first) + np.arange(1, len(later) + 1)
        self._ordinary_seen += len(which)
        if not len(later):
            return
        drawn = (self._random.random(len(later)) * number).astype(np.int64)
        hit = drawn < self._ordinary.capacity
        # Where two rows draw one place the later one stays.
        places, last = np.unique(drawn[hit][::-1], return_index=True)
        self._ordinary.put(places, rows, later[hit][::-1][last])


class _Places:
    """A fixed number of places for rows."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._held = 0
        self._next = 0
        self._rows = RememberedRows.room(0)

    def __len__(self) -> int:
        return self._held

    def next_places(self, count: int) -> NDArray[np.int64]:
        """The next `count` places, round and round."""
        if not len(self._rows) and count:
            # Made when first needed: a quiet network needs none.
            self._rows = RememberedRows.room(self.capacity)
        places: NDArray[np.int64] = (self._next + np.arange(count)) % self.capacity
        self._next = (self._next + count) % self.capacity
        self._held = min(self._held + count, self.capacity)
        return places

    def put(self, places: NDArray[np.int64], rows: RememberedRows, which: NDArray[np.intp]) -> None:
        """Write the rows `which` to `places`."""
        if len(places):
            for name in _COLUMNS:
                getattr(self._rows, name)[places] = getattr(rows, name)[which]

    def rows(self, ids: NDArray[np.int64] | None = None) -> RememberedRows:
        """Rows held, or those of `ids` only, ascending by id."""
        known = self._rows.ids[: self._held]
        order = np.argsort(known, kind="stable")
        return self._rows.where(order if ids is None else order[np.isin(known[order], ids)])
