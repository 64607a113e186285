"""DHCPv6 (RFC 8415): message type as application_code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from trafficdesk.decode.applications.payload import Payloads


def _fill(payloads: Payloads) -> None:
    payloads.set("application_code", payloads.head[:, 0])


DHCPV6: Final = Application(Protocol.DHCPV6, udp=Over(ports=(546, 547)), fill=_fill)
