"""The beat of a channel: how regularly a client opens conversations with one service.

Only openings count, as in RITA: an application that keeps one connection alive is regular, too, and no beacon. The
window is long, because a beacon may speak once in minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import End, Feature, Scale
from trafficdesk.features.gaps import unbroken
from trafficdesk.features.keys import mix
from trafficdesk.features.rhythm import FEATURES as RHYTHM_FEATURES
from trafficdesk.features.rhythm import Rhythm
from trafficdesk.features.state import LastSeen, MultiDamped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.events import Events
    from trafficdesk.features.keys import Rows

HALF_LIFE_S: Final = 1_200.0
BURST_S: Final = 1.0
"""Openings within a second are one beat: browsers open several connections at once."""
IRREGULAR: Final = 2.0
"""Variation said to be that of a channel with too few beats to tell."""
_RITA: Final = "RITA v5, beacons"


def _feature(
    name: str,
    unit: str,
    words: str,
    scale: Scale = Scale.LOG1P,
    *,
    tellable: bool = True,
    named: str = "",
) -> Feature:
    return Feature(
        name,
        unit,
        HALF_LIFE_S,
        words,
        _RITA,
        scale,
        "beat",
        tellable=tellable,
        ranged=False,
        modelled=False,
        end=End.SERVER if named else End.NONE,
        named=named,
    )


FEATURES: Final = (
    _feature(
        "beat_count",
        "",
        "{} evenly spaced connection{s}",
        named="{} evenly spaced connection{s} to {end}",
    ),
    _feature("beat_mean", "s", "a connection every {}", tellable=False),
    _feature("beat_variation", "", "spacing that varies by {}", Scale.PLAIN, tellable=False),
    *RHYTHM_FEATURES,
)


class Beat:
    """Gaps between openings per (client, server, service)."""

    def __init__(self) -> None:
        self._last = LastSeen()
        self._gaps = MultiDamped((HALF_LIFE_S,), 3)
        self._rhythm = Rhythm()

    def update(self, rows: Rows, events: Events) -> list[NDArray[np.float64]]:
        """Columns of `FEATURES`; both directions of a channel read the same."""
        to_service = rows.destination_port <= rows.source_port
        client = np.where(to_service, rows.source, rows.destination)
        server = np.where(to_service, rows.destination, rows.source)
        channel = mix(mix(client, server), np.where(rows.ported, rows.low_port, rows.ip_protocol + 70_000))
        age = self._last.update(channel, rows.seconds, events.opener & to_service)
        age = unbroken(age, rows.since_gap)
        gap = np.where(np.isfinite(age) & (age > BURST_S), age, 0.0)
        sums = self._gaps.update(
            channel, rows.seconds, np.stack([gap > 0, gap, gap * gap]).astype(np.float64)
        )
        count, total, squares = sums[:, 0]
        mean = total / np.maximum(count, 1e-9)
        variance = np.maximum(squares / np.maximum(count, 1e-9) - mean * mean, 0.0)
        told = (count > 2.0) & (mean > 0)
        mean = np.where(told, mean, 0.0)
        variation = np.where(told, np.sqrt(variance) / np.maximum(mean, 1e-9), IRREGULAR)
        # A channel within the network, or one that has no ports, is no beacon.
        outside = rows.ported & ~rows.infrastructure & ~(rows.source_inside & rows.destination_inside)
        rhythm = self._rhythm.update(
            channel,
            rows.seconds,
            np.where(outside, gap, 0.0),
            count,
            np.where(to_service, rows.length, 0.0),
        )
        return [np.log1p(count), np.log1p(mean), variation, *rhythm]
