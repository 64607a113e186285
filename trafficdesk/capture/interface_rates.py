"""How much runs over each interface now: the system's counters, read once a second, nothing captured.

Counting needs no permission. Kept are the rates of the last minute; what the counters said before is forgotten.
"""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.interfaces import ANY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trafficdesk.capture.interfaces import InterfaceInfo

KEPT: Final = 60
"""Rates per interface: a minute at one reading per second."""
_LONGEST_S: Final = 5.0
"""After a longer pause between two readings (nobody looked, the computer slept) the history begins anew."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the system's counters said at one moment."""

    time_s: float
    """Monotonic."""
    counters: Mapping[str, int]
    """Bytes sent and received since the interface came, by the system's name of it."""
    addresses: Mapping[str, tuple[str, ...]]
    """IP and hardware addresses, by the same names."""
    links: Mapping[str, str]
    """Flags of each interface: up, running and so on."""


def read_counters(time_s: float) -> Reading:
    """Ask the system; takes a fraction of a millisecond.

    Parameters
    ----------
    time_s : monotonic time of the reading.
    """
    import psutil

    # With nowrap, psutil would keep every counter it ever saw; one that jumps back is dealt with here.
    counted = psutil.net_io_counters(pernic=True, nowrap=False)
    return Reading(
        time_s,
        {name: one.bytes_sent + one.bytes_recv for name, one in counted.items()},
        {name: tuple(one.address for one in found) for name, found in psutil.net_if_addrs().items()},
        {name: f"{one.isup} {one.flags}" for name, one in psutil.net_if_stats().items()},
    )


class RateHistories:
    """Rates of every interface, in bytes/s, oldest first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._last: Reading | None = None
        self._rates: dict[str, deque[float]] = {}

    def add(self, reading: Reading) -> None:
        """Take a reading; one that follows a pause of more than 5 s begins the histories anew."""
        last, self._last = self._last, reading
        if last is None:
            return
        passed = reading.time_s - last.time_s
        if passed <= 0 or passed > _LONGEST_S:
            self._rates.clear()
            return
        now = {
            # A counter that went back belongs to another interface of the same name.
            name: max(count - last.counters[name], 0) / passed
            for name, count in reading.counters.items()
            if name in last.counters
        }
        if sys.platform == "linux" and now:
            now[ANY] = sum(now.values())
        self._rates = {
            name: self._rates.get(name, deque(maxlen=self._kept)) for name in now
        }  # what has gone is forgotten
        for name, rate in now.items():
            self._rates[name].append(rate)

    def rates(self, info: InterfaceInfo) -> Sequence[float]:
        """bytes/s of each interval, oldest first; empty where nothing is known yet."""
        return tuple(self._rates.get(self._counted_as(info), ()))

    def latest(self, info: InterfaceInfo) -> float | None:
        """bytes/s of the last interval; None where nothing is known yet."""
        rates = self._rates.get(self._counted_as(info))
        return rates[-1] if rates else None

    def _counted_as(self, info: InterfaceInfo) -> str:
        """The name under which the system counts it: Npcap has names of its own, there an address tells."""
        if info.name in self._rates or self._last is None:
            return info.name
        own = set(info.addresses)
        return next((name for name, others in self._last.addresses.items() if own & set(others)), info.name)
