"""RTP and RTCP (RFC 3550): only where nothing else claims the ports, since little in them is recognisable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

HEADER_BYTES: Final = 12
STATIC_TYPES: Final = (0, 3, 4, 8, 9, 13, 18, 26, 31, 32, 33, 34)
"""Audio and video that names itself (RFC 3551 section 6); dynamic types are agreed on elsewhere and prove nothing."""
LOWEST_PORT: Final = 1024
PACKET_TYPES: Final = (200, 207)
"""RTCP sender report to extended report (IANA "RTCP Control Packet Types")."""


def _ports_above(payloads: Payloads, parity: int) -> NDArray[np.bool_]:
    """Whether both ports are dynamic and RTP's even or RTCP's odd ones (RFC 3550 section 11)."""
    source, destination = payloads.column("source_port"), payloads.column("destination_port")
    good: NDArray[np.bool_] = (source >= LOWEST_PORT) & (destination >= LOWEST_PORT)
    found: NDArray[np.bool_] = good & (source % 2 == parity) & (destination % 2 == parity)
    return found


def _is_rtp(payloads: Payloads) -> NDArray[np.bool_]:
    kind = payloads.head[:, 1] & 0x7F
    static = np.isin(kind, STATIC_TYPES)
    source_id = payloads.be32(8)
    found: NDArray[np.bool_] = (
        static & (source_id != 0) & (payloads.lengths > HEADER_BYTES) & _ports_above(payloads, 0)
    )
    return found


def _is_rtcp(payloads: Payloads) -> NDArray[np.bool_]:
    kind = payloads.head[:, 1]
    size = (payloads.be16(2).astype("i8") + 1) * 4
    known = (kind >= PACKET_TYPES[0]) & (kind <= PACKET_TYPES[1])
    return known & (size <= payloads.lengths) & (size >= 8) & _ports_above(payloads, 1)


def _fill_rtp(payloads: Payloads) -> None:
    payloads.set("application_type", payloads.head[:, 1] & 0x7F)
    payloads.set("application_id", payloads.be16(2))


def _fill_rtcp(payloads: Payloads) -> None:
    payloads.set("application_type", payloads.head[:, 1])


RTP: Final = Application(Protocol.RTP, udp=Over(leads=(b"\x80", b"\x90"), likely=_is_rtp), fill=_fill_rtp)
RTCP: Final = Application(
    Protocol.RTCP,
    udp=Over(
        leads=tuple(bytes((0x80 | count, kind)) for count in range(32) for kind in range(200, 208)),
        likely=_is_rtcp,
    ),
    fill=_fill_rtcp,
)
