"""Answers that nobody asked for: reflection, or the echo of forged senders.

Only those answers say something here; all other rows hold 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import Feature
from trafficdesk.features.state import MultiDamped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.events import Events
    from trafficdesk.features.keys import Rows

HALF_LIFE_S: Final = 60.0
_TCP: Final = "RFC 9293 section 3.5, half-open connections"


def _count(name: str, words: str) -> Feature:
    return Feature(name, "", HALF_LIFE_S, words, _TCP, tellable=False, ranged=False, modelled=False)


FEATURES: Final = (
    _count("unasked_senders_60s", "{} sender{s} of answers nobody asked for"),
    _count("unasked_again_60s", "{} answer{s} nobody asked for, repeated"),
)


class Reflected:
    """Unasked answers per destination: their new senders, and their repetitions."""

    def __init__(self) -> None:
        self._destinations = MultiDamped((HALF_LIFE_S,), 2)

    def update(self, rows: Rows, events: Events) -> list[NDArray[np.float64]]:
        """Columns of `FEATURES`."""
        values = np.stack([events.unasked * rows.pairs, events.unasked_again * rows.packets])
        which = events.unasked | events.unasked_again
        counts = self._destinations.update_where(rows.destination, rows.seconds, values, which)[:, 0]
        return [np.log1p(counts[0]), np.log1p(counts[1])]
