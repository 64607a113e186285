"""Modbus/TCP (Modbus messaging on TCP/IP implementation guide 1.0b).

application_code = function; application_type = unit; application_id = transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from trafficdesk.decode.applications.payload import Payloads

HEADER_BYTES: Final = 7
"""Transaction, protocol, length, unit (section 3.1.3)."""


def _fill(payloads: Payloads) -> None:
    whole = payloads.select((payloads.captured > HEADER_BYTES) & (payloads.be16(2) == 0))
    whole.set("application_id", whole.be16(0))
    whole.set("application_type", whole.head[:, HEADER_BYTES - 1])
    whole.set("application_code", whole.head[:, HEADER_BYTES])


_OVER: Final = Over(ports=(502,))
MODBUS: Final = Application(Protocol.MODBUS, tcp=_OVER, udp=_OVER, fill=_fill)
