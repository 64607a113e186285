"""State per key, carried from batch to batch and bounded: `LastSeen`, `FirstSeen`, `MultiDamped`, `Damped`.

A key idle for longer than `IDLE_S` counts as never seen, whether or not it has been thrown out yet, so that what a
feature says does not depend on when memory is tidied. Intervals below zero count as 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.engine import KeyTable, Runs, blocks_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

IDLE_S: Final = 1_200.0
"""Twenty half-lives of the slowest host window, twelve of the slowest AfterImage one: nothing of weight is lost."""
MAX_KEYS: Final = 131_072
"""Beyond that the oldest leave: a flood of a million forged addresses fills all states to 200 MB (measured 2026-11)."""
_TIDY_FROM: Final = 4_096
"""Below that nothing is worth tidying."""


class _Keyed:
    """Last time per key, and forgetting."""

    def __init__(self, max_keys: int) -> None:
        self._table = KeyTable()
        self._times = np.full(256, -np.inf)
        self._max_keys = max_keys
        self._tidy_at = min(_TIDY_FROM, max_keys)

    def __len__(self) -> int:
        """Keys known now."""
        return len(self._table)

    def _enter(
        self, runs: Runs, seconds: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Slots of the runs' keys, and per sorted row the interval since the key's former row.

        The interval is inf for a key never seen, or idle too long; `seconds` is in sorted order.
        """
        slots = self._table.slots(runs.keys)
        self._grow(len(self._table))
        former = np.empty_like(seconds)
        former[1:] = seconds[:-1]
        former[runs.starts] = self._times[slots]
        interval = np.maximum(seconds - former, 0.0)
        interval[interval > IDLE_S] = np.inf
        self._times[slots] = seconds[runs.stops - 1]
        return slots, interval

    def _grow(self, keys: int) -> None:
        if keys > len(self._times):
            times = np.full(max(keys, 2 * len(self._times)), -np.inf)
            times[: len(self._times)] = self._times
            self._times = times

    def _tidy(self, now: float) -> None:
        """Forget idle keys, and the oldest beyond the bound; rare enough to cost nothing per row."""
        keys = len(self._table)
        if keys < self._tidy_at:
            return
        times = self._times[:keys]
        kept = now - times <= IDLE_S
        room = self._max_keys * 3 // 4
        if int(kept.sum()) > room:
            kept &= times > np.partition(times, keys - room - 1)[keys - room - 1]
        self._compact(self._table.keep(kept))
        self._tidy_at = min(max(2 * len(self._table), min(_TIDY_FROM, self._max_keys)), self._max_keys)

    def _compact(self, old: NDArray[np.int64]) -> None:
        times = np.full(max(256, len(old)), -np.inf)
        times[: len(old)] = self._times[old]
        self._times = times


