"""BitTorrent (BEP 3) by its handshake on any port, its distributed hash table (BEP 5), its usual ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

HANDSHAKE: Final = b"\x13BitTorrent pro"
HASH_TABLE: Final = (b"d1:ad2:id20:", b"d1:rd2:id20:", b"d2:ip6:", b"d1:eli20")


def _is_handshake(payloads: Payloads) -> NDArray[np.bool_]:
    return payloads.begins((HANDSHAKE,))


def _is_hash_table(payloads: Payloads) -> NDArray[np.bool_]:
    return payloads.begins(HASH_TABLE)


BITTORRENT: Final = Application(
    Protocol.BITTORRENT,
    tcp=Over(ports=tuple(range(6881, 6890)), leads=(HANDSHAKE[:2],), certain=_is_handshake),
)
HASH_TABLE_PROTOCOL: Final = Application(
    Protocol.BT_DHT, udp=Over(leads=(b"d1", b"d2"), certain=_is_hash_table)
)
