"""Echo answers that do not return what was sent: data travels in them (RFC 792: the data must be returned).

Only echo messages say something here; all other rows hold 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import Feature
from trafficdesk.features.keys import mix
from trafficdesk.features.state import MultiDamped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.keys import Rows

HALF_LIFE_S: Final = 60.0
_BALANCE_S: Final = 5.0
_ASKED: Final = 0.05
"""A request is remembered for some 20 s: longer than any ping waits."""
_LEAST: Final = 60
"""Bytes: shorter frames arrive padded (IEEE 802.3)."""
ECHO: Final = (0, 8, 128, 129)
"""Echo reply and request of ICMP (RFC 792), request and reply of ICMPv6 (RFC 4443)."""
REQUESTS: Final = (8, 128)

FEATURES: Final = (
    Feature(
        "echo_mismatched_60s",
        "",
        HALF_LIFE_S,
        "{} echo answer{s} of another size than what was asked",
        "RFC 792",
        ranged=False,
        modelled=False,
    ),
)


class Echo:
    """Mismatched answers per pair of hosts."""

    def __init__(self) -> None:
        self._asked = MultiDamped((_BALANCE_S,), 3)
        self._asked_size = MultiDamped((_BALANCE_S,), 1)
        self._mismatched = MultiDamped((HALF_LIFE_S,), 1)

    def update(self, rows: Rows) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
        """Columns of `FEATURES`, and (2, rows) of the pair's echo messages (5 s): all, and requests.

        Both directions of a pair read the same.
        """
        count, pings = np.zeros(len(rows)), np.zeros((2, len(rows)))
        at = np.flatnonzero(rows.icmp & np.isin(rows.message_type, ECHO))
        if len(at):
            source, destination, now = rows.source[at], rows.destination[at], rows.seconds[at]
            pair = mix(np.minimum(source, destination), np.maximum(source, destination))
            sized = mix(pair, np.maximum(rows.length[at], _LEAST).astype(np.int64))
            request = np.isin(rows.message_type[at], REQUESTS)
            asks = request.astype(np.float64)[None]
            sent = rows.packets[at] / rows.pairs[at]
            sums = self._asked.update(pair, now, np.stack([asks[0], sent, sent * request]))[:, 0]
            asked, pings[:, at] = sums[0], sums[1:]
            alike = self._asked_size.update(sized, now, asks)[0, 0]
            mismatched = ~request & (asked >= _ASKED) & (alike < _ASKED)
            count[at] = self._mismatched.update(pair, now, mismatched.astype(np.float64)[None])[0, 0]
        return [np.log1p(count)], pings
