"""What addresses are called, for whoever shows names instead of them. No Qt here.

Names come from the packets (and from reverse DNS, where it is allowed): nothing is asked here. Makers of network cards
come from a table whose import takes a quarter of a second: call `warm_up` in a thread first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.address import address_text, halves, mac_text
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.identities import Host
from trafficdesk.packets.peers import DESTINATION, NEITHER, SOURCE, peer_sides
from trafficdesk.packets.protocol import EtherType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.session import AnalysisSession

_NOBODY: Final = Host()
_BROADCAST: Final = (1 << 48) - 1


class AddressNames:
    """Names by the best evidence there is now.

    Parameters
    ----------
    session : whose packets tell names; each of its captures begins without any.
    """

    def __init__(self, session: AnalysisSession) -> None:
        self._session = session

    def host(self, packed: bytes) -> Host:
        """Of an IP address, 16 bytes; an empty one where nobody told."""
        number = self._session.identifier.identity.host_of(packed)
        return self._session.log.identities.hosts[number] if number else _NOBODY

    def ip(self, packed: bytes) -> str:
        """Name of an IP address; empty where there is none."""
        return self.host(packed).name

    @staticmethod
    def mac(number: int) -> str:
        """A link-layer address with its maker's name: "AVM_12:34:56"; empty where the registry has none."""
        from trafficdesk.decode.manufacturers import short_manufacturer

        if number == _BROADCAST:
            return "Broadcast"
        maker = short_manufacturer(number)
        return f"{maker}_{mac_text(number)[9:]}" if maker else ""

    def ends(self, ids: NDArray[np.int64]) -> tuple[list[str], list[str]]:
        """Names of both ends of packets, all of which must be in the log; empty where there is none.

        The peer of a conversation has the name that its client knew it by, any other end its address' own.
        """
        log = self._session.log
        batch = log.take(ids)
        hosts, numbers = log.identities.hosts, log.column("host", ids).tolist()
        sides = _sides(batch, log.identities.own)
        names: list[list[str]] = []
        for side, peer in (("source", SOURCE), ("destination", DESTINATION)):
            of_peers = (sides == peer).tolist()
            others = self._of_addresses(batch, side)
            names.append(
                [
                    hosts[number].name if is_peer and number else other
                    for number, is_peer, other in zip(numbers, of_peers, others, strict=True)
                ]
            )
        return names[0], names[1]

    def whole(self, packet_id: int, side: str) -> str:
        """Address of one end with its name and where that is known from: "140.82.121.4 · github.com (TLS SNI)"."""
        log, at = self._session.log, np.array([packet_id])
        batch = log.take(at)
        if int(batch["network"][0]) not in _WITH_ADDRESS:
            number = int(batch[f"{side}_mac"][0])
            return mac_text(number) if number != int(NO_MAC) else ""
        packed = batch[side][0].tobytes()
        wanted = SOURCE if side == "source" else DESTINATION
        number = int(log.column("host", at)[0])
        is_peer = int(_sides(batch, log.identities.own)[0]) == wanted
        host = log.identities.hosts[number] if number and is_peer else self.host(packed)
        known = f" · {host.name} ({host.source.words})" if host.name else ""
        return address_text(packed) + known

    def _of_addresses(self, batch: PacketBatch, side: str) -> list[str]:
        known: dict[bytes | int, str] = {}
        raw, macs = batch[side].tobytes(), batch[f"{side}_mac"].tolist()
        names = []
        for row, network in enumerate(batch["network"].tolist()):
            key: bytes | int = raw[16 * row : 16 * row + 16] if network in _WITH_ADDRESS else macs[row]
            name = known.get(key)
            if name is None:
                name = known[key] = self.ip(key) if isinstance(key, bytes) else self.mac(key)
            names.append(name)
        return names


_WITH_ADDRESS: Final = frozenset(map(int, (EtherType.IPV4, EtherType.IPV6, EtherType.ARP)))


def warm_up() -> None:
    """Import the registry of makers: a quarter of a second that a thread should spend."""
    AddressNames.mac(0)


def _sides(batch: PacketBatch, own: NDArray[np.void]) -> NDArray[np.uint8]:
    """(rows,) which end is the peer."""
    nearer_port = batch["destination_port"] - batch["source_port"]
    sides = peer_sides(halves(batch["source"]), halves(batch["destination"]), nearer_port, own)
    is_ip = (batch["network"] == EtherType.IPV4) | (batch["network"] == EtherType.IPV6)
    return np.where(is_ip, sides, np.uint8(NEITHER))
