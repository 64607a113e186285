"""Protocols of readable lines, recognised by port: the first line is text, a reply's number application_code.

A line may hold a password (POP's and FTP's PASS): it is shown as every packet analyser shows it, but no more than the
first `LINE_BYTES` are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.decode.applications.text import decimal3, give_first_line
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

LINE_BYTES: Final = 120


def _is_fix(payloads: Payloads) -> NDArray[np.bool_]:
    return payloads.begins((b"8=FIX",))


def _is_markup(payloads: Payloads) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = payloads.head[:, 0] == ord("<")
    return found


def _fill(payloads: Payloads) -> None:
    """Only what begins with a printable character: the rest is data or has gone over to TLS."""
    first = payloads.head[:, 0]
    give_first_line(payloads.select((first >= 0x20) & (first < 0x7F)), LINE_BYTES)


def _fill_numbered(payloads: Payloads) -> None:
    after = payloads.head[:, 3]
    reply = (after == ord(" ")) | (after == ord("-")) | (after == ord("\r"))
    payloads.set("application_code", decimal3(payloads, 0) * reply.astype(np.uint16))
    _fill(payloads)


SMTP: Final = Application(Protocol.SMTP, tcp=Over(ports=(25, 587)), fill=_fill_numbered)
FTP: Final = Application(Protocol.FTP, tcp=Over(ports=(21,)), fill=_fill_numbered)
FIX: Final = Application(Protocol.FIX, tcp=Over(leads=(b"8=",), certain=_is_fix), fill=_fill)
XMPP: Final = Application(Protocol.XMPP, tcp=Over(ports=(5222, 5269), plausible=_is_markup))
IMAP: Final = Application(Protocol.IMAP, tcp=Over(ports=(143,)), fill=_fill)
POP: Final = Application(Protocol.POP, tcp=Over(ports=(110,)), fill=_fill)
IRC: Final = Application(Protocol.IRC, tcp=Over(ports=(6667, 57000)), fill=_fill)
SSDP: Final = Application(Protocol.SSDP, udp=Over(ports=(1900,)), fill=_fill)
SYSLOG: Final = Application(Protocol.SYSLOG, udp=Over(ports=(514,)), fill=_fill)
