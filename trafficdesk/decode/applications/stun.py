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
    size = payloads.be16(2)
    cookie = (payloads.head[:, 4:8] == list(MAGIC)).all(axis=1)
    return cookie & (size % 4 == 0) & (payloads.lengths >= HEADER_BYTES)


def _fill(payloads: Payloads) -> None:
    payloads.set("application_type", payloads.be16(0))


_LEADS = tuple(bytes((first,)) for first in range(4))
STUN: Final = Application(
    Protocol.STUN,
    tcp=Over(leads=_LEADS, certain=_is_stun),
    udp=Over(leads=_LEADS, certain=_is_stun),
    fill=_fill,
)
