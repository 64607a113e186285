"""What a host of this network sends to the outside beyond what comes back, and what is usual for that host.

The host's own past is the measure: ten minutes against the hours before them. A backup of 5 GB a night is usual for
the computer that does it; 50 MB are not for a thermometer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import Feature, Scale
from trafficdesk.features.gaps import unbroken
from trafficdesk.features.state import LastSeen, MultiDamped
from trafficdesk.features.upload import ANSWER_WEIGHT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.keys import Rows

SHORT_S: Final = 600.0
LONG_S: Final = 21_600.0
KNOWN_S: Final = 1_800.0
"""A host watched for less has no past to be measured by."""
PAUSE_S: Final = 60.0
"""A host's silence counts as so much watching at most."""
LEAST_USUAL: Final = 1e6
"""Bytes in ten minutes that every host may send."""
_SLIPS: Final = "Slips, data upload"

FEATURES: Final = (
    Feature(
        "outflow_600s",
        "bytes",
        SHORT_S,
        "{} sent to the outside, little came back",
        _SLIPS,
        tellable=False,
        ranged=False,
        modelled=False,
    ),
    Feature(
        "outflow_growth",
        "times",
        SHORT_S,
        "{} what this host usually sends",
        _SLIPS,
        Scale.LOG1P,
        tellable=False,
        ranged=False,
        modelled=False,
    ),
)


class Outflow:
    """Bytes per host of this network, both ways, in the last minutes and in the hours before."""

    def __init__(self) -> None:
        self._short = MultiDamped((SHORT_S,), 2)
        self._long = MultiDamped((LONG_S,), 3)
        self._last = LastSeen()

    def update(self, rows: Rows) -> list[NDArray[np.float64]]:
        """Columns of `FEATURES`; rows that stay within the network hold 0."""
        sends = rows.source_inside & ~rows.destination_inside & rows.ip
        crosses = sends | (rows.destination_inside & ~rows.source_inside & rows.ip)
        at = np.flatnonzero(crosses)
        flow, growth = np.zeros(len(rows)), np.zeros(len(rows))
        if len(at):
            host = np.where(sends, rows.source, rows.destination)[at]
            octets = (rows.length * rows.packets)[at]
            out, now = sends[at], rows.seconds[at]
            pause = unbroken(self._last.update(host, now), rows.since_gap[at])
            watched = np.where(np.isfinite(pause), np.minimum(pause, PAUSE_S), 0.0)
            ways = np.stack([np.where(out, octets, 0.0), np.where(out, 0.0, octets)])
            short = self._short.update(host, now, ways)[:, 0]
            long = self._long.update(host, now, np.vstack([ways, watched]))[:, 0]
            sent = _one_sided(short)
            # What the last minutes hold is part of the hours, too, and must not be measured by itself.
            before = np.maximum(_one_sided(long) - sent, 0.0)
            usual = before / np.maximum(long[2], KNOWN_S) * (SHORT_S / np.log(2.0))
            flow[at] = np.where(out, sent, 0.0)
            grown = sent / np.maximum(usual, LEAST_USUAL)
            growth[at] = np.where(out & (long[2] >= KNOWN_S), grown, 0.0)
        return [np.log1p(flow), np.log1p(growth)]


def _one_sided(ways: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows,) bytes out that the bytes back do not explain, of (ways, rows): out, back."""
    unexplained: NDArray[np.float64] = ways[0] - ANSWER_WEIGHT * ways[1]
    return np.maximum(unexplained, 0.0)
