"""BGP (RFC 4271 section 4.1) by its marker of ones: message type as application_code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

MARKER: Final = b"\xff" * 16


def _has_marker(payloads: Payloads) -> NDArray[np.bool_]:
    return payloads.begins((MARKER,))


def _fill(payloads: Payloads) -> None:
    messages = payloads.select(_has_marker(payloads))
    messages.set("application_code", messages.u8(18))


BGP: Final = Application(
    Protocol.BGP, tcp=Over(ports=(179,), leads=(MARKER[:2],), certain=_has_marker), fill=_fill
)
