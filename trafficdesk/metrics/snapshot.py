"""`MetricsSnapshot`: what the charts, the status line and the JSON summary read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution of delays."""

    n: int = 0
    """Delays measured."""
    median_ms: float = float("nan")
    p95_ms: float = float("nan")


@dataclass(frozen=True, slots=True)
class Talker:
    """One address and what it sent or was sent."""

    address: str
    packets: int
    bytes: int


def _none() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class MetricsSnapshot:
    """The capture in numbers, at one moment."""

    packets: int = 0
    bytes: int = 0
    """On the wire."""
    first_ns: int = 0
    """Earliest timestamp; 0 while there are no packets."""
    last_ns: int = 0
    """Latest timestamp."""
    seconds: NDArray[np.int64] = field(default_factory=_none)
    """(bins,) start of each bin, seconds since the Unix epoch, ascending; silence is there as bins of zeros."""
    widths: NDArray[np.int64] = field(default_factory=_none)
    """(bins,) seconds each bin spans: 1 for the newest hour, more for what is older, and for silence."""
    bytes_per_s: NDArray[np.int64] = field(default_factory=_none)
    """(bins,) bytes per second, mean over the bin."""
    packets_per_s: NDArray[np.int64] = field(default_factory=_none)
    """(bins,) packets per second, mean over the bin."""
    protocols: tuple[tuple[str, int, int], ...] = ()
    """(name, packets, bytes) of each top-most protocol, most bytes first."""
    top_sources: tuple[Talker, ...] = ()
    """At most 20, most bytes first."""
    top_destinations: tuple[Talker, ...] = ()
    """As `top_sources`."""
    unique_ip: int = 0
    """Distinct outermost IPv4 and IPv6 addresses, source or destination."""
    unique_ip_exact: bool = True
    """False: there were more than we number; `unique_ip` is a lower bound."""
    unique_mac: int = 0
    """Distinct link-layer addresses, source or destination, broadcast and groups too."""
    unique_mac_exact: bool = True
    throughput_bps: float = 0.0
    """Mean bits per second from the first packet to the last."""
    peak_bps: float = 0.0
    """Bits in the busiest second."""
    tcp_handshake: Latency = Latency()
    """SYN to SYN-ACK."""
    dns: Latency = Latency()
    """DNS query to response."""
