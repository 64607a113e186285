"""`Nodes`: decision trees as plain arrays that lead every walk to a leaf, checked before anything is done with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_DEPTH: Final = 200
"""Edges from the root to a leaf; a forest of 100,000 rows has some 40."""
BLOCK: Final = 1_024
"""Rows walked at a time: their places in 100 trees stay within the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Nodes of all trees end to end; arrays over (nodes,) unless said otherwise.

    Raises
    ------
    ValueError
        If the arrays are no forest: a walk could leave its tree, or never end.
    """

    roots: NDArray[np.int32]
    """(trees,) first node of each tree, ascending from 0."""
    feature: NDArray[np.int16]
    """Column that is compared; -1 = leaf."""
    threshold: NDArray[np.float64]
    """Rows with a value not above it go left."""
    left: NDArray[np.int32]
    """Greater than the node's own number; a leaf's is 0."""
    right: NDArray[np.int32]
    columns: int
    """Features that a row must have."""

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_nodes(self)

    def __len__(self) -> int:
        return len(self.roots)

    @property
    def leaves(self) -> int:
        """How many leaves there are."""
        return int(np.count_nonzero(self.feature < 0))

    def reached(
        self, values: NDArray[np.float32], first: int = 0, last: int | None = None
    ) -> NDArray[np.int64]:
        """(rows, trees) number of the leaf that each row (rows, columns) reaches in the trees `first` to before `last`."""
        leaf = np.cumsum(self.feature < 0) - 1
        roots = self.roots[first:last]
        place = np.tile(roots.astype(np.int64), len(values))
        row = np.repeat(np.arange(len(values)), len(roots))
        moving = np.arange(len(place))
        while len(moving):
            node = place[moving]
            column = self.feature[node]
            inner = column >= 0
            moving, node, column = moving[inner], node[inner], column[inner]
            goes_left = values[row[moving], column] <= self.threshold[node]
            place[moving] = np.where(goes_left, self.left[node], self.right[node])
        out: NDArray[np.int64] = leaf[place].reshape(len(values), len(roots))
        return out


def nodes_of(trees: Sequence[Any]) -> dict[str, NDArray[Any]]:
    """The arrays of `Nodes` of scikit-learn's `Tree`s."""
    starts = np.cumsum([0, *(tree.node_count for tree in trees)])
    inner = np.concatenate([tree.children_left >= 0 for tree in trees])
    offset = np.repeat(starts[:-1], [tree.node_count for tree in trees])

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(tree, name) for tree in trees])

    return {
        "roots": starts[:-1].astype(np.int32),
        "feature": np.where(inner, joined("feature"), -1).astype(np.int16),
        "threshold": np.where(inner, joined("threshold"), 0.0),
        "left": np.where(inner, joined("children_left") + offset, 0).astype(np.int32),
        "right": np.where(inner, joined("children_right") + offset, 0).astype(np.int32),
    }


def _check_shapes(trees: Nodes) -> None:
    nodes = len(trees.feature)
    if not nodes or not len(trees.roots) or trees.columns < 1:
        raise ValueError("it has no trees")
    if any(len(array) != nodes for array in (trees.threshold, trees.left, trees.right)):
        raise ValueError("its arrays differ in length")


def _check_nodes(trees: Nodes) -> None:
    nodes = len(trees.feature)
    roots = trees.roots.astype(np.int64)
    if roots[0] != 0 or (np.diff(roots) < 1).any() or roots[-1] >= nodes:
        raise ValueError("its trees overlap")
    if trees.feature.min() < -1 or trees.feature.max() >= trees.columns:
        raise ValueError("it asks for a feature that does not exist")
    if not np.isfinite(trees.threshold).all():
        raise ValueError("it has numbers that are none")
    inner = np.flatnonzero(trees.feature >= 0)
    end = np.append(roots[1:], nodes)[np.searchsorted(roots, inner, side="right") - 1]
    for children in (trees.left[inner], trees.right[inner]):
        # Forwards and within its tree: so every walk ends.
        if (children <= inner).any() or (children >= end).any():
            raise ValueError("its nodes lead out of their tree")
    _check_depth(trees)


def _check_depth(trees: Nodes) -> None:
    level = np.unique(trees.roots.astype(np.int64))
    for _ in range(MOST_DEPTH):
        level = level[trees.feature[level] >= 0]
        if not len(level):
            return
        # Distinct: nodes that share a child would double what is held at each step.
        level = np.unique(np.concatenate([trees.left[level], trees.right[level]]).astype(np.int64))
    raise ValueError(f"its trees are deeper than {MOST_DEPTH}")
