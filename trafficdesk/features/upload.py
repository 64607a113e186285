"""One-sided upload: bytes sent to one peer beyond what its answers explain.

A video call sends as much as it receives, a download's acknowledgements are small; only a copy that goes out is
one-sided. So the measure needs no list of backup services, and is 0 for nearly all traffic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import End, Feature
from trafficdesk.features.keys import mix
from trafficdesk.features.state import MultiDamped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.keys import Rows

HALF_LIFE_S: Final = 60.0
ANSWER_WEIGHT: Final = 8.0
"""A byte that comes back explains this many that go out; TCP acknowledges 2 x 1,448 bytes with some 60."""

FEATURES: Final = (
    Feature(
        "upload_60s",
        "bytes",
        HALF_LIFE_S,
        "{} sent to one peer that answered little",
        "Slips, exfiltration",
        modelled=False,
        end=End.DESTINATION,
        named="{} sent to {end}, which answered little,",
    ),
)


class Upload:
    """Bytes per direction of every pair of hosts."""

    def __init__(self) -> None:
        self._bytes = MultiDamped((HALF_LIFE_S,), 2)

    def update(self, rows: Rows) -> list[NDArray[np.float64]]:
        """Columns of `FEATURES`: one-sided bytes from the row's source to its destination."""
        forwards = rows.source < rows.destination
        pair = mix(np.minimum(rows.source, rows.destination), np.maximum(rows.source, rows.destination))
        octets = rows.length * (rows.packets / rows.pairs)
        values = np.stack([np.where(forwards, octets, 0), np.where(forwards, 0, octets)])
        both = self._bytes.update(pair, rows.seconds, values)[:, 0]
        out = np.where(forwards, both[0], both[1])
        back = np.where(forwards, both[1], both[0])
        return [np.log1p(np.maximum(out - ANSWER_WEIGHT * back, 0.0))]
