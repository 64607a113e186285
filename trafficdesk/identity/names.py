"""`Names`: what addresses are called, by the newest evidence; bounded, the least recently used leave first."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from trafficdesk.packets.identities import Host, NameSource
from trafficdesk.packets.printable import shown

if TYPE_CHECKING:
    from trafficdesk.packets.identities import Interned, NameEvidence

CAPACITY: Final = 100_000
"""Addresses, and as many pairs of a client and an address; some 20 MB each when full."""
LONGEST: Final = 255
"""Characters kept of a name (RFC 1035 section 2.3.4)."""
_TOLD: Final = 10_000
_NEWS: Final = 20_000
"""Names learned between two looks at what is new."""


class _Recent(OrderedDict[bytes, int]):
    """Host number by key, at most `capacity`."""

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self._capacity = capacity

    def put(self, key: bytes, number: int) -> None:
        self[key] = number
        self.move_to_end(key)
        if len(self) > self._capacity:
            self.popitem(last=False)

    def take(self, key: bytes) -> int:
        number = self.get(key, 0)
        if number:
            self.move_to_end(key)
        return number


class Names:
    """Names of addresses, for one client apart where it was told another one.

    Parameters
    ----------
    hosts : numbers the names.
    capacity : addresses kept.
    """

    def __init__(self, hosts: Interned[Host], capacity: int = CAPACITY) -> None:
        self._hosts = hosts
        self._of_address = _Recent(capacity)
        self._of_pair = _Recent(capacity)
        self._of_server = _Recent(capacity)
        """What a client called it when it asked: of that conversation, as one server has many names."""
        self._numbers: dict[tuple[str, int], int] = {}
        """Of names as they were told: the same ones are told again and again."""
        self._news: set[tuple[bytes, int]] = set()

    def __len__(self) -> int:
        return len(self._of_address)

    def number(self, name: str, source: NameSource) -> int:
        """The host's number; 0 where there is no name or no room."""
        number = self._numbers.get((name, int(source)), -1)
        if number < 0:
            number = self._hosts.number(Host(shown(name, LONGEST), source)) if name else 0
            if len(self._numbers) >= _TOLD:
                self._numbers.clear()
            self._numbers[name, int(source)] = number
        return number

    def learn(self, client: bytes, address: bytes, name: str, source: NameSource) -> None:
        """Newest evidence wins; reverse DNS, which the address' owner writes at will, only where there is no other."""
        if source is NameSource.REVERSE_DNS and address in self._of_address:
            return
        number = self.number(name, source)
        if not number:
            return
        self._of_address.put(address, number)
        self._note(address, number)
        if source is NameSource.DNS:
            self._of_pair.put(client + address, number)

    def host_of(self, client: bytes, address: bytes) -> int:
        """Number of the name by which `client` knows `address`; 0 where it has none."""
        return self._of_pair.take(client + address) or self._of_address.take(address)

    def note_server(self, address: bytes, number: int) -> None:
        """A client asked for this host at `address`; the name is used where the address has none of its own."""
        self._of_server.put(address, number)
        self._note(address, number)

    def take_news(self) -> list[tuple[bytes, Host]]:
        """Addresses of which something was learned since the last call, known before or not, and what."""
        news, self._news = self._news, set()
        return [(address, self._hosts[number]) for address, number in news]

    def _note(self, address: bytes, number: int) -> None:
        if len(self._news) < _NEWS:
            self._news.add((address, number))

    def best(self, address: bytes) -> int:
        """Number of the name to show for an address, whoever asks; 0 where it has none."""
        return self._of_address.take(address) or self._of_server.take(address)

    def ranks(self, numbers: list[int]) -> list[int]:
        """`NameSource` of each of these hosts."""
        known = {number: int(self._hosts[number].source) for number in set(numbers)}
        return [known[number] for number in numbers]


class Evidence:
    """What a batch tells of names, taught as far as one has come."""

    def __init__(self, names: NameEvidence | None) -> None:
        self._next = 0
        self._ids: list[int] = []
        if names is not None:
            self._ids = names.packet_ids.tolist()
            self._names = names.names
            self._sources = [NameSource(number) for number in names.sources.tolist()]
            self._clients, self._addresses = names.clients.tobytes(), names.addresses.tobytes()

    def due(self, packet_id: int) -> bool:
        """Whether something was told up to a packet that was not taught yet."""
        return self._next < len(self._ids) and self._ids[self._next] <= packet_id

    def teach(self, names: Names, packet_id: int | None = None) -> None:
        """Teach what was told up to a packet; None = the rest."""
        at = self._next
        while at < len(self._ids) and (packet_id is None or self._ids[at] <= packet_id):
            place = slice(16 * at, 16 * at + 16)
            names.learn(self._clients[place], self._addresses[place], self._names[at], self._sources[at])
            at += 1
        self._next = at
