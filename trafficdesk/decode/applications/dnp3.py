"""DNP3 (IEEE 1815) by port and its two start bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

START: Final = b"\x05\x64"


def _starts(payloads: Payloads) -> NDArray[np.bool_]:
    return payloads.begins((START,))


_OVER: Final = Over(ports=(20000,), plausible=_starts)
DNP3: Final = Application(Protocol.DNP3, tcp=_OVER, udp=_OVER)
