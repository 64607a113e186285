"""Which packets to keep when there are too many to look at all: some of every conversation.

What is small is kept whole, what is large is thinned evenly, and each packet kept says for how many it stands. Plain
thinning would lose what an anomaly is made of: a lookup, a handshake, one port tried. Three steps, each taken only as far
as it is needed:

1. More conversations than can be kept (a scan, a flood): of each host's services a fair share, so that the busy host's
   are thinned and the quiet one's are not; then of each service's conversations.
2. Of each conversation its first packets: openings and answers are there.
3. Of the packets beyond, one in so many, apart for either direction: taken together, every third packet might always
   be the acknowledgement.

Services and conversations are chosen by their hash, so that an answer in the next stretch is kept where its question was.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.keys import mix
from trafficdesk.packets.address import halves
from trafficdesk.packets.protocol import EtherType, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

FIRST: Final = 8
"""Packets of a conversation that are kept before any is left out: as many as count as fresh (`features.events`)."""
LEAST_FIRST: Final = 2
"""A question and its answer."""
FIRST_SHARE: Final = 0.75
"""Of what is kept, the most that first packets may take."""
_POSITION_BITS: Final = np.uint64(20)
"""A stretch has fewer than 2**20 rows; the other 44 bits of a sort key are the conversation's hash."""


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """What rows are grouped by; arrays over (rows,)."""

    near: NDArray[np.int64]
    """Source host."""
    far: NDArray[np.int64]
    service: NDArray[np.int64]
    conversation: NDArray[np.int64]
    forwards: NDArray[np.bool_]
    """One direction of the conversation."""

    @classmethod
    def joined(cls, parts: list[Keys]) -> Keys:
        """Keys end to end."""
        return cls(
            np.concatenate([part.near for part in parts]),
            np.concatenate([part.far for part in parts]),
            np.concatenate([part.service for part in parts]),
            np.concatenate([part.conversation for part in parts]),
            np.concatenate([part.forwards for part in parts]),
        )

    def of(self, rows: NDArray[np.int64]) -> Keys:
        """Those of some rows."""
        return Keys(*(getattr(self, item.name)[rows] for item in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Thinned:
    """Rows kept, and what each stands for; arrays over (kept,), see `packets.batch.Sample`."""

    rows: NDArray[np.int64]
    """Ascending."""
    packets: NDArray[np.float32]
    conversations: NDArray[np.float32]
    services: NDArray[np.float32]
    pairs: NDArray[np.float32]


def keys_of(batch: PacketBatch) -> Keys:
    """Keys of a batch's rows.

    A conversation is two hosts, their ports and the protocol, whoever speaks; a later fragment, which has no ports,
    belongs to one of its own. Without IP or ARP the hosts are the MACs and the protocol is the EtherType. Lookups of
    different names are different conversations, or a tunnel would be a single one.
    """
    network = batch["network"]
    addressed = (network == EtherType.IPV4) | (network == EtherType.IPV6) | (network == EtherType.ARP)
    near, far = (
        np.where(addressed, _folded(batch[address]), batch[mac].view(np.int64))
        for address, mac in (("source", "source_mac"), ("destination", "destination_mac"))
    )
    name = np.where(batch["protocol"] == Protocol.DNS, batch["name_hash"], np.uint64(0)).view(np.int64)
    kind = batch["ip_protocol"].astype(np.int64) * 65_536 + network + name
    source_port, destination_port = batch["source_port"], batch["destination_port"]
    here, there = mix(near, source_port), mix(far, destination_port)
    low = np.minimum(source_port, destination_port).astype(np.int64)
    return Keys(
        near,
        far,
        mix(_either_way(near, far), mix(low, 0) + kind),
        mix(_either_way(here, there), kind),
        here <= there,
    )


def thinned(keys: Keys, most: int, random: np.random.Generator) -> Thinned:
    """About `most` rows of those that have `keys`; all of them where there are no more.

    Parameters
    ----------
    most : at least 4; up to half as many more may be kept of many small conversations.
    random : where the even thinning begins.
    """
    total = len(keys.near)
    ones = np.ones(total, np.float32)
    if total <= most:
        return Thinned(np.arange(total), ones, ones, ones, ones)
    order, starts = _grouped(keys.conversation)
    sizes = np.diff(starts, append=total)
    weights = _Weights.of(keys, order[starts], sizes, most)
    nth = np.arange(total) - np.repeat(starts, sizes)
    chosen = np.repeat(weights.kept, sizes)
    first = chosen & (nth < _first(sizes[weights.kept], most))
    rest = np.flatnonzero(chosen & ~first)
    room = max(most - int(np.count_nonzero(first)), 0)
    packets = np.ones(total)
    if len(rest) > room:
        forwards = keys.forwards[order[rest]]
        packets[rest] = len(rest) / max(room, 1)
        rest = np.concatenate([rest[forwards], rest[~forwards]])
        rest = rest[((np.arange(room) + random.random()) * len(rest) / max(room, 1)).astype(np.int64)]
    kept = np.concatenate([np.flatnonzero(first), rest])
    kept = kept[np.argsort(order[kept])]
    group = np.searchsorted(starts, kept, "right") - 1
    of_conversation = weights.conversations[group]
    return Thinned(
        order[kept],
        (packets[kept] * of_conversation).astype(np.float32),
        of_conversation.astype(np.float32),
        weights.services[group].astype(np.float32),
        weights.pairs[group].astype(np.float32),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Weights:
    """Which conversations are kept, and for how many each stands; arrays over (conversations,)."""

    kept: NDArray[np.bool_]
    conversations: NDArray[np.float64]
    services: NDArray[np.float64]
    pairs: NDArray[np.float64]

    @classmethod
    def of(cls, keys: Keys, rows: NDArray[np.int64], sizes: NDArray[np.int64], most: int) -> _Weights:
        """Of the conversations that `rows` stand for."""
        count = len(rows)
        one = np.ones(count)
        cost = float(np.minimum(sizes, LEAST_FIRST).mean())
        limit = max(1, int(most * FIRST_SHARE / cost))
        if count <= limit:
            return cls(np.ones(count, np.bool_), one, one, one)
        distinct, at, service = np.unique(keys.service[rows], return_index=True, return_inverse=True)
        near, far = keys.near[rows[at]], keys.far[rows[at]]
        host = _busier(near, far)
        kept_service, weight = _fair(host, distinct, limit)
        pairs = _pairs_stood_for(host, _either_way(near, far), 1.0 / weight)
        kept = kept_service[service]
        services = weight[service]
        conversations = services.copy()
        among = np.flatnonzero(kept)
        if len(among) > limit:
            fair, share = _fair(service[among], keys.conversation[rows[among]], limit)
            kept[among] = fair
            conversations[among] *= share
        return cls(kept, conversations, services, pairs[service])


def _folded(addresses: NDArray[np.void]) -> NDArray[np.int64]:
    pair = halves(addresses)
    return mix(pair[:, 0].view(np.int64), pair[:, 1].view(np.int64))


def _either_way(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    return mix(np.minimum(one, other), np.maximum(one, other))


def _grouped(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows ordered by key and then by arrival, and where each key begins.

    One sort of plain numbers instead of an argsort: 4 times as fast. Two of 100,000 conversations are taken for one in one
    of 3,000 stretches, which does no harm.
    """
    rows = np.arange(len(keys), dtype=np.uint64)
    mask = (np.uint64(1) << _POSITION_BITS) - np.uint64(1)
    ordered = np.sort((keys.view(np.uint64) & ~mask) | rows)
    key = ordered >> _POSITION_BITS
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    return (ordered & mask).astype(np.int64), starts


def _first(sizes: NDArray[np.int64], most: int) -> int:
    """How many first packets of each conversation there is room for."""
    for first in range(FIRST, LEAST_FIRST, -1):
        if int(np.minimum(sizes, first).sum()) <= most * FIRST_SHARE:
            return first
    return LEAST_FIRST


def _busier(near: NDArray[np.int64], far: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of the host that has more of the services: the scanner, or the flooded."""
    _, at, count = np.unique(np.concatenate([near, far]), return_inverse=True, return_counts=True)
    one, other = at[: len(near)], at[len(near) :]
    return np.where(count[one] >= count[other], one, other)


def _fair(
    owner: NDArray[np.int64], key: NDArray[np.int64], most: int
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """About `most` items, as many of each owner as of any other that has so many, and what each stands for.

    Whoever has fewer than its share keeps all. Where the owners themselves are too many, items are taken as one owner's.
    """
    _, owner, sizes = np.unique(owner, return_inverse=True, return_counts=True)
    if len(sizes) > most:
        owner, sizes = np.zeros(len(owner), np.int64), np.array([len(owner)])
    share = _share(sizes, most)
    # Mixed anew: the key's own order is what groups it elsewhere.
    order = np.lexsort((mix(key, 1), owner))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    kept = np.empty(len(owner), np.bool_)
    kept[order] = np.arange(len(owner)) - np.repeat(starts, sizes) < share
    return kept, np.maximum(sizes / share, 1.0)[owner]


def _share(sizes: NDArray[np.int64], most: int) -> int:
    """The largest share per owner with which no more than `most` items are kept, at least 1."""
    low, high = 1, most
    while low < high:
        middle = (low + high + 1) // 2
        if int(np.minimum(sizes, middle).sum()) <= most:
            low = middle
        else:
            high = middle - 1
    return low


def _pairs_stood_for(
    host: NDArray[np.int64], pair: NDArray[np.int64], chance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """For how many pairs of hosts each service's pair stands: of a pair with many services one is kept almost surely."""
    _, at, services = np.unique(mix(pair, host), return_inverse=True, return_counts=True)
    missed = np.minimum((1.0 - chance) ** services[at], 1.0 - chance)
    stood: NDArray[np.float64] = 1.0 / (1.0 - missed)
    return stood
