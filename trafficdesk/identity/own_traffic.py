"""`OwnTraffic`: the conversations that TrafficDesk itself has, so that what it sends is not taken for somebody's.

Not "whoever speaks to the mail server": a program that mails from this computer is to be seen. Only the very sockets that
we connected, by both their ends, while they were open; and what was asked of the resolver to find them (`own_questions`).
"""

from __future__ import annotations

import socket
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.identity.own_questions import OWN_QUESTIONS
from trafficdesk.packets.address import halves, pack_address
from trafficdesk.packets.protocol import IpProtocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

MOST: Final = 4_096
"""Conversations known; the oldest leave first."""
LINGER_NS: Final = 60_000_000_000
"""A closed connection still says goodbye, and repeats it; Linux keeps its port for so long (TIME_WAIT)."""
_EARLY_NS: Final = 1_000_000_000
"""A capture's clock may be a little behind ours."""
_OPEN: Final = 2**63 - 1
_ANY_LOCAL: Final = b""


@dataclass(frozen=True, slots=True)
class OwnConversation:
    """One TCP connection of ours."""

    local: bytes
    """16 bytes; empty = not known yet: it is being connected."""
    local_port: int
    remote: bytes
    remote_port: int
    begin_ns: int
    end_ns: int = _OPEN
    """Last moment a packet may belong to it, ns since the Unix epoch."""

    @property
    def open(self) -> bool:
        """Whether nobody has said that it is over."""
        return self.end_ns == _OPEN


class OwnTraffic:
    """What this process has connected; may be used by any thread."""

    def __init__(self, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._numbers = 0
        self._known: OrderedDict[int, OwnConversation] = OrderedDict()

    @property
    def conversations(self) -> tuple[OwnConversation, ...]:
        """Those known, oldest first."""
        with self._lock:
            return tuple(self._known.values())

    def connect(
        self, address: tuple[str, int], timeout: float | None
    ) -> tuple[socket.socket, Callable[[], None]]:
        """As `socket.create_connection`; known before the first packet leaves.

        Returns
        -------
        tuple
            The socket, and what to call when it has been closed; it may be called twice.

        Raises
        ------
        OSError
            If nobody answers at any of the name's addresses: what the last one said.
        """
        failure = OSError(f"{address[0]} has no address")
        with OWN_QUESTIONS.asking(address[0]):
            places = socket.getaddrinfo(*address, 0, socket.SOCK_STREAM)
        for family, kind, protocol, _, place in places:
            sock = socket.socket(family, kind, protocol)
            ended = _nothing
            try:
                sock.settimeout(timeout)
                # The port is chosen now, so that even a packet that nobody answers is known to be ours.
                sock.bind(("", 0))
                ended = self._begin(sock, place)
                sock.connect(place)
                self._settle(sock, ended)
            except OSError as error:
                failure = error
                sock.close()
                ended()
            else:
                return sock, ended
        raise failure

    def mine(self, batch: PacketBatch) -> NDArray[np.int64]:
        """Ascending rows of `batch` that belong to our conversations, or ask for the names of our servers."""
        rows, asked = self._conversing(batch), OWN_QUESTIONS.rows(batch)
        return np.union1d(rows, asked) if len(asked) else rows

    def _conversing(self, batch: PacketBatch) -> NDArray[np.int64]:
        rows: NDArray[np.int64] = np.empty(0, np.int64)
        if not self._known or not len(batch):
            return rows
        times = batch["timestamp_ns"]
        first, last = int(times.min()), int(times.max())
        with self._lock:
            near = [one for one in self._known.values() if one.begin_ns <= last and one.end_ns >= first]
        if not near:
            return rows
        ports = np.unique(np.array([one.local_port for one in near], np.int32))
        rows = np.flatnonzero(
            (batch["ip_protocol"] == IpProtocol.TCP)
            & (np.isin(batch["source_port"], ports) | np.isin(batch["destination_port"], ports))
        )
        return rows[_belongs(batch, rows, near)] if len(rows) else rows

    def _begin(self, sock: socket.socket, place: tuple[Any, ...]) -> Callable[[], None]:
        with self._lock:
            self._numbers += 1
            number = self._numbers
            self._known[number] = OwnConversation(
                _ANY_LOCAL,
                sock.getsockname()[1],
                _packed(place[0]),
                place[1],
                self._clock_ns() - _EARLY_NS,
            )
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return _Ending(self, number)

    def _settle(self, sock: socket.socket, ended: Callable[[], None]) -> None:
        """It is connected: its own address is known."""
        assert isinstance(ended, _Ending)
        local = _packed(sock.getsockname()[0])
        with self._lock:
            if (one := self._known.get(ended.number)) is not None:
                self._known[ended.number] = replace(one, local=local)

    def end(self, number: int) -> None:
        """A conversation is over."""
        with self._lock:
            one = self._known.get(number)
            if one is not None and one.open:
                self._known[number] = replace(one, end_ns=self._clock_ns() + LINGER_NS)


@dataclass(frozen=True, slots=True)
class _Ending:
    """What `connect` gives to say that it is over."""

    traffic: OwnTraffic
    number: int

    def __call__(self) -> None:
        self.traffic.end(self.number)


def _nothing() -> None:
    """Nothing has begun."""


def _packed(text: str) -> bytes:
    return pack_address(text.partition("%")[0])


def _belongs(batch: PacketBatch, rows: NDArray[np.int64], known: list[OwnConversation]) -> NDArray[np.bool_]:
    """(rows,) whether each is a packet of one of the conversations, either way."""
    times = batch["timestamp_ns"][rows]
    here, there = halves(batch["source"][rows]), halves(batch["destination"][rows])
    near, far = batch["source_port"][rows], batch["destination_port"][rows]
    out = np.zeros(len(rows), np.bool_)
    for one in known:
        local, remote = _halves(one.local), _halves(one.remote)
        sent = (near == one.local_port) & (far == one.remote_port)
        sent &= _same(there, remote) & _same(here, local)
        received = (far == one.local_port) & (near == one.remote_port)
        received &= _same(here, remote) & _same(there, local)
        out |= (sent | received) & (times >= one.begin_ns) & (times <= one.end_ns)
    return out


def _halves(packed: bytes) -> NDArray[np.uint64] | None:
    return halves(np.frombuffer(packed, "V16"))[0] if packed else None


def _same(pair: NDArray[np.uint64], address: NDArray[np.uint64] | None) -> NDArray[np.bool_]:
    if address is None:
        return np.ones(len(pair), np.bool_)
    same: NDArray[np.bool_] = (pair == address).all(axis=1)
    return same


OWN_TRAFFIC: Final = OwnTraffic()
"""This process's."""
