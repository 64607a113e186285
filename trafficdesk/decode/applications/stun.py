"""STUN (RFC 8489) by its magic cookie on any port: message type as application_type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

MAGIC: Final = b"\x21\x12\xa4\x42"
HEADER_BYTES: Final = 20


def _is_stun(payloads: Payloads) -> NDArray[np.bool_]:
    cookie = (payloads.head[:, 4:8] == list(MAGIC)).all(axis=1)
    found: NDArray[np.bool_] = cookie & (payloads.lengths >= HEADER_BYTES)
    return found


def _is_on_port(payloads: Payloads) -> NDArray[np.bool_]:
    """Messages before the cookie came in (RFC 3489), and relayed data in channels (RFC 8656 section 12.4)."""
    kind = payloads.be16(0)
    size = payloads.be16(2).astype("i8")
    classic = (kind & 0xFEE0 == 0) & (size + HEADER_BYTES == payloads.lengths)
    channel = (
        (kind >= 0x4000)
        & (kind <= 0x4FFF)
        & (payloads.lengths - size - 4 < 4)
        & (payloads.lengths >= size + 4)
    )
    found: NDArray[np.bool_] = classic | channel
    return found


def _fill(payloads: Payloads) -> None:
    payloads.set("application_type", payloads.be16(0))


_LEADS = tuple(bytes((first,)) for first in range(4))
STUN: Final = Application(
    Protocol.STUN,
    tcp=Over(leads=_LEADS, certain=_is_stun),
    udp=Over(ports=(3478, 19302), plausible=_is_on_port, leads=_LEADS, certain=_is_stun),
    fill=_fill,
)
