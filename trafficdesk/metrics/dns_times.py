"""`DnsTimes`: how long each DNS server took to answer, and what it left unanswered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.metrics.waiting import PATIENCE_NS, Waiting, client_keys
from trafficdesk.packets.key_table import KeyTable
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

_BITS: Final = 13
"""4,096 servers."""
_KEPT: Final = 262_144
"""Delays kept: beyond, a uniform sample of all (Vitter 1985, algorithm R)."""
_YOUNG: Final = 32_768
_RESPONSE: Final = np.uint16(0x8000)


class DnsTimes:
    """By address of the server."""

    def __init__(self) -> None:
        self._waiting = Waiting()
        self._servers = KeyTable(_BITS)
        room = self._servers.capacity
        self._asked = np.zeros(room, np.int64)
        self._answered = np.zeros(room, np.int64)
        self._repeated = np.zeros(room, np.int64)
        self._young = np.empty((3, 0), np.int64)
        """(server | when | key, requests) made so lately that they may wait still."""
        self._server = np.empty(0, np.int32)
        self._delay_ns = np.empty(0, np.int64)
        self._seen = 0
        self._random = np.random.default_rng(0)

    def add(self, batch: PacketBatch) -> None:
        """Match the queries and responses of a batch."""
        rows = np.flatnonzero(batch["protocol"] == Protocol.DNS)
        if not len(rows):
            return
        is_response = (batch["application_code"][rows] & _RESPONSE) != 0
        key = client_keys(batch, rows, batch["application_id"][rows].astype(np.uint64), is_response)
        matched = self._waiting.match(key, batch["timestamp_ns"][rows], is_response)
        server = self._numbers(batch, rows, is_response)
        for counts, which in (
            (self._asked, matched.asked),
            (self._answered, matched.answered),
            (self._repeated, matched.repeated),
        ):
            known = server[which]
            np.add.at(counts, known[known >= 0], 1)
        at_ns = batch["timestamp_ns"][rows]
        asked = np.stack([server, at_ns, key.view(np.int64)])[:, matched.asked]
        recent = np.concatenate([self._young, asked], axis=1)
        self._young = recent[:, recent[1] > int(at_ns.max()) - PATIENCE_NS][:, -_YOUNG:]
        mine = server[matched.answered] >= 0
        self._keep(server[matched.answered][mine], matched.delays_ns[mine])

    def columns(self, now_ns: int) -> dict[str, NDArray[np.generic]]:
        """Copies, by server: `words` (servers, 2), `asked`, `answered`, `repeated`, `waiting`; by delay: `server`, `delay_ns`.

        `waiting`: asked less than `PATIENCE_NS` before `now_ns` and not answered yet.
        """
        count = len(self._servers)
        server, at_ns, key = self._young
        young = (at_ns > now_ns - PATIENCE_NS) & (server >= 0) & self._waiting.still(key.view(np.uint64))
        words = np.stack(self._servers.keys(np.arange(count)), axis=1)
        return {
            "words": words,
            "asked": self._asked[:count].copy(),
            "answered": self._answered[:count].copy(),
            "repeated": self._repeated[:count].copy(),
            "waiting": np.bincount(server[young], minlength=count),
            "server": self._server.copy(),
            "delay_ns": self._delay_ns.copy(),
        }

    def _numbers(
        self, batch: PacketBatch, rows: NDArray[np.int64], is_response: NDArray[np.bool_]
    ) -> NDArray[np.int32]:
        ends = [
            np.ascontiguousarray(batch[name][rows]).view(np.uint64).reshape(-1, 2)
            for name in ("source", "destination")
        ]
        server = np.where(is_response[:, None], ends[0], ends[1])
        return self._servers.numbers(np.ascontiguousarray(server[:, 0]), np.ascontiguousarray(server[:, 1]))

    def _keep(self, server: NDArray[np.int32], delay_ns: NDArray[np.int64]) -> None:
        free = _KEPT - len(self._server)
        self._server = np.concatenate([self._server, server[:free]])
        self._delay_ns = np.concatenate([self._delay_ns, delay_ns[:free]])
        rest = len(server) - min(free, len(server))
        if rest:
            place = self._random.integers(0, self._seen + free + 1 + np.arange(rest))
            kept = np.flatnonzero(place < _KEPT)
            self._server[place[kept]] = server[free:][kept]
            self._delay_ns[place[kept]] = delay_ns[free:][kept]
        self._seen += len(server)
