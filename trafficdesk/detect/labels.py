"""`Label`: what a person said of an incident or of some rows, with what the detector saw of them then.

A label outlives its capture: it keeps the rows' features by name, not their bytes, so that corrections and the
classifier can use it on other traffic and after features were added or taken away.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features import FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_ROWS: Final = 128
"""Rows a label keeps; some 50 kB."""
MAX_PAIRS: Final = 1_024
LONGEST_NAME: Final = 60


class Stance(StrEnum):
    """What a person thinks of it."""

    EXPECTED = "expected"
    """It belongs here: rows like it are calmed."""
    SUSPICIOUS = "suspicious"
    """Known-bad: never learned from, rows like it score higher."""


@dataclass(frozen=True, slots=True, eq=False)
class RowSnapshot:
    """Rows as the detector saw them; arrays over (rows,) unless said otherwise."""

    features: tuple[str, ...]
    """Names of the columns of `values`."""
    values: NDArray[np.float32]
    """(rows, features) as stored, see `features.Feature.said`."""
    source: NDArray[np.int64]
    """Host key, see `features.keys.Rows`."""
    destination: NDArray[np.int64]
    family: NDArray[np.uint8]
    """Index in `detect.families.FAMILIES`."""
    usual: NDArray[np.float32]
    """(features,) the reference's 99 % value then; NaN = there was no reference yet."""
    unit: NDArray[np.float32]
    """(features,) the reference's 99 % value less its median then, at least 0.1: what distances are measured in."""

    def __len__(self) -> int:
        return len(self.values)

    def matrix(self) -> NDArray[np.float32]:
        """(rows, len(FEATURES)) in today's order of features; NaN = the label does not know the feature."""
        return self._today(self.values)

    def scale(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """`usual` and `unit`, each (len(FEATURES),), in today's order; NaN = not known."""
        usual, unit = self._today(np.stack([self.usual, self.unit]))
        return usual, unit

    def _today(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        known = {name: index for index, name in enumerate(self.features)}
        today = np.full((len(values), len(FEATURES)), np.nan, np.float32)
        for column, feature in enumerate(FEATURES):
            if feature.name in known:
                today[:, column] = values[:, known[feature.name]]
        return today


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """One thing a person said."""

    number: int
    """1-based, unique among a person's corrections, never given twice."""
    stance: Stance
    name: str
    """What the person calls it ("my backup", "bad printer"); may be empty."""
    family: str
    """What the detector called it: a name in `detect.families`."""
    culprit: str
    """Address as text."""
    first_packet_id: int
    """Within the capture in which it was said; without meaning in another."""
    last_packet_id: int
    packets: int
    """Rows it was said of; `rows` may be fewer."""
    noted_ns: int
    """When it was said, ns since the Unix epoch."""
    rows: RowSnapshot
    """Rows that stand for all of them, at most `MAX_ROWS`."""
    culprit_key: int
    """The culprit's host key."""
    pairs: NDArray[np.int64]
    """Keys of the pairs of hosts it was said of, see `detect.likeness.pair_keys`; at most `MAX_PAIRS`."""
    reach: float = 1.0
    """How many times the usual margins `rows` need to stand for all of them."""
