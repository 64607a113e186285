"""WireGuard (https://www.wireguard.com/protocol/) by its message types and their lengths: application_code = type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

SIZES: Final = np.array([0, 148, 92, 64])
"""Bytes of handshake initiation (1), response (2) and cookie reply (3)."""
TRANSPORT_DATA: Final = 4


def _is_wireguard(payloads: Payloads) -> NDArray[np.bool_]:
    kind = payloads.head[:, 0]
    reserved = (payloads.head[:, 1:4] == 0).all(axis=1)
    size = payloads.lengths
    fixed = (kind < TRANSPORT_DATA) & (size == SIZES[np.minimum(kind, 3)])
    data = (kind == TRANSPORT_DATA) & (size >= 32) & (size % 16 == 0)
    found: NDArray[np.bool_] = reserved & (fixed | data)
    return found


def _fill(payloads: Payloads) -> None:
    payloads.set("application_code", payloads.head[:, 0])


WIREGUARD: Final = Application(
    Protocol.WIREGUARD,
    udp=Over(leads=tuple(bytes((kind, 0)) for kind in range(1, 5)), likely=_is_wireguard),
    fill=_fill,
)
