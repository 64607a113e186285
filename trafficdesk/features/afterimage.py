"""Damped statistics of packet sizes and gaps per device, source, channel and socket.

Kitsune's AfterImage (Mirsky et al., NDSS'18) without covariances and without its two shortest windows, which only
dilute a forest. The channel's gaps are its jitter statistics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import End, Feature, Scale
from trafficdesk.features.gaps import unbroken
from trafficdesk.features.keys import mix
from trafficdesk.features.state import Damped, LastSeen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.keys import Rows

HALF_LIVES: Final = (1.0, 10.0, 100.0)
"""1/lambda of Kitsune's lambda 1, 0.1 and 0.01."""
_SOURCE: Final = "Kitsune, NDSS'18, AfterImage"
_PORTLESS: Final = {"arp": 70_001, "icmp": 70_002, "other": 70_003}
"""Stand-ins beyond any port: what has none is one socket per kind."""

_STREAMS: Final = (
    ("device", "from this device", "bytes", "packet size"),
    ("source", "from this address", "bytes", "packet size"),
    ("channel", "between these two", "s", "pause"),
    ("socket", "from this address and port", "bytes", "packet size"),
)


def _stream(stream: str, where: str, unit: str, what: str) -> tuple[Feature, ...]:
    return tuple(
        Feature(
            f"{stream}_{name}_{half_life:.0f}s",
            unit_of,
            half_life,
            words,
            _SOURCE,
            scale,
            f"{stream}_{name}",
            ranged=False,
            end=End.SOURCE if stream == "source" else End.NONE,
            named=words.replace("this address", "{end}") if stream == "source" else "",
        )
        for half_life in HALF_LIVES
        for name, unit_of, words, scale in (
            ("packets", "", f"{{}} packet{{s}} {where}", Scale.LOG1P),
            ("mean", unit, f"mean {what} of {{}} {where}", Scale.LOG1P),
            ("spread", unit, f"{what}s spread by {{}} {where}", Scale.ROOT),
        )
    )


FEATURES: Final = tuple(feature for stream in _STREAMS for feature in _stream(*stream))


class AfterImage:
    """Weight, mean and variance per stream and window."""

    def __init__(self) -> None:
        self._device = Damped(HALF_LIVES)
        self._source = Damped(HALF_LIVES)
        self._channel = Damped(HALF_LIVES)
        self._socket = Damped(HALF_LIVES)
        self._channel_last = LastSeen()

    def update(self, rows: Rows) -> list[NDArray[np.float64]]:
        """Columns of `FEATURES`."""
        now = rows.seconds
        channel = mix(rows.source, rows.destination)
        age = unbroken(self._channel_last.update(channel, now), rows.since_gap)
        port = np.where(
            rows.ported,
            rows.source_port,
            np.where(rows.arp, _PORTLESS["arp"], np.where(rows.icmp, _PORTLESS["icmp"], _PORTLESS["other"])),
        )
        packets, of_pair = rows.packets, rows.packets / rows.pairs
        # The pause before a row that stands for many is shared by them.
        pause = np.where(np.isfinite(age), age, 0.0) / of_pair
        streams = (
            self._device.update(mix(rows.source_mac, rows.source), now, rows.length, packets),
            self._source.update(rows.source, now, rows.length, packets),
            self._channel.update(channel, now, pause, of_pair),
            self._socket.update(mix(rows.source, port), now, rows.length, packets),
        )
        return [
            np.log1p(statistic[window])
            for statistics in streams
            for window in range(len(HALF_LIVES))
            for statistic in statistics
        ]
