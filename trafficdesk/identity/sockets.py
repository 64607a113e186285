"""The system's table of sockets: who has which conversation. What was seen some seconds ago is still known.

Our own network namespace only: of a container's or another namespace's sockets the system's table says nothing.
"""

from __future__ import annotations

import logging
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.identity.conversations import end_hashes
from trafficdesk.packets.address import IPV4_PREFIX, halves, pack_address
from trafficdesk.packets.identities import Certainty, Program
from trafficdesk.packets.key_table import mix
from trafficdesk.packets.protocol import IpProtocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from trafficdesk.packets.identities import Interned

_log = logging.getLogger(__name__)

KEPT_S: Final = 30.0
"""How long a socket is remembered after it was gone: packets may wait that long to be decoded."""
MAX_KEPT: Final = 65_536
_ANY: Final = (bytes(16), IPV4_PREFIX + bytes(4))
_OWNERLESS: Final = frozenset(
    {"TIME_WAIT", "CLOSE", "LAST_ACK", "CLOSING", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2"}
)
"""States in which the system itself keeps a connection that its program has closed, or not accepted yet."""


@dataclass(frozen=True, slots=True)
class OpenSocket:
    """One socket at one moment."""

    protocol: IpProtocol
    local: bytes
    """16 bytes; all zero or mapped 0.0.0.0 = every address."""
    local_port: int
    remote: bytes
    """16 bytes; empty = not connected."""
    remote_port: int
    program: str
    """Name of the executable; empty where it may not be known."""
    pid: int
    """0 = may not be known."""


class ProcessNames:
    """Names of processes, asked once for as long as they have sockets."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def keep_only(self, pids: set[int]) -> None:
        """Forget processes that have no sockets any more: their numbers are given again."""
        self._names = {pid: name for pid, name in self._names.items() if pid in pids}

    def name(self, pid: int) -> str:
        """Name of the executable; empty where the process has gone."""
        known = self._names.get(pid)
        if known is None:
            import psutil

            try:
                known = str(psutil.Process(pid).name())
            except psutil.Error:
                known = ""
            self._names[pid] = known
        return known


def open_sockets(names: ProcessNames) -> list[OpenSocket]:
    """TCP and UDP sockets of this network namespace now. A socket whose owner is not told has pid 0.

    Connections that belong to no program any more are left out. Where the system lets nobody but root ask (macOS),
    those of the person's own programs.
    """
    import psutil

    try:
        found = psutil.net_connections("inet")
    except psutil.AccessDenied:
        found = _own_sockets()
    names.keep_only({entry.pid for entry in found if entry.pid})
    may_know_all = hasattr(os, "geteuid") and os.geteuid() == 0
    sockets = []
    for entry in found:
        if not entry.laddr or (not entry.pid and (may_know_all or entry.status in _OWNERLESS)):
            continue
        name = names.name(entry.pid) if entry.pid else ""
        if entry.pid and not name:
            continue
        protocol = IpProtocol.TCP if entry.type == socket.SOCK_STREAM else IpProtocol.UDP
        local, local_port = _place(entry.laddr)
        remote, remote_port = _place(entry.raddr) if entry.raddr else (b"", 0)
        sockets.append(OpenSocket(protocol, local, local_port, remote, remote_port, name, entry.pid or 0))
    return sockets


def own_addresses() -> NDArray[np.void]:
    """(addresses,) V16 of this computer's interfaces."""
    import psutil

    families = (socket.AF_INET, socket.AF_INET6)
    texts = {
        entry.address.partition("%")[0]
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in families
    }
    packed = []
    for text in sorted(texts):
        try:
            packed.append(pack_address(text))
        except ValueError:
            _log.debug("an interface's address can't be read: %r", text)
    return np.frombuffer(b"".join(packed), "V16")


def _own_sockets() -> list[Any]:
    import psutil

    found: list[Any] = []
    for process in psutil.process_iter():
        try:
            found += [_WithPid(entry, process.pid) for entry in process.net_connections("inet")]
        except psutil.Error:
            continue
    return found


class _WithPid:
    """A process' own entry looks like one of the whole table's."""

    def __init__(self, entry: Any, pid: int) -> None:
        self.type, self.laddr, self.raddr, self.status = entry.type, entry.laddr, entry.raddr, entry.status
        self.pid = pid


def _place(address: Any) -> tuple[bytes, int]:
    return pack_address(address.ip.partition("%")[0]), int(address.port)


class SocketHistory:
    """Programs by conversation, by local end and by local port, of the newest table and those shortly before.

    Parameters
    ----------
    programs : numbers them.
    """

    def __init__(self, programs: Interned[Program]) -> None:
        self._programs = programs
        self._exact = _Remembered()
        self._ends = _Remembered()
        self._ports = _Remembered()

    def __len__(self) -> int:
        return len(self._exact)

    def add(self, sockets: Iterable[OpenSocket], now_s: float) -> None:
        """Take the table of `now_s`, a monotonic time."""
        entries = list(sockets)
        local = _hashes(entries, [(one.local, one.local_port) for one in entries])
        connected = [index for index, one in enumerate(entries) if one.remote]
        far = _hashes(
            [entries[index] for index in connected],
            [(entries[index].remote, entries[index].remote_port) for index in connected],
        )
        near = local[connected]
        keys = mix(np.maximum(near, far), np.minimum(near, far))
        exact = {
            key: self._number(entries[index], Certainty.SEEN)
            for key, index in zip(keys.tolist(), connected, strict=True)
        }
        ends: dict[int, int] = {}
        ports: dict[int, int] = {}
        for one, end in zip(entries, local.tolist(), strict=True):
            number = self._number(one, Certainty.GUESSED)
            if one.local in _ANY:
                _add_unless_disputed(ports, port_key(one.protocol, one.local_port), number)
            elif not one.remote:
                _add_unless_disputed(ends, end, number)
        for remembered, found in ((self._exact, exact), (self._ends, ends), (self._ports, ports)):
            remembered.update(found, now_s)

    def look_up(
        self, keys: NDArray[np.uint64], ends: NDArray[np.uint64], ports: NDArray[np.int64]
    ) -> NDArray[np.uint16]:
        """(conversations,) number of each one's program, 0 = not known: of the very socket, else of the local port."""
        found = self._exact.look_up(keys)
        for remembered, wanted in ((self._ends, ends), (self._ports, ports.astype(np.uint64))):
            missing = np.flatnonzero(found == 0)
            if len(missing):
                found[missing] = remembered.look_up(wanted[missing])
        return found

    def _number(self, one: OpenSocket, certainty: Certainty) -> int:
        if not one.pid:
            return self._programs.number(Program(certainty=Certainty.NOT_PERMITTED))
        number = self._programs.number(Program(one.program, one.pid, certainty))
        return number or self._programs.number(Program(one.program, 0, certainty))


def port_key(protocol: int, port: int) -> int:
    """Transport and local port as one number."""
    return (int(protocol) << 16) | port


def _add_unless_disputed(found: dict[int, int], key: int, number: int) -> None:
    # Several programs may share a port (mDNS'): then the port says nothing.
    found[key] = number if found.get(key, number) == number else 0


def _hashes(sockets: list[OpenSocket], places: list[tuple[bytes, int]]) -> NDArray[np.uint64]:
    packed = np.frombuffer(b"".join(address for address, _ in places), "V16")
    ports = np.array([port for _, port in places], np.int64)
    return end_hashes(halves(packed), ports, np.array([one.protocol for one in sockets], np.int64))


class _Remembered:
    """Program number by 64-bit key, for `KEPT_S` after it was last told; looked up many at once."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[int, float]] = {}
        self._keys = np.empty(0, np.uint64)
        self._numbers = np.empty(0, np.uint16)

    def __len__(self) -> int:
        return len(self._keys)

    def update(self, found: dict[int, int], now_s: float) -> None:
        """Take what was found at `now_s`; the oldest give way."""
        kept = {
            key: value for key, value in self._told.items() if now_s - value[1] <= KEPT_S and key not in found
        }
        kept.update((key, (number, now_s)) for key, number in found.items())
        if len(kept) > MAX_KEPT:
            kept = dict(list(kept.items())[-MAX_KEPT:])
        self._told = kept
        keys = np.fromiter(kept, np.uint64, len(kept))
        order = np.argsort(keys)
        self._numbers = np.fromiter((number for number, _ in kept.values()), np.uint16, len(kept))[order]
        self._keys = keys[order]

    def look_up(self, keys: NDArray[np.uint64]) -> NDArray[np.uint16]:
        """(keys,) number of each, 0 = none."""
        if not len(self._keys):
            return np.zeros(len(keys), np.uint16)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[at] == keys, self._numbers[at], np.uint16(0))
