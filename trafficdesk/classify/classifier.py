"""`Classifier`: trees with the names of what they tell apart, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from trafficdesk.classify import opening
from trafficdesk.features import FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.classify.report import TrainingReport
    from trafficdesk.classify.trees import Trees

NORMAL: Final = "normal"
"""The class of rows that nobody called anything: it is learned, and never said."""
LEAST_LIKENESS: Final = 0.5
"""Said of a row is what more than half of the trees' votes say."""
_SCREEN: Final = 10
"""Trees that are asked first; where nearly all of their votes are for `NORMAL` the others are not."""
_SCREENED: Final = 0.9


class Kind(StrEnum):
    """What a classifier tells apart."""

    LABEL = "label"
    """What a person, or a file of labels, called packets; from the detector's features of each packet."""
    PROTOCOL = "protocol"
    """Which application speaks; from the opening of each conversation."""


class Said(NamedTuple):
    """What a classifier says of rows; arrays over (rows,)."""

    number: NDArray[np.int16]
    """Index in `Classifier.classes`; -1 = nothing: it looks normal, or like nothing in particular."""
    likeness: NDArray[np.float32]
    """Share of the votes, 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """A trained forest; never changed, only replaced.

    Raises
    ------
    ValueError
        If classes and trees don't belong together.
    """

    kind: Kind
    classes: tuple[str, ...]
    features: tuple[str, ...]
    """Definitions of the columns its rows have, in order: see `definitions`."""
    trees: Trees
    report: TrainingReport
    seed: int

    def __post_init__(self) -> None:
        if len(self.classes) != self.trees.shares.shape[1] or len(set(self.classes)) != len(self.classes):
            raise ValueError("its classes are not those of its trees")
        if len(self.features) != self.trees.columns:
            raise ValueError("its features are not those of its trees")
        if tuple(one.name for one in self.report.classes) != self.classes:
            raise ValueError("its report is that of another model")

    def probabilities(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """(rows, classes) share of the votes; `values` is (rows, features)."""
        return self.trees.probabilities(np.nan_to_num(values))

    def say(self, values: NDArray[np.float32]) -> Said:
        """What rows look like; most are normal, and found to be so by a few trees."""
        values = np.nan_to_num(values)
        number = np.full(len(values), -1, np.int16)
        likeness = np.zeros(len(values), np.float32)
        asked = np.arange(len(values))
        if NORMAL in self.classes and len(self.trees) > _SCREEN:
            quick = self.trees.probabilities(values, last=_SCREEN)[:, self.classes.index(NORMAL)]
            asked = np.flatnonzero(quick < _SCREENED)
        if not len(asked):
            return Said(number, likeness)
        votes = self.trees.probabilities(values[asked])
        best = votes.argmax(axis=1)
        share = votes[np.arange(len(asked)), best]
        normal = self.classes.index(NORMAL) if NORMAL in self.classes else -1
        told = (share > LEAST_LIKENESS) & (best != normal)
        number[asked[told]] = best[told]
        likeness[asked[told]] = share[told]
        return Said(number, likeness)


def definitions(kind: Kind) -> tuple[str, ...]:
    """The columns that a classifier of this kind sees here and now; a model of others would misread every row."""
    if kind is Kind.PROTOCOL:
        return opening.FEATURES
    return tuple(
        f"{feature.name}|{feature.unit}|{feature.window_s:g}|{feature.scale}" for feature in FEATURES
    )
