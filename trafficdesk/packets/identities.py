"""Who is behind a row: the local program and the peer's name, each with where it is known from.

Rows carry small numbers; what they stand for is kept once, in tables that only grow while a capture lasts. Number 0
is always "not known".
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

import numpy as np

from trafficdesk.packets.notes import PacketNotes

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

MAX_PROGRAMS: Final = 60_000
"""What a 16-bit number can tell apart, with some room for those without a process id."""
MAX_HOSTS: Final = 262_144
"""Some 60 MB of names; more distinct ones are a flood, and stay unnamed."""
MAX_THREATS: Final = 60_000
"""What a 16-bit number can tell apart, with some room."""

MAX_LABELS: Final = 60_000


class Certainty(IntEnum):
    """How a program is known."""

    UNKNOWN = 0
    SEEN = 1
    """The very conversation was in the system's table of sockets."""
    GUESSED = 2
    """Only the local port was: an unconnected UDP socket, a listening one."""
    NOT_PERMITTED = 3
    """The socket was there, but it is another user's and its program may not be asked for."""

    @property
    def words(self) -> str:
        """As a person reads it, and as a filter writes it."""
        return _CERTAINTIES[self]


_CERTAINTIES: Final = ("", "seen", "guessed", "not permitted")


class NameSource(IntEnum):
    """Where a name is known from; a greater number is better evidence."""

    NONE = 0
    REVERSE_DNS = 1
    DHCP = 2
    LLMNR = 3
    MDNS = 4
    DNS = 5
    TLS = 6

    @property
    def words(self) -> str:
        """As a person reads it, and as a filter writes it."""
        return _SOURCES[self]


_SOURCES: Final = ("", "reverse DNS", "DHCP", "LLMNR", "mDNS", "DNS answer", "TLS SNI")


@dataclass(frozen=True, slots=True)
class Program:
    """A local program, as it is known for a conversation."""

    name: str = ""
    """Name of its executable; empty where it may not be known."""
    pid: int = 0
    certainty: Certainty = Certainty.UNKNOWN

    @property
    def label(self) -> str:
        """What a cell shows."""
        return self.name or self.certainty.words


@dataclass(frozen=True, slots=True)
class Host:
    """A peer's name; text from the network, printable ASCII or escapes."""

    name: str = ""
    source: NameSource = NameSource.NONE


@dataclass(frozen=True, slots=True)
class Threat:
    """An entry of somebody's list of bad addresses and names, as it was met."""

    list_name: str = ""
    """What the person's file is called; printable."""
    entry: str = ""
    """Address, network or domain; empty where there were too many to tell apart."""
    met: str = ""
    """The address or name of the traffic; empty likewise. Printable, bounded."""
    dated_s: int = 0
    """Of when the list is, seconds since 1970."""


_T = TypeVar("_T", bound="Hashable")


class Interned(Generic[_T]):
    """Values numbered in order of appearance, 0 for the first one given, which stands for "none".

    Parameters
    ----------
    none : the value of number 0.
    capacity : values at most; beyond, new ones are number 0.
    """

    def __init__(self, none: _T, capacity: int) -> None:
        self._values: list[_T] = [none]
        self._numbers: dict[_T, int] = {none: 0}
        self._capacity = capacity
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, number: int) -> _T:
        return self._values[number]

    def since(self, number: int) -> list[_T]:
        """Values from `number` on."""
        return self._values[number:]

    def number(self, value: _T) -> int:
        """The value's number, a new one if there is room; 0 if there is none."""
        known = self._numbers.get(value)
        if known is not None:
            return known
        with self._lock:
            known = self._numbers.get(value)
            if known is None:
                if len(self._values) >= self._capacity:
                    return 0
                known = len(self._values)
                # The value first: whoever sees the number must find it.
                self._values.append(value)
                self._numbers[value] = known
        return known


