"""`Conversations`: every row's conversation as a number, and what is known of each, in bounded tables.

A conversation is two ends (address and port) and a transport, whichever way a packet goes. Its key is made of two
64-bit hashes, one per end, with a seed of this run: two conversations agree with a probability of 2**-128.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.address import halves
from trafficdesk.packets.key_table import KeyTable, mix
from trafficdesk.packets.protocol import EtherType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

BITS: Final = 18
"""131,072 conversations in the present table and as many in the one before."""
_SEED: Final = np.uint64(secrets.randbits(64))


class State:
    """What is known of each conversation; arrays over (capacity,), apart because few of them are read for every row."""

    def __init__(self, capacity: int) -> None:
        self.program: NDArray[np.uint16] = np.zeros(capacity, np.uint16)
        self.host: NDArray[np.uint32] = np.zeros(capacity, np.uint32)
        self.rank: NDArray[np.uint8] = np.zeros(capacity, np.uint8)
        """`NameSource` of the host."""
        self.seen_ns: NDArray[np.int64] = np.zeros(capacity, np.int64)
        """Time of the newest packet."""
        self.tries: NDArray[np.uint8] = np.zeros(capacity, np.uint8)
        """How often the program was looked for; enough when it is known for sure."""
        self.local: NDArray[np.bool_] = np.zeros(capacity, np.bool_)
        """One end is this computer's."""
        self.local_end: NDArray[np.uint64] = np.zeros(capacity, np.uint64)
        """Hash of the local end."""
        self.local_port: NDArray[np.int64] = np.zeros(capacity, np.int64)
        """Transport << 16 | port."""
        self.source: NDArray[np.uint64] = np.zeros((capacity, 2), np.uint64)
        """Halves of the first packet's source; which end is the peer is told when a name comes."""
        self.destination: NDArray[np.uint64] = np.zeros((capacity, 2), np.uint64)
        self.port_step: NDArray[np.int32] = np.zeros(capacity, np.int32)
        """Destination port less source port of the first packet."""

    def clear(self, places: NDArray[np.int64]) -> None:
        """Nothing is known of these."""
        for array in vars(self).values():
            array[places] = 0

    def take(self, places: NDArray[np.int64], other: State, theirs: NDArray[np.integer[Any]]) -> None:
        """Know of `places` what `other` knows of `theirs`."""
        for name, array in vars(self).items():
            array[places] = getattr(other, name)[theirs]


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Both ends of rows, hashed; arrays over (rows,)."""

    source: NDArray[np.uint64]
    destination: NDArray[np.uint64]
    known: NDArray[np.bool_]
    """Whether the row has a conversation: it is IP."""


def end_hashes(
    pair: NDArray[np.uint64], ports: NDArray[np.integer[Any]], protocols: NDArray[np.integer[Any]]
) -> NDArray[np.uint64]:
    """(rows,) hash of one end: address halves (rows, 2), port and transport."""
    place = (protocols.astype(np.uint64) << np.uint64(32)) + ports.astype(np.uint64) + _SEED
    return mix(pair[:, 1], pair[:, 0], place)


def ends_of(batch: PacketBatch) -> Ends:
    """Both ends of every row of `batch`."""
    network = batch["network"]
    protocol = batch["ip_protocol"]
    return Ends(
        end_hashes(halves(batch["source"]), batch["source_port"], protocol),
        end_hashes(halves(batch["destination"]), batch["destination_port"], protocol),
        (network == EtherType.IPV4) | (network == EtherType.IPV6),
    )


class Conversations:
    """Numbers conversations and keeps the `State` of each.

    When the table is full a new one is begun, and those that go on are taken along from the one before: what was not
    seen for a whole table's worth of others is forgotten.
    """

    def __init__(self, bits: int = BITS) -> None:
        self._bits = bits
        self._table = KeyTable(bits)
        self._former: tuple[KeyTable, State] | None = None
        self.state = State(self._table.capacity)
        """Of the present table, by number less `first`."""
        self.first = 0
        """Number of the present table's first conversation: numbers are never used twice."""

    def __len__(self) -> int:
        return len(self._table)

    def keys(self, places: NDArray[np.int64]) -> NDArray[np.uint64]:
        """(places,) one number for both halves of the keys at these places of `state`."""
        return mix(*self._table.keys(places))

    def places(self, ends: Ends) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(rows,) place of each row's conversation in `state`, -1 = none; and the rows that begin one, ascending.

        May begin a new table, so that places of earlier calls mean nothing any more.
        """
        high, low = np.maximum(ends.source, ends.destination), np.minimum(ends.source, ends.destination)
        if len(self._table) + len(high) > self._table.capacity < 2 * len(self._table):
            self._begin_table()
        before = len(self._table)
        if ends.known.all():
            places = self._table.numbers(high, low).astype(np.int64)
        else:
            places = np.full(len(high), -1, np.int64)
            places[ends.known] = self._table.numbers(high[ends.known], low[ends.known])
        rows = np.flatnonzero(places >= before)
        first = np.full(len(self._table) - before, -1, np.int64)
        first[places[rows[::-1]] - before] = rows[::-1]
        first.sort()
        return places, self._without_carried(places, first, high, low)

    def _begin_table(self) -> None:
        worth_it = bool(self.state.host.any() or self.state.program.any())
        self._former = (self._table, self.state) if worth_it else None
        self.first += self._table.capacity
        self._table = KeyTable(self._bits)
        self.state = State(self._table.capacity)

    def _without_carried(
        self,
        places: NDArray[np.int64],
        first: NDArray[np.int64],
        high: NDArray[np.uint64],
        low: NDArray[np.uint64],
    ) -> NDArray[np.int64]:
        """Those of the `first` rows whose conversation the former table did not know; of others it gives its state."""
        if self._former is None or not len(first):
            return first
        table, state = self._former
        known = table.found(high[first], low[first])
        here = known >= 0
        self.state.take(places[first[here]], state, known[here])
        return first[~here]
