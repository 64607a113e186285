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

    def __len__(self) -> int:
        return len(self.values)

    def matrix(self) -> NDArray[np.float32]:
        """(rows, len(FEATURES)) in today's order of features; NaN = the label does not know the feature."""
        known = {name: index for index, name in enumerate(self.features)}
        matrix = np.full((len(self.values), len(FEATURES)), np.nan, np.float32)
        for column, feature in enumerate(FEATURES):
            if feature.name in known:
                matrix[:, column] = self.values[:, known[feature.name]]
        return matrix


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
