"""`Rule`: a floor on behaviour that has a name; what rules look at and what they tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trafficdesk.detect.words import amount, listed, usually
from trafficdesk.features import FEATURES, INDEX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.features import Observation
    from trafficdesk.packets.batch import PacketBatch

MERGE_S = 120.0
"""Flagged rows further apart than this are two incidents."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What a rule looks at: consecutive rows and what is known of them."""

    batch: PacketBatch
    observation: Observation
    usual: NDArray[np.floating] | None = None
    """(features,) 99.9 % values of the reference as stored, None = no reference yet."""
    raised: NDArray[np.float64] | float = 1.0
    """(rows,) how many times its floor a feature must reach."""

    def value(self, feature: str) -> NDArray[np.float64]:
        """(rows,) a feature in the person's unit."""
        index = INDEX[feature]
        return FEATURES[index].said(self.observation.values[:, index])

    def reaches(self, feature: str, floor: float) -> NDArray[np.bool_]:
        """(rows,) whether a feature is at its floor; a hair's breadth below counts, damped sums are real numbers."""
        return self.value(feature) >= floor * self.raised * (1 - 1e-6)

    def usual_of(self, feature: str) -> float:
        """99.9 % value of the reference in the person's unit; 0 = no reference yet."""
        if self.usual is None:
            return 0.0
        index = INDEX[feature]
        return float(FEATURES[index].said(self.usual[index]))


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Where a rule holds."""

    rows: NDArray[np.bool_]
    """(rows,) whether it holds."""
    at_destination: NDArray[np.bool_]
    """(rows,) whether the culprit is the row's destination."""


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of an incident, for its sentence."""

    culprit: str
    peers: tuple[str, ...]
    peer_count: int
    values: Mapping[str, float]
    """Highest value of each feature that was a reason, in the person's unit."""
    usual: Mapping[str, float]
    ports: tuple[int, ...]
    """The peers' ports, most frequent first, at most 3."""
    packets: int
    seconds: float

    def about(self, feature: str) -> str:
        """The highest value with its unit, as "about 212"."""
        return f"about {amount(self.values.get(feature, 0.0), FEATURES[INDEX[feature]].unit)}"

    def usually(self, feature: str) -> str:
        """What is usual with its unit, as "usually ≤ 6"."""
        measured = self.values.get(feature, 0.0)
        return usually(self.usual.get(feature, 0.0), FEATURES[INDEX[feature]].unit, measured)

    @property
    def whom(self) -> str:
        """The peers, a few by name."""
        named = self.peers[:2]
        more = self.peer_count - len(named)
        return f"{', '.join(named)} and {more:,} more" if more > 0 and named else listed(named)


@dataclass(frozen=True, slots=True)
class Rule:
    """One family's floor."""

    family: str
    """Name in `families.FAMILIES`."""
    measures: Mapping[str, float]
    """Features that make the reason, most telling first, and the floor of each in the person's unit."""
    find: Callable[[Scene], Sighting] = field(repr=False)
    tell: Callable[[Story], str] = field(repr=False)
    """The incident's sentence."""
    rows_needed: int | None = None
    """Rows that an incident begins with; None = `incidents.ROWS_NEEDED`."""
    merge_s: float = MERGE_S
    after_gap: float = 1.0
    """How many times the floors must be reached soon after the capture was interrupted: reconnecting looks like this."""
    ways: tuple[tuple[str, ...], ...] = ()
    """Measures that are enough together, for each way in which the rule can hold; empty = all of them are needed.
    Explanations say by it below which value a row would not be named."""
    yields_to: tuple[str, ...] = ()
    """Families whose going incident of the same culprit takes its rows: a fast scan is a flood, too."""
    teaches: bool = False
    """Whether its rows are learned from all the same: what is new to the network is to become usual."""
