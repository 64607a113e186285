"""`EndNames`: what the two ends of a packet in the log are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.address import address_texts, mac_texts
from trafficdesk.packets.fields import NO_MAC
from trafficdesk.packets.protocol import EtherType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.log import PacketLog

_BLOCK: Final = 512
"""Rows named at once: whoever asks for one asks for its neighbours next."""
_ADDRESSED: Final = (EtherType.IPV4, EtherType.IPV6, EtherType.ARP)


class EndNames:
    """Source and destination of packets, as addresses; may be asked from any thread.

    Parameters
    ----------
    log : where the packets are.
    """

    def __init__(self, log: PacketLog) -> None:
        self._log = log
        self._known: tuple[int, list[tuple[str, str]]] = (0, [])

    def __call__(self, packet_id: int) -> tuple[str, str]:
        """Both ends' names; empty where the packet has left the log, or has none."""
        start, names = self._known
        if not start <= packet_id < start + len(names):
            start, names = self._known = self._named(packet_id)
        at = packet_id - start
        return names[at] if 0 <= at < len(names) else ("", "")

    def _named(self, packet_id: int) -> tuple[int, list[tuple[str, str]]]:
        log = self._log
        start = max(packet_id - packet_id % _BLOCK, log.first_id)
        stop = min(start + _BLOCK, log.end_id)
        if not start <= packet_id < stop:
            return 0, []
        ids = np.arange(start, stop, dtype=np.int64)
        network = log.column("network", ids)
        sides = [
            _texts(network, log.column(side, ids), log.column(f"{side}_mac", ids))
            for side in ("source", "destination")
        ]
        return start, list(zip(*sides, strict=True))


def _texts(network: NDArray[np.uint16], addresses: NDArray[np.void], macs: NDArray[np.uint64]) -> list[str]:
    """Network address where there is one, else the link's, else nothing."""
    texts = np.full(len(network), "", object)
    addressed = np.isin(network, _ADDRESSED)
    texts[addressed] = address_texts(addresses[addressed])
    linked = ~addressed & (macs != NO_MAC)
    texts[linked] = mac_texts(macs[linked])
    return list(texts.tolist())
