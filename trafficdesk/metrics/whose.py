"""Whose a table's rows are: the programs and names that their packets had, several where a row is of several flows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_NUMBER_BITS: Final = 32
_NUMBER_MASK: Final = (1 << _NUMBER_BITS) - 1


def _no_numbers() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Several:
    """For every row the distinct numbers it has, the heaviest first; 0, which says nothing, is left out."""

    starts: NDArray[np.int64] = field(default_factory=_no_numbers)
    """(rows + 1,) where each row's numbers begin; empty = no row has any."""
    numbers: NDArray[np.int64] = field(default_factory=_no_numbers)
    """Of all rows, end to end."""
    weights: NDArray[np.int64] = field(default_factory=_no_numbers)
    """Bytes that each number stands for."""

    def of(self, row: int) -> list[int]:
        """A row's numbers."""
        if not len(self.starts):
            return []
        numbers: list[int] = self.numbers[self.starts[row] : self.starts[row + 1]].tolist()
        return numbers

    def first(self, rows: int) -> NDArray[np.int64]:
        """(rows,) the heaviest number of each row; 0 = none."""
        first = np.zeros(rows, np.int64)
        if len(self.numbers):
            there = np.flatnonzero(np.diff(self.starts))
            first[there] = self.numbers[self.starts[there]]
        return first

    def regrouped(self, groups: NDArray[np.int64], rows: int) -> Several:
        """Of other rows: `groups` (these rows,) says which of them each becomes a part of, -1 = of none."""
        if not len(self.numbers):
            return self
        group = np.repeat(groups, np.diff(self.starts))
        return several(group, self.numbers, self.weights, rows)


def several(
    group: NDArray[np.int64], numbers: NDArray[Any], weights: NDArray[np.int64], rows: int
) -> Several:
    """Join what single packets or flows have; arrays over (flows,), `group`: the row of each, -1 = none."""
    told = np.flatnonzero((numbers > 0) & (group >= 0))
    if not len(told):
        return Several()
    key = (group[told].astype(np.int64) << _NUMBER_BITS) | numbers[told].astype(np.int64)
    distinct, inverse = np.unique(key, return_inverse=True)
    total = np.zeros(len(distinct), np.int64)
    np.add.at(total, inverse, weights[told])
    row, number = distinct >> _NUMBER_BITS, distinct & _NUMBER_MASK
    order = np.lexsort((number, -total, row))
    return Several(np.searchsorted(row, np.arange(rows + 1)), number[order], total[order])


def joined(parts: Sequence[Several], rows: int) -> Several:
    """What several say of the same rows."""
    groups = [np.repeat(np.arange(rows), np.diff(part.starts)) for part in parts if len(part.numbers)]
    if not groups:
        return Several()
    numbers = np.concatenate([part.numbers for part in parts])
    weights = np.concatenate([part.weights for part in parts])
    return several(np.concatenate(groups), numbers, weights, rows)


@dataclass(frozen=True, slots=True, eq=False)
class Whose:
    """Programs and names of a table's rows."""

    programs: Several = field(default_factory=Several)
    """Numbers in `Identities.programs`."""
    hosts: Several = field(default_factory=Several)
    """Numbers in `Identities.hosts`."""

    @classmethod
    def of_flows(cls, flows: Mapping[str, NDArray[Any]], group: NDArray[np.int64], rows: int) -> Whose:
        """Of flows as `FlowRows.columns` has them, each a part of the row that `group` (flows,) names."""
        weights = flows["bytes"].sum(axis=1)
        return cls(*(several(group, flows[name], weights, rows) for name in ("program", "host")))
