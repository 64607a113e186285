"""Conversations and endpoints as tables: who talked with whom, packets and bytes each way, when, how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.metrics.flow_keys import unpack
from trafficdesk.metrics.flow_rows import NEVER
from trafficdesk.metrics.folded import Rest
from trafficdesk.metrics.groups import each, group_rows, sums
from trafficdesk.metrics.whose import Whose, joined
from trafficdesk.packets.address import halves
from trafficdesk.packets.peers import DESTINATION, SOURCE, peer_sides
from trafficdesk.packets.protocol import IpProtocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from trafficdesk.metrics.folded import Folded

NO_PORT: Final = -1


class Kind(Enum):
    """Between what the conversations are."""

    ETHERNET = "Ethernet"
    IPV4 = "IPv4"
    IPV6 = "IPv6"
    TCP = "TCP"
    UDP = "UDP"

    @property
    def has_ports(self) -> bool:
        """Whether an end is an address and a port."""
        return self in {Kind.TCP, Kind.UDP}

    @property
    def is_ip(self) -> bool:
        """Whether an end has an IP address."""
        return self is not Kind.ETHERNET


def _none() -> NDArray[Any]:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Addresses and ports of one side."""

    words: NDArray[np.uint64]
    """(rows, 2) halves of IP addresses as they lie in memory; of link-layer addresses the second is the number."""
    ports: NDArray[np.int64]
    """(rows,) `NO_PORT` = none."""

    def __len__(self) -> int:
        return len(self.ports)

    def packed(self) -> NDArray[np.void]:
        """(rows,) V16 addresses."""
        return np.ascontiguousarray(self.words).view("V16").reshape(-1)


@dataclass(frozen=True, slots=True, eq=False)
class Conversations:
    """One row per conversation, in order of their first packets; A sent the first packet seen."""

    kind: Kind
    a: Ends
    b: Ends
    packets: NDArray[np.int64]
    """(rows, 2) A to B, B to A."""
    bytes: NDArray[np.int64]
    """(rows, 2) on the wire."""
    first_ns: NDArray[np.int64]
    last_ns: NDArray[np.int64]
    resent: NDArray[np.int64] = field(default_factory=_none)
    """(rows,) TCP segments sent again, both ways; empty where not TCP."""
    handshake_ns: NDArray[np.int64] = field(default_factory=_none)
    """(rows,) SYN to SYN-ACK, -1 = not seen."""
    rest: Rest = field(default_factory=Rest)
    whose: Whose = field(default_factory=Whose)
    """Local program and the peer's name."""

    def __len__(self) -> int:
        return len(self.first_ns)


@dataclass(frozen=True, slots=True, eq=False)
class Endpoints:
    """One row per end, heaviest first."""

    kind: Kind
    ends: Ends
    packets: NDArray[np.int64]
    """(rows, 2) sent, received."""
    bytes: NDArray[np.int64]
    """(rows, 2) sent, received."""
    conversations: NDArray[np.int64]
    """(rows,) in how many it takes part."""
    rest: Rest = field(default_factory=Rest)
    whose: Whose = field(default_factory=Whose)
    """Programs that talk from or with it, and its names where it was a peer."""

    def __len__(self) -> int:
        return len(self.ends)


def link_conversations(pairs: Mapping[str, NDArray[Any]], remainder: NDArray[np.int64]) -> Conversations:
    """Of `LinkPairs.columns()`."""
    zeros, ports = np.zeros(len(pairs["low"]), np.uint64), np.full(len(pairs["low"]), NO_PORT)
    low = Ends(np.stack([zeros, pairs["low"]], axis=1), ports)
    high = Ends(np.stack([zeros, pairs["high"]], axis=1), ports)
    rest = Rest(int(remainder[0] > 0), int(remainder[0]), int(remainder[1]))
    return _ordered(Kind.ETHERNET, low, high, dict(pairs), rest)


def ip_conversations(flows: Mapping[str, NDArray[Any]], folded: Folded, kind: Kind) -> Conversations:
    """Pairs of addresses of one IP version."""
    is_6 = kind is Kind.IPV6
    mine = np.flatnonzero(unpack(flows["words"][:, -1])["is_6"] == is_6)
    old = np.flatnonzero(unpack(folded.words[:, -1])["is_6"] == is_6)
    words = np.concatenate([flows["words"][mine], folded.words[old]])[:, :4]
    group, first = group_rows(words)
    merged: dict[str, NDArray[Any]] = {
        name: sums(group, np.concatenate([flows[name][mine], values[old]]), len(first))
        for name, values in (("packets", folded.packets), ("bytes", folded.bytes))
    }
    began = np.concatenate([flows["first_ns"][mine], folded.first_ns[old]])
    ended = np.concatenate([flows["last_ns"][mine], folded.last_ns[old]])
    side = np.concatenate([flows["first_side"][mine], folded.first_side[old]])
    merged["first_ns"] = each(np.minimum, group, began, len(first))
    merged["last_ns"] = each(np.maximum, group, ended, len(first))
    earliest = np.flatnonzero(began == merged["first_ns"][group])[::-1]
    merged["first_side"] = np.zeros(len(first), np.int64)
    merged["first_side"][group[earliest]] = side[earliest]
    # Which way packets went from an address to itself is not a question of addresses: one way, as Wireshark has it.
    alone = (words[first, :2] == words[first, 2:]).all(axis=1)
    for name in ("packets", "bytes"):
        both = merged[name][alone].sum(axis=1)
        merged[name][alone] = np.stack([both, np.zeros_like(both)], axis=1)
    merged["first_side"][alone] = 0
    ports = np.full(len(first), NO_PORT)
    packets, octets = folded.remainder[int(is_6)].tolist()
    rest = Rest(int(packets > 0), packets, octets)
    ends = Ends(words[first, :2], ports), Ends(words[first, 2:], ports)
    of_flows = {name: flows[name][mine] for name in ("bytes", "program", "host")}
    return _ordered(kind, *ends, merged, rest, flows=of_flows, group=group[: len(mine)])


