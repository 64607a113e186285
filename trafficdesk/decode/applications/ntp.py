"""NTP (RFC 5905): mode as application_type, version as application_code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from trafficdesk.decode.applications.payload import Payloads


def _fill(payloads: Payloads) -> None:
    first = payloads.head[:, 0]
    payloads.set("application_type", first & np.uint8(7))
    payloads.set("application_code", (first >> np.uint8(3)) & np.uint8(7))


NTP: Final = Application(Protocol.NTP, udp=Over(ports=(123,)), fill=_fill)