class Places(Protocol):
    """Where addresses are: `identity.locations.Locations`."""

    def countries(self, addresses: NDArray[np.void]) -> NDArray[np.uint16]:
        """(rows,) number of each address' country in `codes`; 0 = not known."""
        ...

    def systems(self, addresses: NDArray[np.void]) -> NDArray[np.int64]:
        """(rows,) number of each address' autonomous system; 0 = not known."""
        ...

    @property
    def codes(self) -> Interned[str]:
        """ISO 3166-1 codes of the countries met so far."""
        ...

    def country(self, packed: bytes) -> str:
        """Code of one address' country; empty where it is not known."""
        ...

    def system(self, packed: bytes) -> tuple[int, str]:
        """Number and name of one address' autonomous system; (0, "") where it is not known."""
        ...


class ThreatMatching(Protocol):
    """Which rows have to do with what a list has: `threats.Matching`; from any thread."""

    def numbers(
        self, batch: PacketBatch, hosts: NDArray[np.uint32], identities: Identities
    ) -> NDArray[np.uint16]:
        """(rows,) number of each row's hit in `identities.threats`; 0 = none."""
        ...

    def of_hosts(self, hosts: NDArray[np.uint32], identities: Identities) -> NDArray[np.uint16]:
        """(rows,) the same of peers' names alone."""
        ...

    def of_addresses(self, addresses: NDArray[np.void], identities: Identities) -> NDArray[np.uint16]:
        """(rows,) the same of addresses alone."""
        ...


class Identities:
    """What the numbers of a capture's rows stand for; lives as long as its log."""

    def __init__(self) -> None:
        self.locations: Places | None = None
        """None: no database is set."""
        self.matching: ThreatMatching | None = None
        """None: there are no threat lists."""
        self.restart()

    def restart(self) -> None:
        """Forget programs and hosts: another capture begins. Who still holds the old tables harms nobody."""
        self.programs: Interned[Program] = Interned(Program(), MAX_PROGRAMS)
        self.hosts: Interned[Host] = Interned(Host(), MAX_HOSTS)
        self.threats: Interned[Threat] = Interned(Threat(), MAX_THREATS)
        self.labels: Interned[str] = Interned("", MAX_LABELS)
        """Names that classifiers know."""
        self.own: NDArray[np.void] = np.empty(0, "V16")
        """This computer's addresses; empty for a file, which does not say whose it is."""
        self.notes = PacketNotes()
        """What is said of packets: texts behind the log's column `mark`."""


@dataclass(frozen=True, slots=True, eq=False)
class RowIdentity:
    """What is known of the rows of a batch; arrays over (rows,)."""

    conversation: NDArray[np.int64]
    """Number of each row's conversation, -1 = none."""
    program: NDArray[np.uint16]
    """Index in `Identities.programs`."""
    host: NDArray[np.uint32]
    """Index in `Identities.hosts`."""
    version: int = 0
    """How many times conversations had been told more of when this was written."""
    threat: NDArray[np.uint16] | None = None
    """Index in `Identities.threats`; None = no lists were there."""

    def slice(self, rows: slice) -> RowIdentity:
        """Some of the rows."""
        threat = self.threat[rows] if self.threat is not None else None
        return RowIdentity(self.conversation[rows], self.program[rows], self.host[rows], self.version, threat)

    def columns(self) -> dict[str, NDArray[Any]]:
        """The log's columns."""
        known: dict[str, NDArray[Any]] = {"program": self.program, "host": self.host}
        return known if self.threat is None else {**known, "threat": self.threat}


@dataclass(frozen=True, slots=True, eq=False)
class NameEvidence:
    """Names that packets tell of addresses, in the order of the packets; all arrays over (names,)."""

    packet_ids: NDArray[np.int64]
    clients: NDArray[np.void]
    """Who was told; a multicast address where everybody was."""
    addresses: NDArray[np.void]
    """Whose name it is."""
    sources: NDArray[np.uint8]
    """`NameSource`."""
    names: tuple[str, ...]
    """Lower case, without the root's dot; not printable until escaped."""

    def __len__(self) -> int:
        return len(self.names)
