"""`Folded`: what remains of conversations that are not kept apart any more, by pair of addresses, and beyond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.metrics.flow_keys import WORDS, pack, unpack
from trafficdesk.metrics.groups import each, group_rows, sums
from trafficdesk.packets.protocol import IpProtocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

_PACKETS, _BYTES = 0, 1


@dataclass(frozen=True, slots=True)
class Rest:
    """What a table does not list: folded together to keep memory bounded."""

    rows: int = 0
    """Conversations at least; one that came back counts again."""
    packets: int = 0
    bytes: int = 0
    """Of packets whose conversation is not listed; they are in the sums of coarser tables where those list it."""


class Folded:
    """Sums by pair of addresses, and one remainder for each IP version.

    Parameters
    ----------
    capacity : pairs kept apart at most; the lightest go into the remainder.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self.words = np.zeros((0, WORDS), np.uint64)
        """(pairs, WORDS) keys without ports and protocol."""
        self.packets = np.zeros((0, 2), np.int64)
        """(pairs, 2) sent by the low end, by the high end."""
        self.bytes = np.zeros((0, 2), np.int64)
        self.first_ns = np.zeros(0, np.int64)
        self.last_ns = np.zeros(0, np.int64)
        self.first_side = np.zeros(0, np.int64)
        self.remainder = np.zeros((2, 2), np.int64)
        """(IPv4 | IPv6, packets | bytes) whose addresses are not known any more."""
        self._transport = {number: np.zeros(3, np.int64) for number in (IpProtocol.TCP, IpProtocol.UDP)}
        """Conversations folded, their packets and bytes."""

    def transport_rest(self, protocol: IpProtocol) -> Rest:
        """What the table of TCP or UDP conversations does not list."""
        return Rest(*self._transport[protocol].tolist())

    def add(self, gone: Mapping[str, NDArray[Any]]) -> None:
        """Fold conversations, given as `FlowRows.columns` are."""
        parts = unpack(gone["words"][:, -1])
        self._count_transport(parts, gone)
        none = np.full(len(parts["is_6"]), -1, np.int64)
        # Which end comes first is decided by the addresses wherever they differ: without ports it stays so.
        plain = np.concatenate(
            [gone["words"][:, :-1], pack(none, none, none, parts["is_6"] == 1)[:, None]], axis=1
        )
        every = np.concatenate([self.words, plain])
        began = np.concatenate([self.first_ns, gone["first_ns"]])
        side = np.concatenate([self.first_side, gone["first_side"]])
        group, first = group_rows(every)
        count = len(first)
        self.words = every[first]
        self.packets = sums(group, np.concatenate([self.packets, gone["packets"]]), count)
        self.bytes = sums(group, np.concatenate([self.bytes, gone["bytes"]]), count)
        self.first_ns = each(np.minimum, group, began, count)
        self.last_ns = each(np.maximum, group, np.concatenate([self.last_ns, gone["last_ns"]]), count)
        self.first_side = np.zeros(count, np.int64)
        earliest = np.flatnonzero(began == self.first_ns[group])[::-1]
        self.first_side[group[earliest]] = side[earliest]
        self._drop_lightest()

    def add_remainder(self, packets: Mapping[str, NDArray[Any]], packed: NDArray[np.uint64]) -> None:
        """Count packets that found no room at all; `packed`: the last word of their keys."""
        parts, lengths = unpack(packed), packets["length"].astype(np.int64)
        np.add.at(self.remainder[:, _PACKETS], parts["is_6"], 1)
        np.add.at(self.remainder[:, _BYTES], parts["is_6"], lengths)
        for protocol, totals in self._transport.items():
            mine = (parts["protocol"] == protocol) & (parts["low_port"] >= 0)
            totals[1:] += (int(mine.sum()), int(lengths[mine].sum()))

    def _count_transport(self, parts: Mapping[str, NDArray[Any]], gone: Mapping[str, NDArray[Any]]) -> None:
        for protocol, totals in self._transport.items():
            mine = (parts["protocol"] == protocol) & (parts["low_port"] >= 0)
            totals[:] += (int(mine.sum()), int(gone["packets"][mine].sum()), int(gone["bytes"][mine].sum()))

    def _drop_lightest(self) -> None:
        if len(self.words) <= self._capacity:
            return
        octets = self.bytes.sum(axis=1)
        order = np.argsort(octets, kind="stable")
        gone, kept = order[: -self._capacity], np.sort(order[-self._capacity :])
        is_6 = unpack(self.words[gone, -1])["is_6"]
        np.add.at(self.remainder[:, _PACKETS], is_6, self.packets[gone].sum(axis=1))
        np.add.at(self.remainder[:, _BYTES], is_6, octets[gone])
        for name in ("words", "packets", "bytes", "first_ns", "last_ns", "first_side"):
            setattr(self, name, getattr(self, name)[kept])
