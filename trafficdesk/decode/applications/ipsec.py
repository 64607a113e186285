"""ISAKMP / IKE (RFC 7296), and ESP in UDP on port 4500 (RFC 3948)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

NAT_PORT: Final = 4500


def _is_isakmp(payloads: Payloads) -> NDArray[np.bool_]:
    """On the NAT port four zero bytes stand for "not ESP" (RFC 3948 section 2.2)."""
    at_nat = (payloads.column("source_port") == NAT_PORT) | (payloads.column("destination_port") == NAT_PORT)
    found: NDArray[np.bool_] = ~at_nat | ((payloads.be32(0) == 0) & (payloads.lengths > 4))
    return found


def _is_esp(payloads: Payloads) -> NDArray[np.bool_]:
    """Not the one-byte keep-alive (RFC 3948 section 2.3), and not ISAKMP."""
    found: NDArray[np.bool_] = (payloads.be32(0) != 0) & (payloads.lengths > 8)
    return found


ISAKMP: Final = Application(
    Protocol.ISAKMP, tcp=Over(ports=(500,)), udp=Over(ports=(500, NAT_PORT), plausible=_is_isakmp)
)
ESP_IN_UDP: Final = Application(Protocol.ESP, udp=Over(ports=(NAT_PORT,), plausible=_is_esp))
