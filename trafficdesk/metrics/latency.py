"""Delays: TCP handshake (SYN to SYN-ACK, RFC 9293 section 3.5) and DNS (query to response, RFC 1035).

Requests wait in a table of fixed size, one per slot; a flood of requests therefore pushes waiting ones out (fewer
delays are measured) and never grows the state. Of a retransmitted request the first counts, as a person waits from
there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.metrics.snapshot import Latency
from trafficdesk.packets.key_table import mix
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

    def match(
        self, key: NDArray[np.uint64], at_ns: NDArray[np.int64], is_answer: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """(answered,) delays in nanoseconds of the first response to each request.

        Requests and responses come in order of capture; only what a batch leaves open goes into the table, so that a
        batch of any length is matched whole.
        """
        order = np.argsort(key, kind="stable")
        key, at_ns, is_answer = key[order], at_ns[order], is_answer[order]
        first = np.append(True, key[1:] != key[:-1])
        slot = (key >> _SHIFT).astype(np.int64)
        waited = self._key[slot] == key
        # What came before each row, with the same key: in this batch, or in the table.
        since = np.where(first, self._since[slot], np.roll(at_ns, 1))
        after_request = np.where(first, waited, np.roll(~is_answer, 1)) & (at_ns - since <= _PATIENCE_NS)
        begins = ~is_answer & ~after_request
        marked = np.flatnonzero(begins | (first & after_request))
        begun = np.where(begins, at_ns, since)[marked]
        of_row = np.searchsorted(marked, np.arange(len(key)), "right") - 1
        since = begun[of_row] if len(marked) else at_ns
        delay = (at_ns - since)[is_answer & after_request]
        last = np.append(first[1:], True)
        answered, asked = last & is_answer & waited, last & ~is_answer
        self._key[slot[answered]] = 0
        self._key[slot[asked]] = key[asked]
        self._since[slot[asked]] = since[asked]
        return delay[(delay >= 0) & (delay <= _PATIENCE_NS)]


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
        is_answer = kind[rows] == _SYN_ACK
        # RFC 9293 section 3.4: the SYN-ACK acknowledges the SYN's sequence number plus one.
        number = np.where(
            is_answer, batch["tcp_acknowledgement"][rows], batch["tcp_sequence"][rows] + np.uint32(1)
        ).astype(np.uint64)
        key = _flow_key(batch, rows, number, is_answer)
        self._sample.add(self._waiting.match(key, batch["timestamp_ns"][rows], is_answer))

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
        key = _flow_key(batch, rows, batch["application_id"][rows].astype(np.uint64), is_response)
        self._sample.add(self._waiting.match(key, batch["timestamp_ns"][rows], is_response))

    def values(self) -> dict[str, Any]:
        """The distribution."""
        return {"dns": self._sample.latency()}


def _flow_key(
    batch: PacketBatch, rows: NDArray[np.int64], extra: NDArray[np.uint64], is_answer: NDArray[np.bool_]
) -> NDArray[np.uint64]:
    """(rows,) one number per flow, seen from its client, and `extra`."""
    ends = []
    for name in ("source", "destination"):
        halves = np.ascontiguousarray(batch[name][rows]).view(np.uint64).reshape(-1, 2)
        ends.append(mix(halves[:, 0], halves[:, 1], batch[f"{name}_port"][rows].astype(np.uint64)))
    client = np.where(is_answer, ends[1], ends[0])
    server = np.where(is_answer, ends[0], ends[1])
    return mix(client, server, extra) | np.uint64(1)  # 0 marks an empty slot