class LastSeen(_Keyed):
    """How long ago a key was last seen, as of each row."""

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        super().__init__(max_keys)

    def update(
        self, keys: NDArray[np.int64], seconds: NDArray[np.float64], where: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        """(rows,) seconds since the key's former row; inf = never seen, NaN where `where` is False."""
        ages = np.full(len(keys), np.nan)
        rows = np.arange(len(keys)) if where is None else np.flatnonzero(where)
        if not len(rows):
            return ages
        runs = Runs(keys[rows])
        ordered = rows[runs.order]
        ages[ordered] = self._enter(runs, seconds[ordered])[1]
        self._tidy(float(seconds[rows[-1]]))
        return ages


class FirstSeen:
    """How long a key has been known, as of each row; nothing is forgotten, and beyond the bound nothing remembered."""

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._table = KeyTable()
        self._firsts = np.zeros(256)
        self._max_keys = max_keys

    def __len__(self) -> int:
        """Keys known now."""
        return len(self._table)

    @property
    def keys(self) -> NDArray[np.int64]:
        """Keys known now, ascending."""
        return self._table.keys

    def know(self, keys: NDArray[np.int64]) -> None:
        """Take `keys` for known since ever."""
        slots = self._table.slots(np.unique(keys)[: self._max_keys])
        self._grow()
        self._firsts[slots] = -np.inf

    def update(
        self, keys: NDArray[np.int64], seconds: NDArray[np.float64], where: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """(rows,) seconds since the key's first row, 0 at that; inf = known since ever, NaN where not `where`."""
        since = np.full(len(keys), np.nan)
        rows = np.flatnonzero(where)
        if not len(rows):
            return since
        runs = Runs(keys[rows])
        now = seconds[rows[runs.order]]
        before = len(self._table)
        slots = self._table.slots(runs.keys)
        self._grow()
        new = slots >= before
        self._firsts[slots[new]] = now[runs.starts[new]]
        firsts = np.repeat(self._firsts[slots], np.diff(np.append(runs.starts, len(rows))))
        since[rows[runs.order]] = np.maximum(now - firsts, 0.0)
        if len(self._table) > self._max_keys:
            self._firsts[: self._max_keys] = self._firsts[
                self._table.keep(np.arange(len(self._table)) < self._max_keys)
            ]
        return since

    def _grow(self) -> None:
        if len(self._table) > len(self._firsts):
            firsts = np.zeros(max(len(self._table), 2 * len(self._firsts)))
            firsts[: len(self._firsts)] = self._firsts
            self._firsts = firsts


class MultiDamped(_Keyed):
    """Damped sums of several columns per key and window.

    Parameters
    ----------
    half_lives : seconds, one per window.
    columns : how many values are summed.
    """

    def __init__(self, half_lives: tuple[float, ...], columns: int, max_keys: int = MAX_KEYS) -> None:
        super().__init__(max_keys)
        self._rates = 1.0 / np.asarray(half_lives, np.float64)
        self._sums = np.zeros((len(self._times), columns, len(half_lives)))
        self._used = np.zeros(columns, np.bool_)

    def update(
        self, keys: NDArray[np.int64], seconds: NDArray[np.float64], values: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Add `values` and read the sums as of each row, itself included.

        Parameters
        ----------
        values : (columns, rows), or (columns, windows, rows) where each window sums its own.

        Returns
        -------
        (columns, windows, rows)
        """
        columns, windows = self._sums.shape[1:]
        if not len(keys):
            return np.empty((columns, windows, 0))
        runs = Runs(keys)
        slots, interval = self._enter(runs, seconds[runs.order])
        # A column that never had a value is 0 throughout; in most captures many are.
        self._used[~self._used] = values[~self._used].any(axis=tuple(range(1, values.ndim)))
        used = np.flatnonzero(self._used)
        sums = self._sums_of(used, runs, slots, interval, values[used]) if len(used) else None
        self._tidy(float(seconds[-1]))
        if sums is not None and len(used) == columns:
            return sums
        whole = np.zeros((columns, windows, len(keys)))
        if sums is not None:
            whole[used] = sums
        return whole

    def _sums_of(
        self,
        used: NDArray[np.intp],
        runs: Runs,
        slots: NDArray[np.int64],
        interval: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """(used, windows, rows) sums of the columns `used`, which are kept."""
        factors = np.exp2(-self._rates[:, None] * interval)
        blocks = blocks_of(len(interval))
        sums = blocks.laid(values, runs.order, len(self._rates))
        at, held = runs.starts, (slots[:, None], used)
        sums[blocks.position[at], :, :, blocks.block[at]] += factors[:, at].T[:, None] * self._sums[held]
        factors[:, at] = 0.0
        blocks.evaluate(blocks.laid(factors)[:, :, 0], sums)
        at = runs.stops - 1
        self._sums[held] = sums[blocks.position[at], :, :, blocks.block[at]]
        return blocks.read(sums, runs.order)

    def update_where(
        self,
        keys: NDArray[np.int64],
        seconds: NDArray[np.float64],
        values: NDArray[np.float64],
        where: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """As `update`, of the rows `where` only; the others neither count nor say anything: their sums are 0."""
        at = np.flatnonzero(where)
        out = np.zeros((*self._sums.shape[1:], len(keys)))
        if len(at):
            out[..., at] = self.update(keys[at], seconds[at], values[:, at])
        return out

    def _grow(self, keys: int) -> None:
        super()._grow(keys)
        if len(self._times) > len(self._sums):
            sums = np.zeros((len(self._times), *self._sums.shape[1:]))
            sums[: len(self._sums)] = self._sums
            self._sums = sums

    def _compact(self, old: NDArray[np.int64]) -> None:
        super()._compact(old)
        sums = np.zeros((len(self._times), *self._sums.shape[1:]))
        sums[: len(old)] = self._sums[old]
        self._sums = sums


class Damped:
    """Damped weight, mean and variance of one value per key and window (Kitsune's 1-D statistics, NDSS'18)."""

    def __init__(self, half_lives: tuple[float, ...], max_keys: int = MAX_KEYS) -> None:
        self._state = MultiDamped(half_lives, 3, max_keys)

    def __len__(self) -> int:
        return len(self._state)

    def update(
        self,
        keys: NDArray[np.int64],
        seconds: NDArray[np.float64],
        values: NDArray[np.float64],
        weights: NDArray[np.float64] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Weight, mean and variance as of each row, itself included; each (windows, rows).

        A row counts `weights` times, once where they are None.
        """
        if weights is None:
            weights = np.ones(len(keys))
        weighted = weights * values
        weight, total, squares = self._state.update(
            keys, seconds, np.stack([weights, weighted, weighted * values])
        )
        mean = total / weight
        return weight, mean, np.abs(squares / weight - mean * mean)
