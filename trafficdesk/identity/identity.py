"""`Identity`: for every row the local program and the peer's name, by conversation.

Batches pass through `identify` in the capture thread; sockets and reverse names arrive from threads of their own; what
became known too late for rows already delivered is fetched with `take_changes`. One lock, held for a fraction of a
millisecond.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.identity.conversations import Conversations, ends_of
from trafficdesk.identity.ends import clients_and_peers, fill_begun
from trafficdesk.identity.names import Evidence, Names
from trafficdesk.identity.sockets import SocketHistory
from trafficdesk.packets.address import halves, is_local, unique_addresses
from trafficdesk.packets.identities import Certainty, NameSource, RowIdentity
from trafficdesk.packets.protocol import IpProtocol, Protocol, TcpFlag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from trafficdesk.identity.reverse import ReverseLookup
    from trafficdesk.identity.sockets import OpenSocket
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.identities import Host, Identities

_SECOND_NS: Final = 1_000_000_000
RECENT_NS: Final = 10 * _SECOND_NS
"""How long after its last packet more may become known of a conversation."""
_IDLE_NS: Final = 60 * _SECOND_NS
"""A datagram's ports that were silent for so long may belong to another program now."""
_TRIES: Final = 5
"""Tables of sockets in which a conversation is looked for."""
_SERVER_NAMED: Final = (Protocol.TLS, Protocol.DTLS, Protocol.QUIC)
_REVERSED_AT_ONCE: Final = 64
"""Addresses handed to reverse lookup per batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Conversations of which more is known than when their newest rows were delivered."""

    version: int
    """Batches of a smaller version do not have it yet."""
    conversation: NDArray[np.int64]
    """(changed,) ascending numbers."""
    program: NDArray[np.uint16]
    host: NDArray[np.uint32]


