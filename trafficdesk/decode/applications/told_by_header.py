"""Protocols on their ports whose header tells which of two or three names a person knows them by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.decode.applications.text import TEXT_BYTES, give_first_line
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from trafficdesk.decode.applications.payload import Payloads

_CAPWAP_DTLS: Final = 1
"""Preamble type of an encrypted message (RFC 5415 section 4.1)."""
_RX_DATA: Final = 1
_RX_TYPE_AT: Final = 20
_FORWARDED: Final = 0x04
"""BACnet/IP: the original sender's six bytes come first (ANSI/ASHRAE 135 annex J.2.5)."""
_CARRIERS: Final = (0x04, 0x09, 0x0A, 0x0B)
"""BACnet/IP functions that carry a network message."""
_NETWORK_MESSAGE: Final = 0x80
_ENIP_SENDS: Final = (0x6F, 0x70)
"""Commands that carry the Common Industrial Protocol (ODVA, EtherNet/IP specification, section 2-3.2)."""
_TFTP_DATA: Final = 3
_TFTP_ACK: Final = 4
_TPKT_VERSION: Final = 3
_SMB_AT: Final = 82
"""Bytes of a NetBIOS datagram before its user data: header 14, two names of 34 (RFC 1002 section 4.4)."""


def _fill_capwap(payloads: Payloads) -> None:
    encrypted = (payloads.head[:, 0] & 0x0F) == _CAPWAP_DTLS
    payloads.select(encrypted).set("protocol", Protocol.DTLS)


def _fill_rx(payloads: Payloads) -> None:
    payloads.select(payloads.u8(_RX_TYPE_AT) == _RX_DATA).set("protocol", Protocol.AFS)


def _fill_bacnet(payloads: Payloads) -> None:
    """Confirmed and unconfirmed services, told from messages between routers."""
    function = payloads.head[:, 1]
    at = np.where(function == _FORWARDED, 10, 4)
    carried = np.isin(function, _CARRIERS) & (payloads.u8(at) == 1)
    service = carried & ((payloads.u8(at + 1) & _NETWORK_MESSAGE) == 0)
    payloads.select(service).set("protocol", Protocol.BACNET_APDU)


def _fill_enip(payloads: Payloads) -> None:
    sends = np.isin(payloads.head[:, 0], _ENIP_SENDS) & (payloads.head[:, 1] == 0)
    payloads.select(sends).set("protocol", Protocol.CIP)


def _fill_datagram(payloads: Payloads) -> None:
    """A mailslot in SMB: the computer browser's, nearly always."""
    is_smb = (payloads.u8(_SMB_AT) == 0xFF) & (payloads.u8(_SMB_AT + 1) == ord("S"))
    payloads.select(is_smb).set("protocol", Protocol.BROWSER)


def _fill_tftp(payloads: Payloads) -> None:
    """RFC 1350 section 5: operation as application_code, block as application_id, file name as text."""
    code = payloads.be16(0)
    payloads.set("application_code", code)
    numbered = (code == _TFTP_DATA) | (code == _TFTP_ACK)
    payloads.set("application_id", payloads.be16(2) * numbered)
    requests = payloads.select((code == 1) | (code == 2))
    name = requests.captured - 2
    # The name ends at a NUL; what it is cut to is found by the first line's rule.
    give_first_line(requests.shifted(2), int(min(max(name.max(initial=0), 0), TEXT_BYTES)))


def _fill_radius(payloads: Payloads) -> None:
    """RFC 2865 section 3."""
    payloads.set("application_code", payloads.head[:, 0])
    payloads.set("application_id", payloads.head[:, 1])


def _fill_rdp(payloads: Payloads) -> None:
    """The transport's kind of message (ISO 8073 section 13.1) as application_code."""
    framed = (payloads.head[:, 0] == _TPKT_VERSION) & (payloads.head[:, 1] == 0)
    payloads.set("application_code", payloads.head[:, 5] * framed)


_ENIP: Final = Over(ports=(44818,))
TOLD_BY_HEADER: Final = (
    Application(Protocol.CAPWAP, udp=Over(ports=(5246,)), fill=_fill_capwap),
    Application(Protocol.CAPWAP_DATA, udp=Over(ports=(5247,)), fill=_fill_capwap),
    Application(Protocol.RX, udp=Over(ports=(*range(7000, 7010), 7021)), fill=_fill_rx),
    Application(Protocol.BACNET, udp=Over(ports=(47808,)), fill=_fill_bacnet),
    Application(Protocol.ENIP, tcp=_ENIP, udp=_ENIP, fill=_fill_enip),
    Application(Protocol.TFTP, udp=Over(ports=(69,)), fill=_fill_tftp),
    Application(Protocol.RADIUS, udp=Over(ports=(1645, 1646, 1812, 1813, 3799)), fill=_fill_radius),
    Application(Protocol.RDP, tcp=Over(ports=(3389,)), udp=Over(ports=(3389,)), fill=_fill_rdp),
    Application(Protocol.NBDS, udp=Over(ports=(138,)), fill=_fill_datagram),
)
