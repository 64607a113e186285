"""`SuppressionRule`: what a person does not want to be told of, said in words of the trade rather than by example.

A rule looks at flagged rows only, so what it silences is known and counted. Parts that are empty hold for everything;
a rule whose parts are all empty holds for nothing.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate
from re import compile as compiled
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from trafficdesk.detect.families import FAMILY_INDEX
from trafficdesk.errors import SettingsError
from trafficdesk.features import FEATURES
from trafficdesk.packets.address import IPV4_PREFIX, halves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.identities import Identities
    from trafficdesk.packets.log import PacketLog

LONGEST_NOTE: Final = 500
_LONGEST_PART: Final = 255


class Direction(StrEnum):
    """Which way packets go."""

    BOTH = "both"
    TO_PEER = "to the peer"
    FROM_PEER = "from the peer"


@dataclass(frozen=True, slots=True)
class SuppressionRule:
    """One rule; what it needs to hold is the conjunction of its parts."""

    number: int
    """1-based, unique among a person's corrections, never given twice."""
    program: str = ""
    """Name of the local program, without regard to case."""
    peer: str = ""
    """Either end: a name ("*.example.com"), an address, or a network ("10.0.0.0/8")."""
    port: int = 0
    """Either end's port; 0 = every."""
    direction: Direction = Direction.BOTH
    """As seen from the peer; without meaning where there is none."""
    family: str = ""
    """Name in `detect.families`."""
    reason: str = ""
    """Behaviour among the row's reasons, see `behaviour_of`."""
    note: str = ""
    noted_ns: int = 0
    expires_ns: int = 0
    """When it ends to hold, ns since the Unix epoch; 0 = never."""
    on: bool = True

    @property
    def empty(self) -> bool:
        """Whether no part says anything."""
        return not (self.program or self.peer or self.port or self.family or self.reason)

    def expired(self, now_ns: int) -> bool:
        """Whether it holds no more."""
        return 0 < self.expires_ns <= now_ns

    @property
    def words(self) -> str:
        """What it holds for, in a line."""
        parts = [
            self.family,
            f"of {self.program}" if self.program else "",
            f"{_DIRECTIONS[self.direction]} {self.peer}" if self.peer else "",
            f"port {self.port}" if self.port else "",
            f"because of {behaviour_words(self.reason)}" if self.reason else "",
        ]
        return " ".join(filter(None, parts)) or "nothing"

    def checked(self) -> SuppressionRule:
        """The rule itself.

        Raises
        ------
        SettingsError
            If it holds for nothing, or a part can't be understood.
        """
        if self.empty:
            raise SettingsError(
                "This rule would hold for nothing.",
                "Say at least a program, a peer, a port, a family or a reason.",
            )
        if not 0 <= self.port <= 65_535:
            raise SettingsError(f"{self.port} is no port.", "Ports are numbers from 1 to 65535.")
        if self.family and self.family not in FAMILY_INDEX:
            raise SettingsError(f"There is no family {self.family!r}.", "Choose one of the list.")
        if max(map(len, (self.program, self.peer, self.reason))) > _LONGEST_PART:
            raise SettingsError("A part of the rule is too long.", f"{_LONGEST_PART} characters are enough.")
        _PeerTest(self.peer)
        return self


_DIRECTIONS: Final = {
    Direction.BOTH: "with",
    Direction.TO_PEER: "to",
    Direction.FROM_PEER: "from",
}


def behaviour_of(feature: int) -> str:
    """What a reason is called in a rule: twins that differ by window are one."""
    return FEATURES[feature].behaviour or FEATURES[feature].name


def behaviour_words(behaviour: str) -> str:
    """A behaviour as a person reads it."""
    return behaviour.replace("_", " ")


