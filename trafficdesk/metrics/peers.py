"""How long each peer kept others waiting: TCP handshakes and DNS answers, by the address that answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from trafficdesk.metrics.conversations import NO_PORT, Ends
from trafficdesk.metrics.flow_keys import unpack
from trafficdesk.metrics.flow_rows import NEVER
from trafficdesk.metrics.groups import group_rows
from trafficdesk.metrics.snapshot import Latency
from trafficdesk.metrics.waiting import PATIENCE_NS
from trafficdesk.packets.protocol import IpProtocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def _none() -> NDArray[Any]:
    return np.empty(0, np.int64)


def _no_ends() -> Ends:
    return Ends(np.empty((0, 2), np.uint64), _none())


@dataclass(frozen=True, slots=True, eq=False)
class Peers:
    """One row per peer, most requests first."""

    ends: Ends = field(default_factory=_no_ends)
    asked: NDArray[np.int64] = field(default_factory=_none)
    """(rows,) handshakes begun, or queries sent; those sent again are not counted twice."""
    answered: NDArray[np.int64] = field(default_factory=_none)
    refused: NDArray[np.int64] = field(default_factory=_none)
    """(rows,) handshakes answered by a reset; 0 for DNS."""
    unanswered: NDArray[np.int64] = field(default_factory=_none)
    """(rows,) neither, and long enough ago."""
    repeated: NDArray[np.int64] = field(default_factory=_none)
    """(rows,) DNS queries sent again, or TCP segments, in either direction."""
    median_ms: NDArray[np.float64] = field(default_factory=_none)
    """(rows,) NaN where nothing was answered."""
    p95_ms: NDArray[np.float64] = field(default_factory=_none)
    overall: Latency = field(default_factory=Latency)

    def __len__(self) -> int:
        return len(self.ends)


def tcp_peers(flows: Mapping[str, NDArray[Any]], now_ns: int) -> Peers:
    """Of TCP conversations whose SYN was seen; `now_ns`: the capture's newest timestamp."""
    parts = unpack(flows["words"][:, -1])
    mine = np.flatnonzero((parts["protocol"] == IpProtocol.TCP) & (flows["syn_ns"] < NEVER))
    asked_ns, answered_ns = flows["syn_ns"][mine], flows["syn_ack_ns"][mine]
    delay = answered_ns - asked_ns
    is_answered = (answered_ns < NEVER) & (delay >= 0)
    # The one who sent the first packet asked; the other end is the peer.
    from_low = (flows["first_side"][mine] == 0)[:, None]
    words = np.where(from_low, flows["words"][mine, 2:4], flows["words"][mine, :2])
    group, first = group_rows(words)
    refused = ~is_answered & flows["reset"][mine]
    waiting = ~is_answered & ~refused & (now_ns - asked_ns >= PATIENCE_NS)
    return _peers(
        words[first],
        group[is_answered],
        delay[is_answered],
        asked=np.bincount(group, minlength=len(first)),
        refused=_count(group[refused], len(first)),
        unanswered=_count(group[waiting], len(first)),
        repeated=_sum(group, flows["resent"][mine].sum(axis=1), len(first)),
    )


def dns_peers(times: Mapping[str, NDArray[Any]]) -> Peers:
    """Of `DnsTimes.columns()`."""
    return _peers(
        times["words"],
        times["server"].astype(np.int64),
        times["delay_ns"],
        asked=times["asked"],
        refused=np.zeros(len(times["words"]), np.int64),
        unanswered=np.maximum(times["asked"] - times["answered"] - times["waiting"], 0),
        repeated=times["repeated"],
    )


def _peers(
    words: NDArray[np.uint64],
    group: NDArray[np.int64],
    delay_ns: NDArray[np.int64],
    **counts: NDArray[np.int64],
) -> Peers:
    peers = len(words)
    order = np.lexsort((delay_ns, group))
    group, delays = group[order], delay_ns[order] / 1e6
    stop = np.searchsorted(group, np.arange(peers), "right")
    start = np.searchsorted(group, np.arange(peers), "left")
    ranked = np.argsort(-counts["asked"], kind="stable")
    whole = np.sort(delays)
    overall = Latency()
    if len(whole):
        overall = Latency(len(whole), *np.quantile(whole, (0.5, 0.95)).tolist())
    return Peers(
        Ends(words[ranked], np.full(peers, NO_PORT)),
        answered=(stop - start)[ranked],
        median_ms=_quantiles(delays, start, stop, 0.5)[ranked],
        p95_ms=_quantiles(delays, start, stop, 0.95)[ranked],
        overall=overall,
        **{name: values[ranked] for name, values in counts.items()},
    )


def _quantiles(
    values: NDArray[np.float64], start: NDArray[np.int64], stop: NDArray[np.int64], share: float
) -> NDArray[np.float64]:
    """(groups,) of values sorted within each group, interpolated as `np.quantile` does; NaN where a group is empty."""
    count = stop - start
    place = np.maximum(count - 1, 0) * share
    below = np.floor(place).astype(np.int64)
    padded = np.append(values, np.nan)
    last = len(values)
    low = padded[np.where(count > 0, start + below, last)]
    high = padded[np.where(count > 0, np.minimum(start + below + 1, stop - 1), last)]
    return np.asarray(low + (high - low) * (place - below))


def _count(group: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    return np.bincount(group, minlength=groups)


def _sum(group: NDArray[np.int64], values: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    out = np.zeros(groups, np.int64)
    np.add.at(out, group, values)
    return out
