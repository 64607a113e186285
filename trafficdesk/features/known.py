"""What this network has shown before: its devices, and the services its hosts offer.

What is new means little while a network is being learned, so nothing is told before it was watched for `LEARNED_S`. What
was known can be taken along to the next capture on the same network (`Known.seen`, `Known.remember`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.feature import Feature, Scale
from trafficdesk.features.keys import FIRST_DYNAMIC_PORT, mix
from trafficdesk.features.state import FirstSeen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from trafficdesk.features.events import Events
    from trafficdesk.features.keys import Rows

LEARNED_S: Final = 1_800.0
"""Seconds of watching after which a network's devices and services count as known."""
STEP_S: Final = 60.0
"""A silence counts as so much watching at most."""
INTRODUCED_S: Final = 20.0
"""What is new stays so for this long: its first packets may not tell its address."""
MAX_DEVICES: Final = 65_536
MAX_SERVICES: Final = 65_536
_SERVICE_SALT: Final = 0x5E41

_SLIPS: Final = "Slips, new device and new service evidence"


def _flag(name: str, words: str) -> Feature:
    return Feature(name, "", 0.0, words, _SLIPS, Scale.PLAIN, tellable=False, ranged=False, modelled=False)


FEATURES: Final = (
    _flag("new_device", "{} device{s} this network has never shown"),
    _flag("new_service", "{} service{s} this host has never offered"),
)


class Known:
    """Devices and services seen so far, and for how long there was watching."""

    def __init__(self) -> None:
        self._devices = FirstSeen(MAX_DEVICES)
        self._services = FirstSeen(MAX_SERVICES)
        self._watched_s = 0.0
        self._last_s: float | None = None

    @property
    def seen(self) -> dict[str, NDArray[np.int64]]:
        """Keys of what is known now, by kind; from no key an address can be read."""
        return {"devices": self._devices.keys.copy(), "services": self._services.keys.copy()}

    def remember(self, seen: Mapping[str, NDArray[np.int64]], watched_s: float) -> None:
        """Take what an earlier capture on the same network has shown in `watched_s` seconds."""
        nothing = np.empty(0, np.int64)
        self._devices.know(seen.get("devices", nothing))
        self._services.know(seen.get("services", nothing))
        self._watched_s += watched_s

    def update(self, rows: Rows, events: Events) -> list[NDArray[np.float64]]:
        """Columns of `FEATURES`."""
        watched = self._watch(rows.seconds)
        inside = rows.source_inside & (rows.source_mac >= 0)
        group = ((rows.source_mac >> 40) & 1) == 1
        since = self._devices.update(rows.source_mac, rows.seconds, inside & ~group)
        # As the kernel does, a service is told by its smaller port; data, so that a port scan's answers are none.
        serves = (
            inside
            & rows.tcp
            & rows.has_payload
            & (rows.source_port < rows.destination_port)
            & (rows.source_port < FIRST_DYNAMIC_PORT)
        )
        service = mix(mix(rows.source, rows.source_port), _SERVICE_SALT)
        offered = self._services.update(service, rows.seconds, serves)
        quiet = rows.settling
        announces = (rows.arp | rows.multicast | rows.infrastructure | events.opener) & ~rows.sender_is_any
        new_device = announces & _fresh(since, watched) & ~quiet
        # A service of a device that is new itself is no news.
        new_service = serves & _fresh(offered, watched) & (since >= LEARNED_S) & ~quiet
        return [new_device.astype(np.float64), new_service.astype(np.float64)]

    def _watch(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows,) how long the network was watched, as of each row."""
        if not len(seconds):
            return seconds
        first = seconds[0] if self._last_s is None else self._last_s
        steps = np.clip(np.diff(seconds, prepend=first), 0.0, STEP_S)
        watched = self._watched_s + np.cumsum(steps)
        self._last_s = float(seconds[-1])
        self._watched_s = float(watched[-1])
        return watched


def _fresh(since: NDArray[np.float64], watched: NDArray[np.float64]) -> NDArray[np.bool_]:
    """First seen a moment ago, when the network was known already; NaN is not."""
    return (since <= INTRODUCED_S) & (watched - since >= LEARNED_S)
