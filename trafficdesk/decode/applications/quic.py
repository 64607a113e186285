"""QUIC (RFC 9000, RFC 9369): long headers by their version on any port, short headers on UDP 443 only.

application_type = low 16 bits of the version; application_code = long packet type + 1 (`INITIAL` ...), 0 for a short
header, `NEGOTIATION` for version negotiation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

INITIAL: Final = 1
ZERO_RTT: Final = 2
HANDSHAKE: Final = 3
RETRY: Final = 4
NEGOTIATION: Final = 5
VERSION_1: Final = 0x00000001
VERSION_2: Final = 0x6B3343CF
"""RFC 9369 section 3.1; its packet types are numbered one further (section 3.2)."""
GOOGLE_TLS: Final = int.from_bytes(b"T0", "big")
GOOGLE_OWN: Final = int.from_bytes(b"Q0", "big")
"""Google's drafts ("T051", "Q046"): with TLS, which is QUIC by now, and with a cryptography of its own."""
CLIENT_FLAGS: Final = (0x09, 0x0D, 0x19, 0x1D, 0x29, 0x2D, 0x39, 0x3D)
"""First bytes of gQUIC packets that name their version: version, connection ID, nonce, packet number length."""
LONGEST_CONNECTION_ID: Final = 20
"""RFC 9000 section 17.2."""


def _is_long(payloads: Payloads) -> NDArray[np.bool_]:
    version = payloads.be32(1)
    draft = (version >> np.uint32(8)) == 0xFF0000
    facebook = (version >> np.uint32(4)) == 0xFACEB00
    google = (version >> np.uint32(16)) == GOOGLE_TLS
    grease = (version & np.uint32(0x0F0F0F0F)) == 0x0A0A0A0A
    known = (version == VERSION_1) | (version == VERSION_2) | draft | facebook | google | grease
    found: NDArray[np.bool_] = (
        known & (payloads.head[:, 5] <= LONGEST_CONNECTION_ID) & (payloads.lengths >= 16)
    )
    return found


def _is_on_443(payloads: Payloads) -> NDArray[np.bool_]:
    first = payloads.head[:, 0]
    short = (first & 0xC0) == 0x40
    negotiation = (first >= 0x80) & (payloads.be32(1) == 0) & (payloads.head[:, 5] <= LONGEST_CONNECTION_ID)
    found: NDArray[np.bool_] = (short & (payloads.lengths >= 16)) | negotiation
    return found


def _is_google(payloads: Payloads) -> NDArray[np.bool_]:
    """A client's packet up to version 43: public flags, connection ID, and the version; its answers have no mark."""
    found: NDArray[np.bool_] = np.isin(payloads.head[:, 0], CLIENT_FLAGS) & (payloads.be16(9) == GOOGLE_OWN)
    return found


def _is_long_google(payloads: Payloads) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = ((payloads.be32(1) >> np.uint32(16)) == GOOGLE_OWN) & (
        payloads.head[:, 5] <= 0x88
    )
    return found


def _fill(payloads: Payloads) -> None:
    first = payloads.head[:, 0]
    version = payloads.be32(1)
    shift = np.where(version == VERSION_2, np.uint8(3), np.uint8(0))
    kind = (((first >> np.uint8(4)) + shift) & np.uint8(3)).astype(np.uint16) + np.uint16(1)
    kind = np.where(version == 0, np.uint16(NEGOTIATION), kind)
    long = first >= 0x80
    payloads.set("application_code", kind * long)
    payloads.set("application_type", (version & np.uint32(0xFFFF)) * long)


QUIC: Final = Application(
    Protocol.QUIC,
    udp=Over(
        ports=(443,),
        plausible=_is_on_443,
        leads=tuple(bytes((first,)) for first in range(0x80, 0x100)),
        certain=_is_long,
    ),
    fill=_fill,
)
GQUIC: Final = Application(
    Protocol.GQUIC,
    udp=Over(
        ports=(443,),
        plausible=_is_google,
        leads=tuple(bytes((first,)) for first in range(0x80, 0x100)),
        certain=_is_long_google,
    ),
)