def transport_conversations(flows: Mapping[str, NDArray[Any]], folded: Folded, kind: Kind) -> Conversations:
    """Pairs of addresses and ports of TCP or UDP."""
    protocol = IpProtocol.TCP if kind is Kind.TCP else IpProtocol.UDP
    parts = unpack(flows["words"][:, -1])
    mine = np.flatnonzero((parts["protocol"] == protocol) & (parts["low_port"] >= 0))
    words = flows["words"][mine]
    columns = {name: values[mine] for name, values in flows.items()}
    if kind is Kind.TCP:
        delay = columns["syn_ack_ns"] - columns["syn_ns"]
        seen = (columns["syn_ns"] < NEVER) & (columns["syn_ack_ns"] < NEVER) & (delay >= 0)
        columns["handshake_ns"] = np.where(seen, delay, -1)
    low, high = Ends(words[:, :2], parts["low_port"][mine]), Ends(words[:, 2:4], parts["high_port"][mine])
    return _ordered(
        kind, low, high, columns, folded.transport_rest(protocol), flows=columns, group=np.arange(len(mine))
    )


def endpoints_of(table: Conversations, own: NDArray[np.void] | None = None) -> Endpoints:
    """The ends of conversations, each with what it sent and received; `own`: this computer's addresses, V16."""
    words = np.concatenate([table.a.words, table.b.words])
    ports = np.concatenate([table.a.ports, table.b.ports])
    group, first = group_rows(np.concatenate([words, (ports + 1).astype(np.uint64)[:, None]], axis=1))
    packets = sums(group, np.concatenate([table.packets, table.packets[:, ::-1]]), len(first))
    octets = sums(group, np.concatenate([table.bytes, table.bytes[:, ::-1]]), len(first))
    # An end that talks with itself stands on both sides of one conversation.
    self_talk = (table.a.words == table.b.words).all(axis=1) & (table.a.ports == table.b.ports)
    counted = np.concatenate([np.ones(len(table), np.int64), (~self_talk).astype(np.int64)])
    conversations = np.zeros(len(first), np.int64)
    np.add.at(conversations, group, counted)
    order = np.lexsort((first, -packets.sum(axis=1), -octets.sum(axis=1)))
    ends = Ends(words[first][order], ports[first][order])
    whose = _whose_ends(table, _inverse(order)[group], len(order), np.empty(0, "V16") if own is None else own)
    return Endpoints(table.kind, ends, packets[order], octets[order], conversations[order], table.rest, whose)


def _whose_ends(table: Conversations, end: NDArray[np.int64], ends: int, own: NDArray[np.void]) -> Whose:
    """Of endpoints; `end`: the row of every A, then of every B. A conversation's name is that of its peer alone."""
    a, b = end[: len(table)], end[len(table) :]
    a_and_b = table.whose.programs.regrouped(a, ends), table.whose.programs.regrouped(b, ends)
    programs = joined(a_and_b, ends)
    sides = peer_sides(halves(table.a.packed()), halves(table.b.packed()), table.b.ports - table.a.ports, own)
    peer = np.where(sides == SOURCE, a, np.where(sides == DESTINATION, b, -1))
    return Whose(programs, table.whose.hosts.regrouped(peer, ends))


def _inverse(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """(rows,) where each row went."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place


def _ordered(
    kind: Kind,
    low: Ends,
    high: Ends,
    columns: dict[str, NDArray[Any]],
    rest: Rest,
    *,
    flows: Mapping[str, NDArray[Any]] | None = None,
    group: NDArray[np.int64] | None = None,
) -> Conversations:
    """Turn each conversation so that its first sender is A, and sort by time.

    `flows` are what the rows are made of, `group` (flows,) the row of each; None = nobody knows whose they are.
    """
    order = np.argsort(columns["first_ns"], kind="stable")
    whose = Whose()
    if flows is not None and group is not None:
        whose = Whose.of_flows(flows, _inverse(order)[group], len(order))
    turned = (columns["first_side"] == 1)[order]
    swap = turned[:, None]
    words = low.words[order], high.words[order]
    ports = low.ports[order], high.ports[order]
    packets, octets = columns["packets"][order], columns["bytes"][order]
    extra = {}
    if kind is Kind.TCP:
        extra = {
            "resent": columns["resent"][order].sum(axis=1),
            "handshake_ns": columns["handshake_ns"][order],
        }
    return Conversations(
        kind,
        Ends(np.where(swap, words[1], words[0]), np.where(turned, ports[1], ports[0])),
        Ends(np.where(swap, words[0], words[1]), np.where(turned, ports[0], ports[1])),
        np.where(swap, packets[:, ::-1], packets),
        np.where(swap, octets[:, ::-1], octets),
        columns["first_ns"][order],
        columns["last_ns"][order],
        **extra,
        rest=rest,
        whose=whose,
    )
