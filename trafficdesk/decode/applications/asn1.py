"""Messages in ASN.1's basic encoding (X.690): SNMP, LDAP and Kerberos; application_code = the message's tag number.

SNMP (RFC 3416): text = community, application_type = version as written (0, 1, 3), application_code = `ENCRYPTED` where
version 3 hides the message (RFC 3412 section 6). LDAP: RFC 4511 section 4.1.1.
Kerberos: RFC 4120 section 5; over TCP a length of four bytes comes first (section 7.2.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.decode.applications.text import give_piece
from trafficdesk.packets.protocol import IpProtocol, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_TAG_NUMBER: Final = 0x1F
_APPLICATION: Final = 0x60
"""Class and form of a constructed application tag."""
_SNMP_3: Final = 3
ENCRYPTED: Final = 0x04


def _content(payloads: Payloads, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """(rows,) where the content of the element at `at` begins; long lengths have their size in the first byte."""
    size = payloads.u8(at + 1).astype(np.int64)
    return at + 2 + np.where(size > 0x80, size & 0x7F, 0)


def _after(payloads: Payloads, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """(rows,) where the element at `at` ends; its length has at most two bytes of its own."""
    size = payloads.u8(at + 1).astype(np.int64)
    long = np.where(size == 0x81, payloads.u8(at + 2), payloads.be16(at + 2))
    return _content(payloads, at) + np.where(size > 0x80, long, size)


def _after_integer(payloads: Payloads, at: NDArray[np.int64]) -> NDArray[np.int64]:
    return at + 2 + payloads.u8(at + 1).astype(np.int64)


def _fill_snmp(payloads: Payloads) -> None:
    start = np.zeros(len(payloads), np.int64)
    version = _content(payloads, start)
    valid = (payloads.head[:, 0] == _SEQUENCE) & (payloads.u8(version) == _INTEGER)
    payloads, version = payloads.select(valid), version[valid]
    number = payloads.u8(version + 2)
    payloads.set("application_type", number)
    plain = number != _SNMP_3
    _fill_snmp_3(payloads.select(~plain), version[~plain])
    payloads, version = payloads.select(plain), version[plain]
    community = _after_integer(payloads, version)
    has = payloads.u8(community) == _OCTETS
    payloads, community = payloads.select(has), community[has]
    size = payloads.u8(community + 1).astype(np.int64)
    payloads.set("application_code", payloads.u8(community + 2 + size))
    give_piece(payloads, community + 2, size)


def _fill_snmp_3(payloads: Payloads, version: NDArray[np.int64]) -> None:
    """The message is behind the header and the security parameters: a sequence of two names and itself, or encrypted."""
    scoped = _after(payloads, _after(payloads, _after_integer(payloads, version)))
    tag = payloads.u8(scoped)
    payloads.select(tag == ENCRYPTED).set("application_code", ENCRYPTED)
    clear = tag == _SEQUENCE
    payloads, scoped = payloads.select(clear), scoped[clear]
    message = _after(payloads, _after(payloads, _content(payloads, scoped)))
    payloads.set("application_code", payloads.u8(message))


def _fill_ldap(payloads: Payloads) -> None:
    message = _content(payloads, np.zeros(len(payloads), np.int64))
    valid = (payloads.head[:, 0] == _SEQUENCE) & (payloads.u8(message) == _INTEGER)
    payloads, message = payloads.select(valid), message[valid]
    payloads.set("application_code", payloads.u8(_after_integer(payloads, message)))


def _fill_kerberos(payloads: Payloads) -> None:
    at = np.where(payloads.column("ip_protocol") == IpProtocol.TCP, 4, 0)
    tag = payloads.u8(at)
    valid = (tag & 0xE0) == _APPLICATION
    payloads.select(valid).set("application_code", (tag & _TAG_NUMBER)[valid])


_SNMP_OVER: Final = Over(ports=(161, 162))
_KERBEROS_OVER: Final = Over(ports=(88,))
SNMP: Final = Application(Protocol.SNMP, tcp=_SNMP_OVER, udp=_SNMP_OVER, fill=_fill_snmp)
LDAP: Final = Application(Protocol.LDAP, tcp=Over(ports=(389, 3268)), fill=_fill_ldap)
CLDAP: Final = Application(Protocol.CLDAP, udp=Over(ports=(389,)), fill=_fill_ldap)
KERBEROS: Final = Application(Protocol.KERBEROS, tcp=_KERBEROS_OVER, udp=_KERBEROS_OVER, fill=_fill_kerberos)
