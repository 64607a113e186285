"""Delays of TCP handshakes and DNS as distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.metrics.delays import DnsDelays, HandshakeDelays
from trafficdesk.metrics.snapshot import Latency

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

_KEPT: Final = 16_384
"""Delays kept: beyond, a uniform sample of all (Vitter 1985, algorithm R); ranks of it are good to about 0.4 %."""


class _Sample:
    """Delays: all of them, or a uniform sample."""

    def __init__(self) -> None:
        self._kept = np.empty(_KEPT, np.int64)
        self._seen = 0
        self._random = np.random.default_rng(0)
        self._latency: Latency | None = None

    def add(self, delays: NDArray[np.int64]) -> None:
        if not len(delays):
            return
        self._latency = None
        free = max(0, _KEPT - self._seen)
        self._kept[self._seen : self._seen + len(delays[:free])] = delays[:free]
        rest = delays[free:]
        place = self._random.integers(0, max(self._seen, _KEPT) + 1 + np.arange(len(rest)))
        self._kept[place[place < _KEPT]] = rest[place < _KEPT]
        self._seen += len(delays)

    def latency(self) -> Latency:
        """The distribution; worked out again only when it changed."""
        if self._latency is None:
            if not self._seen:
                return Latency()
            kept = self._kept[: self._seen] / 1e6
            median, p95 = np.quantile(kept, (0.5, 0.95))
            self._latency = Latency(self._seen, float(median), float(p95))
        return self._latency


class HandshakeLatency:
    """SYN to SYN-ACK: the network's round trip and the server's kernel."""

    def __init__(self) -> None:
        self._delays = HandshakeDelays()
        self._sample = _Sample()

    def add(self, batch: PacketBatch) -> None:
        """Match the SYNs and SYN-ACKs of a batch."""
        self._sample.add(self._delays.of(batch).delays_ns)

    def values(self) -> dict[str, Any]:
        """The distribution."""
        return {"tcp_handshake": self._sample.latency()}


class DnsLatency:
    """DNS query to response."""

    def __init__(self) -> None:
        self._delays = DnsDelays()
        self._sample = _Sample()

    def add(self, batch: PacketBatch) -> None:
        """Match the queries and responses of a batch."""
        self._sample.add(self._delays.of(batch).delays_ns)

    def values(self) -> dict[str, Any]:
        """The distribution."""
        return {"dns": self._sample.latency()}
