"""Delays: TCP handshake (SYN to SYN-ACK, RFC 9293 section 3.5) and DNS (query to response, RFC 1035).

Requests wait in a table of fixed size, one per slot; a flood of requests therefore pushes waiting ones out (fewer
delays are measured) and never grows the state. Of a retransmitted request the first counts, as a person waits from
there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.metrics.key_table import mix
from trafficdesk.metrics.snapshot import Latency
from trafficdesk.packets.protocol import Protocol, TcpFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

_BITS: Final = 15
"""32,768 requests waiting."""
_SHIFT: Final = np.uint64(64 - _BITS)
_KEPT: Final = 16_384
"""Delays kept: beyond, a uniform sample of all (Vitter 1985, algorithm R); ranks of it are good to about 0.4 %."""
_PATIENCE_NS: Final = 120_000_000_000
"""A response later than this belongs to another request (RFC 9293's user timeout is of this order)."""
_SYN_ACK: Final = int(TcpFlag.SYN | TcpFlag.ACK)


class _Waiting:
    """Requests waiting for their response."""

    def __init__(self) -> None:
        self._key = np.zeros(1 << _BITS, np.uint64)
        self._since = np.zeros(1 << _BITS, np.int64)

    def ask(self, key: NDArray[np.uint64], at_ns: NDArray[np.int64]) -> None:
        """Note requests in order of time."""
        slot = (key >> _SHIFT).astype(np.int64)
        fresh = (self._key[slot] != key) | (at_ns - self._since[slot] > _PATIENCE_NS)
        # Written backwards, so that of several the earliest stays.
        slot, key, at_ns = slot[fresh][::-1], key[fresh][::-1], at_ns[fresh][::-1]
        self._key[slot] = key
        self._since[slot] = at_ns

    def answer(self, key: NDArray[np.uint64], at_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """(answered,) delays in nanoseconds of the first response to each request."""
        slot = (key >> _SHIFT).astype(np.int64)
        delay = at_ns - self._since[slot]
        good = (self._key[slot] == key) & (delay >= 0) & (delay <= _PATIENCE_NS)
        slot, delay = slot[good], delay[good]
        _, first = np.unique(slot, return_index=True)
        self._key[slot] = 0
        return np.asarray(delay[first])


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
        self._waiting = _Waiting()
        self._sample = _Sample()

    def add(self, batch: PacketBatch) -> None:
        """Match the SYNs and SYN-ACKs of a batch."""
        kind = batch["tcp_flags"] & np.uint16(_SYN_ACK)
        rows = np.flatnonzero(kind & np.uint16(TcpFlag.SYN))
        if not len(rows):
            return
        syn = rows[kind[rows] == TcpFlag.SYN]
        syn_ack = rows[kind[rows] == _SYN_ACK]
        times = batch["timestamp_ns"]
        # RFC 9293 section 3.4: the SYN-ACK acknowledges the SYN's sequence number plus one.
        expected = (batch["tcp_sequence"][syn] + np.uint32(1)).astype(np.uint64)
        self._waiting.ask(_flow_key(batch, syn, expected, reverse=False), times[syn])
        acknowledged = batch["tcp_acknowledgement"][syn_ack].astype(np.uint64)
        key = _flow_key(batch, syn_ack, acknowledged, reverse=True)
        self._sample.add(self._waiting.answer(key, times[syn_ack]))

    def values(self) -> dict[str, Any]:
        """The distribution."""
        return {"tcp_handshake": self._sample.latency()}


class DnsLatency:
    """DNS query to response, by addresses, ports and transaction identifier (RFC 5452 section 9.1)."""

    def __init__(self) -> None:
        self._waiting = _Waiting()
        self._sample = _Sample()

    def add(self, batch: PacketBatch) -> None:
        """Match the queries and responses of a batch."""
        rows = np.flatnonzero(batch["protocol"] == Protocol.DNS)
        if not len(rows):
            return
        is_response = (batch["application_code"][rows] & np.uint16(0x8000)) != 0
        query, response = rows[~is_response], rows[is_response]
        times, names = batch["timestamp_ns"], batch["application_id"].astype(np.uint64)
        self._waiting.ask(_flow_key(batch, query, names[query], reverse=False), times[query])
        key = _flow_key(batch, response, names[response], reverse=True)
        self._sample.add(self._waiting.answer(key, times[response]))

    def values(self) -> dict[str, Any]:
        """The distribution."""
        return {"dns": self._sample.latency()}


def _flow_key(
    batch: PacketBatch, rows: NDArray[np.int64], extra: NDArray[np.uint64], *, reverse: bool
) -> NDArray[np.uint64]:
    """(rows,) one number per flow and `extra`; `reverse` reads the packet as the answer."""
    names = ("destination", "source") if reverse else ("source", "destination")
    halves = [np.ascontiguousarray(batch[name][rows]).view(np.uint64).reshape(-1, 2) for name in names]
    ports = [batch[f"{name}_port"][rows].astype(np.uint64) for name in names]
    parts = [half for pair in halves for half in (pair[:, 0], pair[:, 1])]
    key = mix(*parts, (ports[0] << np.uint64(16)) ^ ports[1], extra)
    return key | np.uint64(1)  # 0 marks an empty slot
