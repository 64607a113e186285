"""The conversation a packet belongs to, and how regularly its channel speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import Feature, Scale
from trafficdesk.features.gaps import unbroken
from trafficdesk.features.keys import mix
from trafficdesk.features.state import IDLE_S, LastSeen, MultiDamped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.events import Events
    from trafficdesk.features.keys import Rows

HALF_LIFE_S: Final = 120.0
GAP_S: Final = 0.5
"""A shorter silence is part of a burst."""
IRREGULAR: Final = 2.0
"""Variation said to be that of a channel with too few gaps to tell."""

_RITA: Final = "RITA v5, beacons"

FEATURES: Final = (
    Feature(
        "conversation_packets",
        "",
        60.0,
        "{} packet{s} in one conversation",
        "measured on labelled captures, 2026-11",
    ),
    Feature("gap_count", "", HALF_LIFE_S, "{} pause{s} in one channel", _RITA),
    Feature(
        "gap_variation",
        "",
        HALF_LIFE_S,
        "pauses that vary by {}",
        _RITA,
        Scale.PLAIN,
        tellable=False,
        ranged=False,
    ),
    Feature("gap_mean", "s", HALF_LIFE_S, "a mean pause of {} in one channel", _RITA),
    Feature("peer_age", "s", 0.0, "{} since these two last spoke", "RITA v5, first seen", ranged=False),
)


class Conversation:
    """Pauses per channel: source, destination and the destination's port if it is the service's."""

    def __init__(self) -> None:
        self._last = LastSeen()
        self._gaps = MultiDamped((HALF_LIFE_S,), 3)

    def update(self, rows: Rows, events: Events) -> list[NDArray[np.float64]]:
        """Columns of `FEATURES`."""
        to_service = rows.destination_port <= rows.source_port
        channel = mix(mix(rows.source, rows.destination), np.where(to_service, rows.destination_port, 0))
        age = unbroken(self._last.update(channel, rows.seconds), rows.since_gap)
        gap = np.where((age > GAP_S) & np.isfinite(age), age, 0.0)
        sums = self._gaps.update(
            channel, rows.seconds, np.stack([gap > 0, gap, gap * gap]).astype(np.float64)
        )
        count, total, squares = sums[:, 0]
        some = count > 0.05
        mean = np.where(some, total / np.maximum(count, 1e-9), 0.0)
        variance = np.where(some, np.maximum(squares / np.maximum(count, 1e-9) - mean * mean, 0.0), 0.0)
        told = (count > 2.0) & (mean > 0)
        variation = np.where(told, np.sqrt(variance) / np.maximum(mean, 1e-9), IRREGULAR)
        peer_age = np.minimum(np.where(np.isfinite(events.peer_age), events.peer_age, IDLE_S), IDLE_S)
        return [
            np.log1p(events.conversation_packets),
            np.log1p(count),
            variation,
            np.log1p(mean),
            np.log1p(peer_age),
        ]
