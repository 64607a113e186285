"""`Examples`: rows to learn from, each with its class and the incident or conversation it belongs to.

Few of each incident: ten thousand rows of one flood say no more than fifty, and would drown the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.classify.classifier import NORMAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ROWS_PER_INCIDENT: Final = 50
NORMAL_ROWS: Final = 2_000
INCIDENT_GAP_S: Final = 120.0
"""Silent for longer, and the same name is another incident: as incidents of the analysis are merged."""
NORMAL_STRETCH_S: Final = 300.0
"""Normal rows of one stretch of time are held out together, as their windows overlap."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Labelled rows; arrays over (rows,) unless said otherwise."""

    values: NDArray[np.float32]
    """(rows, features)."""
    classes: NDArray[np.int64]
    """Index in `names`."""
    groups: NDArray[np.int64]
    """Rows of the same group are never on both sides of a test."""
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.classes)

    def where(self, chosen: NDArray[np.bool_]) -> Examples:
        """The chosen rows; names without any are left out, `NORMAL` comes first, the others by name."""
        left = sorted(np.unique(self.classes[chosen]).tolist(), key=lambda number: _place(self.names[number]))
        place = np.zeros(len(self.names), np.int64)
        place[left] = np.arange(len(left))
        names = tuple(self.names[number] for number in left)
        return Examples(self.values[chosen], place[self.classes[chosen]], self.groups[chosen], names)

    def groups_of(self, number: int) -> int:
        """How many groups a class has."""
        return len(np.unique(self.groups[self.classes == number]))

    def rows_of(self, number: int) -> int:
        """How many rows."""
        return int(np.count_nonzero(self.classes == number))

    @classmethod
    def given(cls, values: NDArray[np.float32], names: Sequence[str], groups: Sequence[int]) -> Examples:
        """Of rows (rows, features) with a name and a group each."""
        distinct, classes = np.unique(np.array(names, np.str_), return_inverse=True)
        return cls(values, classes.astype(np.int64), np.asarray(groups, np.int64), tuple(distinct.tolist()))


class Collector:
    """Gathers examples from captures read one after another.

    Parameters
    ----------
    seed : decides which rows stand for their incident.
    """

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._names: dict[str, int] = {}
        self._capture = -1
        self._last: dict[tuple[int, int], tuple[float, int]] = {}
        """Of (name, event): when it was seen last, and its group."""
        self._groups = 0
        self._kept: dict[int, list[_Sample]] = {}
        self._group_name: dict[int, int] = {}

    def begin_capture(self) -> None:
        """What comes now is of another capture, and so of other incidents."""
        self._last.clear()

    def add(
        self,
        values: NDArray[np.float32],
        seconds: NDArray[np.float64],
        name: NDArray[np.int32],
        event: NDArray[np.int32],
        names: Sequence[str],
    ) -> None:
        """Rows of a batch; `name` is an index in `names`, -1 = not learned from; arrays over (rows,)."""
        told = np.flatnonzero(name >= 0)
        if not len(told):
            return
        number = np.array([self._names.setdefault(one, len(self._names)) for one in names], np.int64)
        at = number[name[told]]
        normal = at == self._names.get(NORMAL, -1)
        part = np.where(normal, seconds[told] // NORMAL_STRETCH_S, event[told]).astype(np.int64)
        pairs, inverse = np.unique(np.column_stack([at, part]), axis=0, return_inverse=True)
        inverse = inverse.reshape(-1)
        for index, (one, of_event) in enumerate(pairs.tolist()):
            rows = told[inverse == index]
            self._add_incidents(values, seconds, rows, (one, of_event))

    def examples(self) -> Examples:
        """What was gathered."""
        normal = self._names.get(NORMAL, -1)
        values, classes, groups = [], [], []
        for group, parts in self._kept.items():
            sample = _Sample.best(parts, self._room(self._group_name[group]))
            values.append(sample.values)
            classes.append(np.full(len(sample.values), self._group_name[group]))
            groups.append(np.full(len(sample.values), group))
        if not values:
            return Examples(
                np.empty((0, 0), np.float32), np.empty(0, np.int64), np.empty(0, np.int64), tuple(self._names)
            )
        whole = Examples(
            np.concatenate(values), np.concatenate(classes), np.concatenate(groups), tuple(self._names)
        )
        ordinary = np.flatnonzero(whole.classes == normal)
        kept = np.ones(len(whole), np.bool_)
        if len(ordinary) > NORMAL_ROWS:
            kept[ordinary] = False
            kept[self._random.choice(ordinary, NORMAL_ROWS, replace=False)] = True
        return whole.where(kept)

    def _add_incidents(
        self,
        values: NDArray[np.float32],
        seconds: NDArray[np.float64],
        rows: NDArray[np.int64],
        key: tuple[int, int],
    ) -> None:
        """Rows of one name and event, in order: a long silence begins another group."""
        now = seconds[rows]
        last, group = self._last.get(key, (-np.inf, -1))
        gap = np.diff(now, prepend=last) > (np.inf if key[0] == self._names.get(NORMAL) else INCIDENT_GAP_S)
        if group < 0:
            gap[0] = True
        for start, stop in zip(
            np.flatnonzero(np.append(True, gap[1:])),
            np.append(np.flatnonzero(gap[1:]) + 1, len(rows)),
            strict=True,
        ):
            if gap[start]:
                group, self._groups = self._groups, self._groups + 1
                self._group_name[group] = key[0]
                self._kept[group] = []
            here = rows[start:stop]
            parts = self._kept[group]
            parts.append(_Sample.drawn(values, here, self._random))
            self._kept[group] = [_Sample.best(parts, self._room(key[0]))]
        self._last[key] = (float(now[-1]), group)

    def _room(self, name: int) -> int:
        return NORMAL_ROWS if name == self._names.get(NORMAL) else ROWS_PER_INCIDENT


def _place(name: str) -> tuple[bool, str]:
    return name != NORMAL, name


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """Rows, each with a random number: the smallest of them are a fair sample, however they come."""

    ranks: NDArray[np.float64]
    values: NDArray[np.float32]

    @classmethod
    def drawn(
        cls, values: NDArray[np.float32], rows: NDArray[np.int64], random: np.random.Generator
    ) -> _Sample:
        ranks = random.random(len(rows))
        if len(rows) > NORMAL_ROWS:
            chosen = np.argpartition(ranks, NORMAL_ROWS)[:NORMAL_ROWS]
            ranks, rows = ranks[chosen], rows[chosen]
        return cls(ranks, values[rows])

    @classmethod
    def best(cls, parts: Sequence[_Sample], most: int) -> _Sample:
        ranks = np.concatenate([part.ranks for part in parts])
        values = np.concatenate([part.values for part in parts])
        order = np.argsort(ranks)[:most]
        return cls(ranks[order], values[order])
