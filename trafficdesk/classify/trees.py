"""`Trees`: a fitted random forest as plain arrays, walked by numpy.

Plain, so that a model file can be checked node by node before anything is done with it: scikit-learn's own trees follow
whatever indices they are given, out of bounds, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_DEPTH: Final = 200
"""Edges from the root to a leaf; a forest of 100,000 rows has some 40."""
_BLOCK: Final = 1_024
"""Rows walked at a time: their places in 100 trees stay within the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Nodes of all trees end to end; arrays over (nodes,) unless said otherwise.

    Raises
    ------
    ValueError
        If the arrays are no forest: a walk could leave its tree, never end, or end without shares.
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
    shares: NDArray[np.float32]
    """(leaves, classes) in the order of the leaves; each row sums to 1."""
    columns: int
    """Features that a row must have."""

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_nodes(self)

    @classmethod
    def of(cls, forest: Any, columns: int) -> Self:
        """Of a fitted `RandomForestClassifier`."""
        trees = [estimator.tree_ for estimator in forest.estimators_]
        starts = np.cumsum([0, *(tree.node_count for tree in trees)])
        inner = np.concatenate([tree.children_left >= 0 for tree in trees])
        offset = np.repeat(starts[:-1], [tree.node_count for tree in trees])

        def joined(name: str) -> NDArray[Any]:
            return np.concatenate([getattr(tree, name) for tree in trees])

        weights = joined("value")[~inner, 0]
        return cls(
            roots=starts[:-1].astype(np.int32),
            feature=np.where(inner, joined("feature"), -1).astype(np.int16),
            threshold=np.where(inner, joined("threshold"), 0.0),
            left=np.where(inner, joined("children_left") + offset, 0).astype(np.int32),
            right=np.where(inner, joined("children_right") + offset, 0).astype(np.int32),
            shares=(weights / weights.sum(axis=1, keepdims=True)).astype(np.float32),
            columns=columns,
        )

    def __len__(self) -> int:
        return len(self.roots)

    def probabilities(
        self, values: NDArray[np.float32], *, first: int = 0, last: int | None = None
    ) -> NDArray[np.float64]:
        """(rows, classes) mean share over the trees `first` to before `last`: `predict_proba` of scikit-learn.

        Parameters
        ----------
        values : (rows, columns).
        """
        out = np.empty((len(values), self.shares.shape[1]))
        leaf = np.cumsum(self.feature < 0) - 1
        roots = self.roots[first:last]
        for start in range(0, len(values), _BLOCK):
            rows = values[start : start + _BLOCK]
            total = np.zeros((len(rows), self.shares.shape[1]))
            reached = leaf[self._walk(rows, roots)]
            for tree in range(len(roots)):
                total += self.shares[reached[:, tree]]
            out[start : start + _BLOCK] = total / max(len(roots), 1)
        return out

    def _walk(self, values: NDArray[np.float32], roots: NDArray[np.int32]) -> NDArray[np.int64]:
        """(rows, trees) leaf that each row reaches in each tree."""
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
        return place.reshape(len(values), len(roots))


def _check_shapes(trees: Trees) -> None:
    nodes = len(trees.feature)
    if not nodes or not len(trees.roots) or trees.columns < 1:
        raise ValueError("it has no trees")
    if any(len(array) != nodes for array in (trees.threshold, trees.left, trees.right)):
        raise ValueError("its arrays differ in length")
    if trees.shares.ndim != 2 or trees.shares.shape[1] < 2:
        raise ValueError("it tells nothing apart")
    if len(trees.shares) != np.count_nonzero(trees.feature < 0):
        raise ValueError("its leaves are not those of its trees")


def _check_nodes(trees: Trees) -> None:
    nodes = len(trees.feature)
    roots = trees.roots.astype(np.int64)
    if roots[0] != 0 or (np.diff(roots) < 1).any() or roots[-1] >= nodes:
        raise ValueError("its trees overlap")
    if trees.feature.min() < -1 or trees.feature.max() >= trees.columns:
        raise ValueError("it asks for a feature that does not exist")
    if not (np.isfinite(trees.threshold).all() and np.isfinite(trees.shares).all()):
        raise ValueError("it has numbers that are none")
    if (trees.shares < 0).any() or (np.abs(trees.shares.sum(axis=1) - 1) > 1e-3).any():
        raise ValueError("its shares don't add up")
    inner = np.flatnonzero(trees.feature >= 0)
    end = np.append(roots[1:], nodes)[np.searchsorted(roots, inner, side="right") - 1]
    for children in (trees.left[inner], trees.right[inner]):
        # Forwards and within its tree: so every walk ends.
        if (children <= inner).any() or (children >= end).any():
            raise ValueError("its nodes lead out of their tree")
    _check_depth(trees)


def _check_depth(trees: Trees) -> None:
    level = np.unique(trees.roots.astype(np.int64))
    for _ in range(MOST_DEPTH):
        level = level[trees.feature[level] >= 0]
        if not len(level):
            return
        # Distinct: nodes that share a child would double what is held at each step.
        level = np.unique(np.concatenate([trees.left[level], trees.right[level]]).astype(np.int64))
    raise ValueError(f"its trees are deeper than {MOST_DEPTH}")
