"""How long answers took, row by row, and as steps of a histogram that can be added up over hosts and hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.metrics.snapshot import Latency
from trafficdesk.metrics.waiting import Waiting, client_keys
from trafficdesk.packets.protocol import Protocol, TcpFlag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

STEPS_AN_OCTAVE: Final = 8
"""Each step is 9 % wider than the one before: a quantile is off by half of that at most."""
_SYN_ACK: Final = int(TcpFlag.SYN | TcpFlag.ACK)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers to requests of a batch or of ones before."""

    rows: NDArray[np.int64]
    """(answers,) the rows that answered."""
    delays_ns: NDArray[np.int64]


class HandshakeDelays:
    """SYN to SYN-ACK (RFC 9293 section 3.5)."""

    def __init__(self) -> None:
        self._waiting = Waiting()

    def of(self, batch: PacketBatch) -> Answers:
        """Match the SYNs and SYN-ACKs of a batch."""
        kind = batch["tcp_flags"] & np.uint16(_SYN_ACK)
        rows = np.flatnonzero(kind & np.uint16(TcpFlag.SYN))
        is_answer = kind[rows] == _SYN_ACK
        # RFC 9293 section 3.4: the SYN-ACK acknowledges the SYN's sequence number plus one.
        number = np.where(
            is_answer, batch["tcp_acknowledgement"][rows], batch["tcp_sequence"][rows] + np.uint32(1)
        ).astype(np.uint64)
        return _matched(self._waiting, batch, rows, number, is_answer)


class DnsDelays:
    """Query to response, by addresses, ports and transaction identifier (RFC 5452 section 9.1)."""

    def __init__(self) -> None:
        self._waiting = Waiting()

    def of(self, batch: PacketBatch) -> Answers:
        """Match the queries and responses of a batch."""
        rows = np.flatnonzero(batch["protocol"] == Protocol.DNS)
        is_response = (batch["application_code"][rows] & np.uint16(0x8000)) != 0
        number = batch["application_id"][rows].astype(np.uint64)
        return _matched(self._waiting, batch, rows, number, is_response)


KINDS: Final[Mapping[str, type[HandshakeDelays | DnsDelays]]] = {
    "tcp_handshake": HandshakeDelays,
    "dns": DnsDelays,
}
"""By the names that summaries call them."""


def _matched(
    waiting: Waiting,
    batch: PacketBatch,
    rows: NDArray[np.int64],
    number: NDArray[np.uint64],
    is_answer: NDArray[np.bool_],
) -> Answers:
    if not len(rows):
        return Answers(rows, np.empty(0, np.int64))
    key = client_keys(batch, rows, number, is_answer)
    matched = waiting.match(key, batch["timestamp_ns"][rows], is_answer)
    return Answers(rows[matched.answered], matched.delays_ns)


def step_of(delays_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """(delays,) the step of each; 0 = a microsecond or less."""
    micro = np.maximum(delays_ns / 1e3, 1.0)
    steps: NDArray[np.int64] = np.floor(np.log2(micro) * STEPS_AN_OCTAVE).astype(np.int64)
    return steps


def latency_of(answers: Mapping[int, int]) -> Latency:
    """The distribution behind a histogram; within a step delays are taken to lie evenly on a logarithmic scale."""
    steps = np.array(sorted(answers), np.float64)
    counts = np.array([answers[int(step)] for step in steps.tolist()], np.float64)
    total = counts.sum() if len(counts) else 0.0
    if not total:
        return Latency()
    return Latency(int(total), *(_quantile(steps, counts, share * total) for share in (0.5, 0.95)))


def _quantile(steps: NDArray[np.float64], counts: NDArray[np.float64], wanted: float) -> float:
    """Milliseconds below which so many of the delays are."""
    upto = np.cumsum(counts)
    at = min(int(np.searchsorted(upto, wanted)), len(steps) - 1)
    within = (wanted - (upto[at] - counts[at])) / counts[at]
    return float(2.0 ** ((steps[at] + within) / STEPS_AN_OCTAVE) / 1e3)
