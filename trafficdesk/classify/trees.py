"""`Trees`: a fitted random forest as plain arrays, walked by numpy.

Plain, so that a model file can be checked node by node before anything is done with it: scikit-learn's own trees follow
whatever indices they are given, out of bounds, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from trafficdesk.classify.nodes import BLOCK, Nodes, nodes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Trees(Nodes):
    """Trees whose leaves say what shares of their rows were of which class.

    Raises
    ------
    ValueError
        As `Nodes`, or if a walk could end without shares.
    """

    shares: NDArray[np.float32]
    """(leaves, classes) in the order of the leaves; each row sums to 1."""

    def __post_init__(self) -> None:
        Nodes.__post_init__(self)
        _check_shares(self)

    @classmethod
    def of(cls, forest: Any, columns: int) -> Self:
        """Of a fitted `RandomForestClassifier`."""
        trees = [estimator.tree_ for estimator in forest.estimators_]
        nodes = nodes_of(trees)
        weights = np.concatenate([tree.value for tree in trees])[nodes["feature"] < 0, 0]
        shares = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
        return cls(**nodes, columns=columns, shares=shares)

    def probabilities(
        self, values: NDArray[np.float32], *, first: int = 0, last: int | None = None
    ) -> NDArray[np.float64]:
        """(rows, classes) mean share over the trees `first` to before `last`: `predict_proba` of scikit-learn.

        Parameters
        ----------
        values : (rows, columns).
        """
        out = np.empty((len(values), self.shares.shape[1]))
        for start in range(0, len(values), BLOCK):
            rows = values[start : start + BLOCK]
            total = np.zeros((len(rows), self.shares.shape[1]))
            reached = self.reached(rows, first, last)
            for tree in range(reached.shape[1]):
                total += self.shares[reached[:, tree]]
            out[start : start + BLOCK] = total / max(reached.shape[1], 1)
        return out


def _check_shares(trees: Trees) -> None:
    if trees.shares.ndim != 2 or trees.shares.shape[1] < 2:
        raise ValueError("it tells nothing apart")
    if len(trees.shares) != trees.leaves:
        raise ValueError("its leaves are not those of its trees")
    if not np.isfinite(trees.shares).all():
        raise ValueError("it has numbers that are none")
    if (trees.shares < 0).any() or (np.abs(trees.shares.sum(axis=1) - 1) > 1e-3).any():
        raise ValueError("its shares don't add up")
