"""Packet sockets that a helper opened for us: lent out, cleaned when they come back, lent out again.

Measured 2026-11 (Linux 6.18): of a used socket the ring, the filter, memberships and pending errors can be taken off,
but not the binding: `bind` reads protocol 0 as "the one from before". So a socket that rests is bound to a protocol
that no frame has, behind a filter that drops all.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from trafficdesk.capture.bpf import Instruction

if TYPE_CHECKING:
    from collections.abc import Iterable

_log = logging.getLogger(__name__)

_SOL_PACKET: Final = 263
_ADD_MEMBERSHIP, _DROP_MEMBERSHIP, _RX_RING, _STATISTICS = 1, 2, 5, 6
_DETACH_FILTER: Final = 27
"""SO_DETACH_FILTER."""
_NO_RING: Final = bytes(28)
"""struct tpacket_req3 that asks for no block."""
_NO_FRAMES: Final = 0xFFFF
"""An EtherType that is reserved (RFC 1701 section 2) and below which nothing is sent."""
_DROP_ALL: Final = (Instruction(0x06, 0, 0, 0),)
"""BPF: keep 0 bytes."""


class Resting(NamedTuple):
    """How many sockets rest in the pool."""

    raw: int
    cooked: int


class SocketPool:
    """Sockets by kind (SOCK_RAW, SOCK_DGRAM); safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._resting: dict[int, list[int]] = {socket.SOCK_RAW: [], socket.SOCK_DGRAM: []}

    @property
    def ready(self) -> bool:
        """Whether a capture can be opened: each kind may be needed for it."""
        return all(self.resting)

    @property
    def resting(self) -> Resting:
        """How many can be taken."""
        with self._lock:
            return Resting(len(self._resting[socket.SOCK_RAW]), len(self._resting[socket.SOCK_DGRAM]))

    def fill(self, sockets: Iterable[socket.socket]) -> None:
        """Own these sockets from now on; they must be packet sockets that nobody else reads."""
        with self._lock:
            for each in sockets:
                self._resting[each.type].append(each.detach())

    def take(self, kind: int) -> socket.socket | None:
        """A socket that receives nothing before it is bound and comes back when it is closed; None = none rests."""
        with self._lock:
            if not self._resting[kind]:
                return None
            number = self._resting[kind].pop()
        lent = LentSocket(socket.AF_PACKET, kind, 0, number)
        lent.pool = self
        with contextlib.suppress(FileNotFoundError):  # a new one has no filter
            lent.setsockopt(socket.SOL_SOCKET, _DETACH_FILTER, 0)
        return lent

    def empty(self) -> None:
        """Close what rests here."""
        with self._lock:
            numbers = [number for resting in self._resting.values() for number in resting]
            for resting in self._resting.values():
                resting.clear()
        for number in numbers:
            socket.close(number)


class LentSocket(socket.socket):
    """A packet socket whose `close` cleans it and gives it back to its pool."""

    pool: SocketPool | None = None

    def __init__(self, family: int, kind: int, protocol: int, number: int) -> None:
        super().__init__(family, kind, protocol, number)
        self._memberships: list[bytes] = []

    def setsockopt(self, level: int, option: int, value: Any, length: int | None = None) -> None:
        """As of any socket; remembers memberships, which end with the capture."""
        if length is None:
            super().setsockopt(level, option, value)
        else:
            super().setsockopt(level, option, value, length)
        if (level, option) == (_SOL_PACKET, _ADD_MEMBERSHIP):
            self._memberships.append(bytes(value))

    def close(self) -> None:
        """Give it back; where it can't be cleaned, close it for good. Its ring must not be mapped any more."""
        if self.fileno() < 0:
            return
        pool, self.pool = self.pool, None
        if pool is not None:
            try:
                self._clean()
            except OSError as error:
                _log.warning("a packet socket can't be used again and is closed: %s", error)
            else:
                pool.fill([self])
                return
        super().close()

    def _clean(self) -> None:
        from trafficdesk.capture.packet_socket import attach, bind

        attach(self, _DROP_ALL)
        bind(self, 0, _NO_FRAMES)
        for membership in self._memberships:
            with contextlib.suppress(OSError):  # it went with its interface
                super().setsockopt(_SOL_PACKET, _DROP_MEMBERSHIP, membership)
        # Without blocks the ring is freed, and frames that still waited go with it.
        super().setsockopt(_SOL_PACKET, _RX_RING, _NO_RING)
        self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self.getsockopt(_SOL_PACKET, _STATISTICS, struct.calcsize("=III"))


POOL: Final = SocketPool()
"""This process's. The right to capture belongs to a process, so this is the one object of that scope."""
