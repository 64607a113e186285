"""`Exemplars`: labelled rows, and which other rows are like them.

Distances are measured in the reference's units of the moment in which the label was given; see `likeness`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.families import FAMILY_INDEX
from trafficdesk.detect.rules import RULES
from trafficdesk.features import FEATURES, INDEX, Scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trafficdesk.detect.labels import Label

CLEARLY: Final = 0.5
"""Stored units by which a value must be higher to be clearly beyond another: 1.65 times of what is stored as log1p."""
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
TELLABLE: Final = np.array([index for index, feature in enumerate(FEATURES) if feature.tellable])
_PLAIN: Final = np.array([feature.scale is Scale.PLAIN for feature in FEATURES])
_ONLY_TIME: Final = frozenset({"beat_count", "beacon_gaps"})
"""Measures that grow while the same goes on: having gone on for longer is not clearly more."""
MEASURES: Final = {
    FAMILY_INDEX[rule.family]: np.array(
        [INDEX[name] for name in rule.measures if name not in _ONLY_TIME], np.intp
    )
    for rule in RULES
}
"""Columns of each rule's measures, by family: how much it is."""


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
        excess = excess_of(self.values[:, TELLABLE], self.usual[:, TELLABLE], self.unit[:, TELLABLE])
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
        mine = values[:, None, TELLABLE]
        theirs = self.values[:, TELLABLE]
        usual, unit = self.usual[:, TELLABLE], self.unit[:, TELLABLE]
        beyond = mine > np.maximum(self._limit(TELLABLE), np.where(np.isfinite(usual), usual, -np.inf) + unit)
        excess = excess_of(mine, usual, unit)
        their_excess = excess_of(theirs, usual, unit)
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


def excess_of(
    values: NDArray[np.float32], usual: NDArray[np.float32], unit: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Units beyond the usual, 0 = within; a feature without a usual value has none."""
    excess = np.clip((values - usual) / unit, 0.0, _MOST_EXCESS)
    return np.where(np.isfinite(excess), excess, 0.0).astype(np.float32)
