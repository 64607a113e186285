"""`PlainModel`: what a model's scores are computed from, as arrays that another program can hold and check.

It says the same numbers as the `Model` it was taken from, to the bit: the same operations in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from trafficdesk.classify.nodes import BLOCK, Nodes, nodes_of
from trafficdesk.detect.forest import MODELLED, Forest, IsolationTrees, scored

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.forest import Model
    from trafficdesk.detect.model_record import ModelRecord


@dataclass(frozen=True, slots=True, eq=False)
class PlainTrees:
    """`IsolationTrees` without scikit-learn.

    Raises
    ------
    ValueError
        If there is not a depth for each leaf.
    """

    nodes: Nodes
    depths: NDArray[np.float64]
    """(leaves,) edges from the root plus the mean depth of the rows that ended there."""
    usual_depth: float

    def __post_init__(self) -> None:
        if len(self.depths) != self.nodes.leaves or not (self.depths >= 0).all():
            raise ValueError("its depths are not those of its leaves")
        if not np.isfinite(self.depths).all() or not (np.isfinite(self.usual_depth) and self.usual_depth > 0):
            raise ValueError("it has numbers that are none")

    @classmethod
    def of(cls, trees: IsolationTrees) -> Self:
        """Of fitted ones."""
        arrays = nodes_of([tree for tree, _ in trees.trees])
        depths = np.concatenate([depths for _, depths in trees.trees])[arrays["feature"] < 0]
        return cls(Nodes(**arrays, columns=len(MODELLED)), depths, trees.usual_depth)

    def anomaly(self, scaled: NDArray[np.float32]) -> NDArray[np.float64]:
        """As `IsolationTrees.anomaly`."""
        out = np.empty(len(scaled))
        for start in range(0, len(scaled), BLOCK):
            reached = self.nodes.reached(scaled[start : start + BLOCK])
            depth = np.zeros(len(reached))
            for tree in range(reached.shape[1]):
                depth += self.depths[reached[:, tree]]
            out[start : start + BLOCK] = np.exp2(-depth / (len(self.nodes) * self.usual_depth))
        return out


@dataclass(frozen=True, slots=True, eq=False)
class PlainModel:
    """One fit."""

    record: ModelRecord
    recent: Forest
    older: Forest | None

    @classmethod
    def of(cls, model: Model) -> Self:
        """Of a model in force."""
        return cls(model.record, _plain(model.recent), _plain(model.older) if model.older else None)

    def z(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """As `Model.z`."""
        return scored(values, self.recent, self.older, early=self.record.early)


def _plain(forest: Forest) -> Forest:
    assert isinstance(forest.trees, IsolationTrees)
    trees = PlainTrees.of(forest.trees)
    return Forest(trees, forest.center, forest.spread, forest.middle, forest.line, forest.rows)