@dataclass(frozen=True, slots=True, eq=False)
class LogColumns:
    """Columns of some rows of a log, gathered when they are asked for: a rule needs few of forty."""

    log: PacketLog
    ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.log.column(name, self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class FlaggedPackets:
    """Flagged rows as rules see them; arrays over (rows,)."""

    columns: LogColumns
    family: NDArray[np.uint8]
    program: NDArray[np.uint16]
    """Index in `Identities.programs`."""
    host: NDArray[np.uint32]
    """Index in `Identities.hosts`: the peer's name."""
    reasons: NDArray[np.int16]
    """(rows, told) features, -1 = none."""
    identities: Identities

    def __len__(self) -> int:
        return len(self.family)


def holds(rule: SuppressionRule, rows: FlaggedPackets) -> NDArray[np.bool_]:
    """(rows,) of which a rule holds; whether it is on or has expired is not asked."""
    held = np.full(len(rows), not rule.empty)
    if rule.family:
        held &= rows.family == FAMILY_INDEX.get(rule.family, 0)
    if rule.reason:
        mine = [index for index in range(len(FEATURES)) if behaviour_of(index) == rule.reason]
        held &= np.isin(rows.reasons, mine).any(axis=1)
    if rule.program and held.any():
        held &= _has_program(rule.program, rows)
    if rule.peer and held.any():
        to_peer, from_peer = _PeerTest(rule.peer).sides(rows)
        if rule.port:
            to_peer &= (rows.columns["destination_port"] == rule.port) | (
                rows.columns["source_port"] == rule.port
            )
            from_peer &= (rows.columns["destination_port"] == rule.port) | (
                rows.columns["source_port"] == rule.port
            )
        match rule.direction:
            case Direction.TO_PEER:
                held &= to_peer
            case Direction.FROM_PEER:
                held &= from_peer
            case _:
                held &= to_peer | from_peer
    elif rule.port:
        held &= (rows.columns["destination_port"] == rule.port) | (rows.columns["source_port"] == rule.port)
    return held


def _has_program(name: str, rows: FlaggedPackets) -> NDArray[np.bool_]:
    wanted = name.casefold()
    numbers = np.unique(rows.program)
    mine = [
        number for number in numbers.tolist() if rows.identities.programs[number].name.casefold() == wanted
    ]
    return np.isin(rows.program, mine)


class _PeerTest:
    """A peer as a person writes it.

    Raises
    ------
    SettingsError
        If it looks like an address or a network but is none.
    """

    def __init__(self, text: str) -> None:
        self._network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
        text = text.strip()
        try:
            self._network = ipaddress.ip_network(text, strict=False) if text else None
        except ValueError:
            if "/" in text or ":" in text or text.replace(".", "").isdigit():
                raise SettingsError(
                    f"{text!r} is neither an address nor a network.",
                    "Write a name (*.example.com), an address (192.0.2.7) or a network (10.0.0.0/8).",
                ) from None
        self._pattern = compiled(translate(text.casefold().rstrip(".")))

    def sides(self, rows: FlaggedPackets) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(rows,) that go to the peer, and that come from it."""
        if self._network is not None:
            return self._inside(rows.columns["destination"]), self._inside(rows.columns["source"])
        from trafficdesk.packets.peers import peers

        far, there = peers(cast("PacketBatch", rows.columns), rows.identities.own)
        named = there & self._named(rows)
        at_destination = (halves(far) == halves(rows.columns["destination"])).all(axis=1)
        return named & at_destination, named & ~at_destination

    def _named(self, rows: FlaggedPackets) -> NDArray[np.bool_]:
        mine = [
            number
            for number in np.unique(rows.host).tolist()
            if (name := rows.identities.hosts[number].name.casefold()) and self._pattern.match(name)
        ]
        return np.isin(rows.host, mine)

    def _inside(self, addresses: NDArray[np.void]) -> NDArray[np.bool_]:
        network = self._network
        assert network is not None
        base = network.network_address.packed
        four = network.version == 4
        packed = IPV4_PREFIX + base if four else base
        bits = network.prefixlen + (96 if four else 0)
        mask = ((1 << bits) - 1) << (128 - bits)
        wanted = int.from_bytes(packed, "big") & mask
        low = (1 << 64) - 1
        pair = halves(addresses)
        inside: NDArray[np.bool_] = (pair[:, 0] & np.uint64(mask >> 64)) == np.uint64(wanted >> 64)
        inside &= (pair[:, 1] & np.uint64(mask & low)) == np.uint64(wanted & low)
        return inside
