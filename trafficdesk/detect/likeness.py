"""`Likeness`: which rows are like those that a person labelled.

A pure function of the labels: what is like a label does not depend on the model in force, so it survives refits, a
restart and an undo. Distances are measured in the reference's units of the moment in which the label was given.

A row that a rule flagged is like a label of its family if none of the rule's measures is clearly beyond the labelled
ones. A row that only the model found odd is like a labelled row if it is the same kind of packet, no behaviour is
clearly beyond that row's, and it is near, or what is unusual about it points the same way. To be like what is
suspicious it has to point the same way: near ordinary rows are ordinary ones.

A label speaks of its culprit and the peers it was given for. What was said of several peers of a culprit holds for all
its peers, and what was said of several culprits for every host: who says it once means this one, who says it again and
again means the behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.families import FAMILIES, FAMILY_INDEX, UNUSUAL
from trafficdesk.detect.labels import Stance
from trafficdesk.detect.rules import RULES
from trafficdesk.features import FEATURES, INDEX, Scale
from trafficdesk.features.keys import mix

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from trafficdesk.detect.labels import Label

CLEARLY: Final = 0.5
"""Stored units by which a value must be higher to be clearly beyond another: 1.65 times of what is stored as log1p."""
SEVERAL: Final = 4
"""So many peers, or culprits, and a label does not mean these alone."""
SAME_WAY: Final = 0.6
"""Least cosine between what is unusual about two rows that are alike."""
NEAR: Final = 1.0
"""Mean distance in units within which two rows are alike; half of it left four fifths of what was held out flagged, and
attacks are far beyond either way (benchmarks/detection/correction.py, 2026-11)."""
AS_MUCH: Final = 0.5
"""Share of a suspicious row's excess that a row like it has at least."""
_FARTHEST: Final = 3.0
"""Units beyond which one behaviour adds nothing to a distance: a counter that is usually 0 has a small unit."""
_MOST_EXCESS: Final = 20.0
"""Units beyond which being further out says nothing more."""
_AT_ONCE: Final = 32_768
"""Pairs of row and exemplar compared at a time: some 13 MB per temporary."""
_KIND: Final = np.array([INDEX[name] for name in ("arp_operation", "is_icmp", "is_udp")])
_TELLABLE: Final = np.array([index for index, feature in enumerate(FEATURES) if feature.tellable])
_PLAIN: Final = np.array([feature.scale is Scale.PLAIN for feature in FEATURES])
_ONLY_TIME: Final = frozenset({"beat_count"})
"""Measures that grow while the same goes on: having gone on for longer is not clearly more."""
MEASURES: Final = {
    FAMILY_INDEX[rule.family]: np.array(
        [INDEX[name] for name in rule.measures if name not in _ONLY_TIME], np.intp
    )
    for rule in RULES
}
"""Columns of each rule's measures, by family: how much it is."""


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
class Exemplars:
    """Labelled rows; arrays over (exemplars,) or (exemplars, features)."""

    values: NDArray[np.float32]
    usual: NDArray[np.float32]
    unit: NDArray[np.float32]
    reach: NDArray[np.float32]
    said: NDArray[np.int32]
    """Position of each one's label among those given."""
    strict: bool = False
    """Whether what is unusual has to point the same way, however near a row is."""

    @classmethod
    def of(
        cls, labels: Sequence[Label], said: Sequence[int], family: int, *, strict: bool = False
    ) -> Exemplars:
        """Rows of one family of all these labels, which were said in that order."""
        parts = []
        for label, position in zip(labels, said, strict=True):
            mine = label.rows.family == family
            values = label.rows.matrix()[mine]
            usual, unit = label.rows.scale()
            shape = values.shape
            parts.append(
                (
                    values,
                    np.broadcast_to(np.where(np.isfinite(usual), usual, np.inf), shape),
                    np.broadcast_to(np.where(np.isfinite(unit), unit, 1.0), shape),
                    np.full(len(values), label.reach, np.float32),
                    np.full(len(values), position, np.int32),
                )
            )
        values, usual, unit, reach, order = (np.concatenate(column) for column in zip(*parts, strict=True))
        return cls(values, usual, unit, reach, order, strict)

    def __len__(self) -> int:
        return len(self.said)

    def where(self, chosen: NDArray[np.intp]) -> Exemplars:
        """The chosen rows."""
        return Exemplars(
            self.values[chosen],
            self.usual[chosen],
            self.unit[chosen],
            self.reach[chosen],
            self.said[chosen],
            self.strict,
        )

    def size(self) -> NDArray[np.float32]:
        """(exemplars,) how unusual each is: the length of its excess, in units."""
        excess = _excess(self.values[:, _TELLABLE], self.usual[:, _TELLABLE], self.unit[:, _TELLABLE])
        size: NDArray[np.float32] = np.sqrt((excess**2).sum(axis=1))
        return size

    def _limit(self, columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """(exemplars, columns) a value above is clearly beyond the exemplar's; a feature not known then has none."""
        values = self.values[:, columns]
        tenth = np.where(_PLAIN[columns], 0.1 * np.abs(values), 0.0)
        limit = values + (CLEARLY + tenth) * self.reach[:, None]
        return np.where(np.isfinite(limit), limit, np.inf).astype(np.float32)

    def ruled(self, family: int, values: NDArray[np.float32]) -> NDArray[np.int32]:
        """(rows,) position of the last label that covers each row's measures, -1 = none."""
        measures = MEASURES[family]
        position = np.full(len(values), -1, np.int32)
        for said in np.unique(self.said):
            limit = self._limit(measures)[self.said == said].max(axis=0)
            position[(values[:, measures] <= limit).all(axis=1)] = said
        return position

    def odd(self, values: NDArray[np.float32]) -> NDArray[np.int32]:
        """(rows,) position of the last label with a row that each row is like, -1 = none."""
        position = np.full(len(values), -1, np.int32)
        step = max(1, _AT_ONCE // max(len(self), 1))
        for start in range(0, len(values), step):
            rows = slice(start, start + step)
            alike = self.alike(values[rows])
            position[rows] = np.where(alike, self.said[None, :], -1).max(axis=1, initial=-1)
        return position

    def alike(self, values: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(rows, exemplars) whether a row is like an exemplar."""
        same_kind: NDArray[np.bool_] = (values[:, None, _KIND] == self.values[None, :, _KIND]).all(axis=2)
        mine = values[:, None, _TELLABLE]
        theirs = self.values[:, _TELLABLE]
        usual, unit = self.usual[:, _TELLABLE], self.unit[:, _TELLABLE]
        beyond = mine > np.maximum(
            self._limit(_TELLABLE), np.where(np.isfinite(usual), usual, -np.inf) + unit
        )
        excess = _excess(mine, usual, unit)
        their_excess = _excess(theirs, usual, unit)
        product = np.einsum("rej,ej->re", excess, their_excess)
        size = np.sqrt((excess**2).sum(axis=2))
        their_size = np.sqrt((their_excess**2).sum(axis=1))
        least = SAME_WAY / self.reach
        some, theirs_some = size > 0, (their_size > 0)[None, :]
        same_way = (product >= least * size * their_size - 1e-6) & some & theirs_some
        apart = np.nan_to_num(np.abs(mine - theirs) / unit, nan=0.0, posinf=0.0)
        near = np.minimum(apart, _FARTHEST).mean(axis=2) <= NEAR * self.reach
        if self.strict:
            alike = (same_way & (size >= AS_MUCH * their_size)) | (near & ~some & ~theirs_some)
        else:
            alike = same_way | near
        unbounded = np.isinf(self.reach)[None, :]
        same_kind &= unbounded | (alike & ~beyond.any(axis=2))
        return same_kind


def _excess(
    values: NDArray[np.float32], usual: NDArray[np.float32], unit: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Units beyond the usual, 0 = within; a feature without a usual value has none."""
    excess = np.clip((values - usual) / unit, 0.0, _MOST_EXCESS)
    return np.where(np.isfinite(excess), excess, 0.0).astype(np.float32)


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
        odd = np.flatnonzero(_excess(values[:, _TELLABLE], usual[_TELLABLE], unit[_TELLABLE]).any(axis=1))
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
                any_peer=len(pairs) >= SEVERAL,
                any_host=len(culprits) >= SEVERAL,
            )
            yield Region(family, scope, Exemplars.of(chosen, positions, family, strict=strict))
