"""`Matching`: which rows have to do with an address or a name that some list has.

Addresses are looked up once per distinct one of a batch, names once per distinct text, names of peers once per peer.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.address import address_text, halves, unique_addresses
from trafficdesk.packets.identities import MAX_THREATS, Threat
from trafficdesk.packets.printable import shown
from trafficdesk.packets.protocol import EtherType
from trafficdesk.packets.protocols import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.identities import Host, Identities, Interned
    from trafficdesk.threats.threat_list import ThreatList

_NAMED: Final = (Protocol.DNS, Protocol.MDNS, Protocol.LLMNR, Protocol.TLS, Protocol.DTLS, Protocol.QUIC)
"""Whose application text is a name."""
_ASKED: Final = (Protocol.HTTP, Protocol.SSDP)
"""Whose application text may have one, in a request to a proxy."""
_KEPT: Final = 200_000
"""Texts whose answer is remembered; some 30 MB."""
_LONGEST: Final = 80
_APART: Final = MAX_THREATS // 2
"""Hits told apart by the address or name met; beyond, by the entry, and then by the list alone: a flood from a listed
network must not hide another hit."""


class Matching:
    """Lists in force, for one capture's rows after another; `numbers` and `of_hosts` may be called from any thread.

    Parameters
    ----------
    lists : the first that has an address or name is the one that is told.
    """

    def __init__(self, lists: Iterable[ThreatList]) -> None:
        self.lists = tuple(one for one in lists if one.entries)
        self._lock = threading.Lock()
        self._forget(None)

    def __len__(self) -> int:
        return sum(one.entries for one in self.lists)

    def numbers(
        self, batch: PacketBatch, hosts: NDArray[np.uint32], identities: Identities
    ) -> NDArray[np.uint16]:
        """(rows,) number in `identities.threats` of each row's hit, 0 = none.

        An address says more than a name, and the name a packet itself tells more than one its peer goes by.

        Parameters
        ----------
        hosts : (rows,) numbers of the peers' names in `identities.hosts`.
        """
        with self._lock:
            self._forget(identities)
            out = self._of_addresses(batch)
            free = out == 0
            if free.any():
                out[free] = self._of_texts(batch)[free]
                free = out == 0
                out[free] = self._of_hosts(hosts[free])
            return out

    def of_hosts(self, hosts: NDArray[np.uint32], identities: Identities) -> NDArray[np.uint16]:
        """(rows,) the same of the names of peers alone."""
        with self._lock:
            self._forget(identities)
            return self._of_hosts(hosts)

    def of_addresses(self, addresses: NDArray[np.void], identities: Identities) -> NDArray[np.uint16]:
        """(rows,) the same of V16 addresses alone."""
        with self._lock:
            self._forget(identities)
            return self._of_distinct(addresses)

    def _forget(self, identities: Identities | None) -> None:
        """Numbers of other tables mean nothing."""
        threats = identities.threats if identities is not None else None
        if identities is None or threats is not self._threats:
            self._threats: Interned[Threat] | None = threats
            self._hosts: Interned[Host] | None = identities.hosts if identities is not None else None
            self._by_text: dict[int, int] = {}
            self._by_host = np.zeros(0, np.uint16)

    def _of_addresses(self, batch: PacketBatch) -> NDArray[np.uint16]:
        network = batch["network"]
        ip = np.flatnonzero((network == EtherType.IPV4) | (network == EtherType.IPV6))
        out = np.zeros(len(batch), np.uint16)
        sides = [np.ascontiguousarray(batch[side][ip]) for side in ("destination", "source")]
        rows = [ip, ip]
        inside = np.flatnonzero(batch["tunnel"])
        if len(inside):
            inner = batch.inner(inside)
            sides += [np.ascontiguousarray(inner[side]) for side in ("destination", "source")]
            rows += [inside, inside]
        numbers = self._of_distinct(np.concatenate(sides))
        at = np.concatenate(rows)
        hit = np.flatnonzero(numbers)[::-1]  # of a row's several the first written last wins
        out[at[hit]] = numbers[hit]
        return out

    def _of_distinct(self, addresses: NDArray[np.void]) -> NDArray[np.uint16]:
        if not len(addresses):
            return np.zeros(0, np.uint16)
        distinct, inverse = unique_addresses(addresses)
        pair = halves(distinct)
        numbers = np.zeros(len(distinct), np.uint16)
        for one in self.lists:
            entries = one.find_addresses(pair)
            for row in np.flatnonzero((entries >= 0) & (numbers == 0)).tolist():
                entry = one.address_entry(int(entries[row]))
                numbers[row] = self._number(one, entry, address_text(distinct[row].tobytes()))
        return numbers[inverse]

    def _of_texts(self, batch: PacketBatch) -> NDArray[np.uint16]:
        out = np.zeros(len(batch), np.uint16)
        protocol = batch["protocol"]
        told = np.flatnonzero((batch["text_length"] > 0) & np.isin(protocol, (*_NAMED, *_ASKED)))
        if not len(told) or not any(len(one.domains) for one in self.lists):
            return out
        hashes, first, inverse = np.unique(batch["name_hash"][told], return_index=True, return_inverse=True)
        known = self._by_text
        fresh = [at for at, number in enumerate(hashes.tolist()) if number not in known]
        if len(known) + len(fresh) > _KEPT:
            known.clear()
            fresh = list(range(len(hashes)))
        texts = [batch.text_of(int(told[first[at]])) for at in fresh]
        is_name = np.isin(protocol[told[first[fresh]]], _NAMED).tolist() if fresh else []
        names = [text if name else _host_asked_for(text) for text, name in zip(texts, is_name, strict=True)]
        for at, number in zip(fresh, self._of_names(names), strict=True):
            known[int(hashes[at])] = number
        out[told] = np.array([known[number] for number in hashes.tolist()], np.uint16)[inverse]
        return out

    def _of_hosts(self, hosts: NDArray[np.uint32]) -> NDArray[np.uint16]:
        table = self._hosts
        assert table is not None
        if len(table) > len(self._by_host):
            names = [host.name.encode("utf-8", "replace") for host in table.since(len(self._by_host))]
            more = np.array(self._of_names(names), np.uint16)
            self._by_host = np.concatenate([self._by_host, more])
        return self._by_host[hosts]

    def _of_names(self, names: Sequence[bytes]) -> list[int]:
        lowered = [name.lower().rstrip(b".") for name in names]
        numbers = [0] * len(names)
        for one in self.lists:
            for at, entry in enumerate(one.domains.find(lowered)):
                if entry and not numbers[at]:
                    met = lowered[at].decode("ascii", "backslashreplace")
                    numbers[at] = self._number(one, entry.decode("ascii"), shown(met, _LONGEST))
        return numbers

    def _number(self, one: ThreatList, entry: str, met: str) -> int:
        threats = self._threats
        assert threats is not None
        if len(threats) < _APART:
            return threats.number(Threat(one.name, entry, met, one.dated_s))
        if len(threats) < MAX_THREATS - len(self.lists):
            return threats.number(Threat(one.name, entry, "", one.dated_s))
        return threats.number(Threat(one.name, "", "", one.dated_s))


def _host_asked_for(line: bytes) -> bytes:
    """Of "GET http://host:80/path HTTP/1.1" or "CONNECT host:443 HTTP/1.1"; empty where there is none."""
    words = line.split(b" ")
    if len(words) < 2:
        return b""
    target = words[1]
    if words[0] == b"CONNECT":
        return target.rpartition(b":")[0]
    if b"://" not in target:
        return b""
    return target.split(b"://", 1)[1].partition(b"/")[0].partition(b":")[0]
