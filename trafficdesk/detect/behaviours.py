"""`BEHAVIOURS`: features that say the same of a row; twins that differ by window are told, and changed, as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features import FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Behaviour:
    """One thing a row can be unusual in."""

    name: str
    columns: NDArray[np.intp]
    """Every feature of it, those that are not told by themselves included."""
    told: NDArray[np.intp]
    """Those that may be told; empty where none may."""


def _behaviours() -> tuple[Behaviour, ...]:
    columns: dict[str, list[int]] = {}
    for index, feature in enumerate(FEATURES):
        columns.setdefault(feature.behaviour or feature.name, []).append(index)
    return tuple(
        Behaviour(
            name,
            np.array(members, np.intp),
            np.array([index for index in members if FEATURES[index].tellable], np.intp),
        )
        for name, members in columns.items()
    )


BEHAVIOURS: Final = _behaviours()
OF_FEATURE: Final = {
    int(column): number for number, behaviour in enumerate(BEHAVIOURS) for column in behaviour.columns
}
"""Index in `BEHAVIOURS` of each feature's."""


def _twins(index: int) -> NDArray[np.intp]:
    feature = FEATURES[index]
    members = BEHAVIOURS[OF_FEATURE[index]].columns
    same = [
        column
        for column in members.tolist()
        if (FEATURES[column].unit, FEATURES[column].scale) == (feature.unit, feature.scale)
    ]
    return np.array(same, np.intp)


TWINS: Final = tuple(_twins(index) for index in range(len(FEATURES)))
"""Per feature, the columns that measure the same of its behaviour, in other windows: they change together. How many
connections are evenly spaced is one thing, how far apart they are another."""