class Identity:
    """Programs and names of one capture.

    Parameters
    ----------
    identities : the tables its numbers are from, those of the log that gets the rows.
    """

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self._programs, hosts = identities.programs, identities.hosts
        self._conversations = Conversations()
        self._names = Names(hosts)
        self._history = SocketHistory(self._programs)
        self._own: NDArray[np.void] = np.empty(0, "V16")
        self._lock = threading.Lock()
        self._changed: set[int] = set()
        self._version = 0
        self._newest_ns = 0
        self._searching = False
        self.reverse: ReverseLookup | None = None
        """Asks the resolver for names nobody told; None = it is not asked."""

    @property
    def searching(self) -> bool:
        """Whether there are conversations of this computer whose program is not known for sure."""
        return self._searching

    def set_own(self, own: NDArray[np.void]) -> None:
        """These are this computer's addresses, V16: what is captured is its traffic, its sockets may be asked for."""
        with self._lock:
            self._own = self._identities.own = own

    def identify(self, batch: PacketBatch) -> PacketBatch:
        """`batch` with its rows' program and host, as far as they are known now."""
        if not len(batch):
            return batch
        ends = ends_of(batch)
        with self._lock:
            self._newest_ns = int(batch["timestamp_ns"].max())
            places, first = self._conversations.places(ends)
            again = self._begun_again(batch, places, first)
            rows = np.sort(np.concatenate([first, again])) if len(again) else first
            begun = places[rows]
            state = self._conversations.state
            if len(rows):
                state.clear(places[again])
                fill_begun(state, begun, batch, rows, ends, own=self._own)
                if len(self._own):
                    self._find_programs(begun, late=False)
            known = slice(None) if ends.known.all() else ends.known & (places >= 0)
            state.seen_ns[places[known]] = batch["timestamp_ns"][known]
            self._name(batch, places, rows)
            identity = self._identity_of(places)
        return replace(batch, identity=identity, names=None)

    def learn_sockets(self, sockets: Iterable[OpenSocket], own: NDArray[np.void], now_s: float) -> bool:
        """Take the system's table of sockets; True = some conversations' programs are still to be found."""
        with self._lock:
            self._own = self._identities.own = own
            self._history.add(sockets, now_s)
            self._searching = False
            self._find_programs(self._recent(self._conversations.state.local), late=True)
            return self._searching

    def learn_name(self, address: bytes, name: str) -> None:
        """Take an address' name from reverse DNS."""
        with self._lock:
            self._names.learn(b"", address, name, NameSource.REVERSE_DNS)
            self._name_later(self._nameless_among(np.frombuffer(address, "V16")))

    def host_of(self, address: bytes) -> int:
        """Number of the name an address is known by now, whoever asks; 0 = none."""
        with self._lock:
            return self._names.best(address)

    def take_names(self) -> list[tuple[bytes, Host]]:
        """What was learned of addresses' names since the last call; from any thread."""
        with self._lock:
            return self._names.take_news()

    def take_changes(self) -> Changes | None:
        """What became known of conversations since the last call; None where nothing did."""
        if not self._changed:
            return None
        with self._lock:
            first = self._conversations.first
            numbers = np.array(sorted(number for number in self._changed if number >= first), np.int64)
            self._changed.clear()
            state, places = self._conversations.state, numbers - first
            return Changes(self._version, numbers, state.program[places], state.host[places])

    def _recent(self, among: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Places of the conversations `among` these that had a packet not long ago."""
        return np.flatnonzero(
            among & (self._conversations.state.seen_ns > max(self._newest_ns - RECENT_NS, 0))
        )

    def _identity_of(self, places: NDArray[np.int64]) -> RowIdentity:
        state = self._conversations.state
        # A place of -1 reads the last one, which is overwritten.
        conversation = places + self._conversations.first
        program, host = state.program[places], state.host[places]
        none = places < 0
        if none.any():
            conversation[none], program[none], host[none] = -1, 0, 0
        return RowIdentity(conversation, program, host, self._version)

    def _begun_again(
        self, batch: PacketBatch, places: NDArray[np.int64], first: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """(rows,) that begin a conversation whose ports were used before: a SYN, or a datagram after a long silence."""
        flags = batch["tcp_flags"] & (TcpFlag.SYN | TcpFlag.ACK)
        opening = np.flatnonzero((flags == TcpFlag.SYN) & (places >= 0))
        datagrams = np.flatnonzero((batch["ip_protocol"] == IpProtocol.UDP) & (places >= 0))
        seen = self._conversations.state.seen_ns[places[datagrams]]
        idle = (seen > 0) & (batch["timestamp_ns"][datagrams] - seen > _IDLE_NS)
        rows = np.sort(np.concatenate([opening, datagrams[idle]]))
        if not len(rows):
            return rows
        rows = rows[~np.isin(places[rows], places[first])]
        _, chosen = np.unique(places[rows], return_index=True)
        return rows[chosen]

    def _name(self, batch: PacketBatch, places: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        """Name conversations after what their client was told before they began (at `rows`), else after what follows."""
        if batch.names is not None or len(self._names):
            self._walk(batch, places, rows)
        self._name_by_server(batch, places, rows)
        if batch.names is not None:
            self._name_later(self._nameless_among(batch.names.addresses))
        reverse = self.reverse
        if reverse is not None:
            self._ask_reverse(reverse, places[rows])

    def _walk(self, batch: PacketBatch, places: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        """Evidence and new conversations in the order of their packets: an address may change its name in between."""
        state = self._conversations.state
        begun = places[rows]
        clients, peers = clients_and_peers(state, begun, self._own)
        evidence = Evidence(batch.names)
        found: list[int] = []
        known: dict[bytes, int] = {}
        for at, packet_id in zip(range(0, 16 * len(rows), 16), (rows + batch.first_id).tolist(), strict=True):
            if evidence.due(packet_id):
                evidence.teach(self._names, packet_id)
                known.clear()
            client, peer = clients[at : at + 16], peers[at : at + 16]
            number = known.get(client + peer)
            if number is None:
                number = known[client + peer] = self._names.host_of(client, peer)
            found.append(number)
        evidence.teach(self._names)
        state.host[begun] = found
        state.rank[begun] = self._names.ranks(found)

    def _name_by_server(self, batch: PacketBatch, places: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        """The name a client asks a server for is the conversation's own, whatever the address is called elsewhere."""
        state = self._conversations.state
        told = np.flatnonzero(batch["text_length"] > 0)
        told = told[np.isin(batch["protocol"][told], _SERVER_NAMED) & (places[told] >= 0)]
        if not len(told):
            return
        _, one, inverse = np.unique(batch["name_hash"][told], return_index=True, return_inverse=True)
        numbers = np.array([self._server(batch.text_of(int(row))) for row in told[one]], np.uint32)[inverse]
        here = places[told]
        self._note_servers(here, numbers)
        other = (state.host[here] != numbers) & (numbers > 0)
        state.host[here[other]] = numbers[other]
        state.rank[here[other]] = NameSource.TLS
        self._note(np.setdiff1d(here[other], places[rows]))

    def _note_servers(self, places: NDArray[np.int64], numbers: NDArray[np.uint32]) -> None:
        distinct, one = np.unique(places, return_index=True)
        _, peers = clients_and_peers(self._conversations.state, distinct, self._own)
        for index, number in enumerate(numbers[one].tolist()):
            if number:
                self._names.note_server(peers[16 * index : 16 * index + 16], number)

    def _server(self, raw: bytes) -> int:
        """Number of a server's name; 0 for an address in its place, which RFC 6066 section 3 forbids."""
        text = raw.decode("utf-8", "backslashreplace").lower()
        is_address = ":" in text or not text.strip("0123456789.")
        return 0 if is_address else self._names.number(text, NameSource.TLS)

    def _nameless_among(self, addresses: NDArray[np.void]) -> NDArray[np.int64]:
        """Recent conversations without a name, or with a weak one, one end of which may be of these `addresses`."""
        state = self._conversations.state
        recent = self._recent(state.rank <= NameSource.REVERSE_DNS)
        low = halves(addresses)[:, 1]
        return recent[np.isin(state.source[recent, 1], low) | np.isin(state.destination[recent, 1], low)]

    def _name_later(self, places: NDArray[np.int64]) -> None:
        state = self._conversations.state
        clients, peers = clients_and_peers(state, places, self._own)
        for index, place in enumerate(places.tolist()):
            both = slice(16 * index, 16 * index + 16)
            number = self._names.host_of(clients[both], peers[both])
            if number and number != state.host[place]:
                state.host[place], state.rank[place] = number, self._names.ranks([number])[0]
                self._note(np.array([place]))

    def _ask_reverse(self, reverse: ReverseLookup, begun: NDArray[np.int64]) -> None:
        state = self._conversations.state
        nameless = np.frombuffer(clients_and_peers(state, begun[state.host[begun] == 0], self._own)[1], "V16")
        outside = nameless[~is_local(nameless)]
        for address in unique_addresses(outside)[0][:_REVERSED_AT_ONCE] if len(outside) else ():
            reverse.ask(address.tobytes())

    def _find_programs(self, places: NDArray[np.int64], *, late: bool) -> None:
        """Look for the programs of conversations."""
        state = self._conversations.state
        mine = places[state.local[places] & (state.tries[places] < _TRIES)]
        if not len(mine):
            return
        found = self._history.look_up(
            self._conversations.keys(mine), state.local_end[mine], state.local_port[mine]
        )
        distinct, inverse = np.unique(found, return_inverse=True)
        sure = np.array([self._programs[number].certainty is Certainty.SEEN for number in distinct.tolist()])
        before = state.program[mine]
        better = (found > 0) & (found != before) & ((before == 0) | sure[inverse])
        state.program[mine[better]] = found[better]
        state.tries[mine] = np.where(sure[inverse], _TRIES, state.tries[mine] + late)
        if late:
            self._note(mine[better])
        self._searching |= bool((state.tries[mine] < _TRIES).any())

    def _note(self, places: NDArray[np.int64]) -> None:
        """Rows of these conversations that were delivered already lack what is known now."""
        if len(places):
            self._changed.update((places + self._conversations.first).tolist())
            self._version += 1
