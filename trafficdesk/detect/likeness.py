"""`Likeness`: which rows are like those that a person labelled.

A pure function of the labels: what is like a label does not depend on the model in force, so it survives refits, a
restart and an undo. Distances are measured in the reference's units of the moment in which the label was given.

A row that a rule flagged is like a label of its family if none of the rule's measures is clearly beyond the labelled
ones. A row that only the model found odd is like a labelled row if it is the same kind of packet, no behaviour is
clearly beyond that row's, and it is near, or what is unusual about it points the same way. To be like what is
suspicious it has to point the same way: near ordinary rows are ordinary ones.

A label speaks of its culprit and the peers it was given for. What was said of several peers of a culprit, or of one
finding with some peers, holds for all its peers, and what was said of several culprits for every host: who says it once
means this one, who says it again and again means the behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.exemplars import MEASURES, TELLABLE, Exemplars, excess_of
from trafficdesk.detect.families import FAMILIES, UNUSUAL
from trafficdesk.detect.labels import Stance
from trafficdesk.features.keys import mix

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from trafficdesk.detect.labels import Label

SEVERAL: Final = 4
"""So many peers, or culprits, and labels do not mean these alone."""
SPREAD: Final = 3
"""So many peers in one finding, and it is the culprit's way with whomever it meets: a cloud's servers change their
addresses (recorded home devices, benchmarks/detection/correction.py, 2026-11)."""


def pair_keys(source: NDArray[np.int64], destination: NDArray[np.int64]) -> NDArray[np.int64]:
    """(rows,) one key per pair of hosts, the same for both directions."""
    return mix(np.minimum(source, destination), np.maximum(source, destination))


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """Rows of which is asked what they are like; arrays over (rows,)."""

    values: NDArray[np.float32]
    """(rows, features)."""
    family: NDArray[np.uint8]
    """Index in `detect.families.FAMILIES`; what no rule names is UNUSUAL."""
    source: NDArray[np.int64]
    destination: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.family)

    def where(self, chosen: NDArray[np.bool_]) -> Subject:
        """The chosen rows."""
        return Subject(
            self.values[chosen], self.family[chosen], self.source[chosen], self.destination[chosen]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Whose rows are meant."""

    culprit: int
    """Host key; without meaning where `any_host`."""
    pairs: NDArray[np.int64]
    """Ascending pair keys."""
    any_peer: bool
    any_host: bool

    def holds(self, subject: Subject) -> NDArray[np.bool_]:
        """(rows,) that are meant."""
        if self.any_host:
            return np.ones(len(subject), np.bool_)
        meant = np.isin(pair_keys(subject.source, subject.destination), self.pairs)
        if self.any_peer:
            meant |= (subject.source == self.culprit) | (subject.destination == self.culprit)
        return meant


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """What labels of one family say of one culprit, or of everybody."""

    family: int
    scope: Scope
    exemplars: Exemplars

    def positions(self, subject: Subject) -> NDArray[np.int32]:
        """(rows,) position of the last label that each row is like, -1 = none."""
        position = np.full(len(subject), -1, np.int32)
        at = np.flatnonzero((subject.family == self.family) & self.scope.holds(subject))
        if not len(at):
            return position
        values = subject.values[at]
        ruled = self.family in MEASURES
        position[at] = self.exemplars.ruled(self.family, values) if ruled else self.exemplars.odd(values)
        return position


def unteachable(labels: Sequence[Label], values: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(rows,) of a learning set that are like what is suspicious, whoever's they are.

    Parameters
    ----------
    values : (rows, features).
    """
    unwanted = np.zeros(len(values), np.bool_)
    for label in labels:
        usual, unit = label.rows.scale()
        odd = np.flatnonzero(excess_of(values[:, TELLABLE], usual[TELLABLE], unit[TELLABLE]).any(axis=1))
        for family in np.unique(label.rows.family).tolist():
            exemplars = Exemplars.of([label], [0], family, strict=True)
            unwanted[odd] |= exemplars.odd(values[odd]) >= 0
    return unwanted


class Likeness:
    """All regions of some labels of one stance.

    Parameters
    ----------
    labels : of one stance, in the order in which they were said.
    said : position of each among all corrections; default: 0, 1, 2, …
    """

    def __init__(self, labels: Sequence[Label], said: Sequence[int] | None = None) -> None:
        strict = any(label.stance is Stance.SUSPICIOUS for label in labels)
        self._regions = tuple(_regions(labels, range(len(labels)) if said is None else said, strict=strict))

    def positions(self, subject: Subject) -> NDArray[np.int32]:
        """(rows,) position of the last label that each row is like, -1 = none."""
        position = np.full(len(subject), -1, np.int32)
        if len(subject):
            for region in self._regions:
                np.maximum(position, region.positions(subject), out=position)
        return position


def _regions(labels: Sequence[Label], said: Sequence[int], *, strict: bool) -> Iterable[Region]:
    for family in range(1, len(FAMILIES)):
        mine = [
            (label, position)
            for label, position in zip(labels, said, strict=True)
            if (label.rows.family == family).any()
        ]
        if family != UNUSUAL and family not in MEASURES:
            continue
        culprits = dict.fromkeys(label.culprit_key for label, _ in mine)
        groups = (
            [mine]
            if len(culprits) >= SEVERAL
            else [[item for item in mine if item[0].culprit_key == culprit] for culprit in culprits]
        )
        for group in groups:
            if not group:
                continue
            chosen, positions = [label for label, _ in group], [position for _, position in group]
            pairs = np.unique(np.concatenate([label.pairs for label in chosen]))
            scope = Scope(
                culprit=chosen[0].culprit_key,
                pairs=pairs,
                any_peer=len(pairs) >= SEVERAL or any(len(label.pairs) >= SPREAD for label in chosen),
                any_host=len(culprits) >= SEVERAL,
            )
            yield Region(family, scope, Exemplars.of(chosen, positions, family, strict=strict))
