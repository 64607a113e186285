"""SIP (RFC 3261) and RTSP (RFC 7826): request or status line as text, status as application_code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.decode.applications.payload import HEAD_BYTES
from trafficdesk.decode.applications.text import decimal3, give_first_line
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

LINE_BYTES: Final = 120
SIP_VERSION: Final = b"SIP/2.0 "
RTSP_VERSION: Final = b"RTSP/1.0 "
_SIP_METHODS = (
    b"INVITE", b"ACK", b"BYE", b"CANCEL", b"REGISTER", b"OPTIONS", b"SUBSCRIBE", b"NOTIFY", b"MESSAGE", b"INFO",
    b"UPDATE", b"PRACK", b"REFER", b"PUBLISH",
)  # fmt: skip
_RTSP_METHODS = (
    b"DESCRIBE",
    b"SETUP",
    b"PLAY",
    b"PAUSE",
    b"TEARDOWN",
    b"OPTIONS",
    b"ANNOUNCE",
    b"RECORD",
    b"GET_PARAMETER",
)
SIP_STARTS: Final = (SIP_VERSION, *(method + b" sip" for method in _SIP_METHODS))
RTSP_STARTS: Final = (RTSP_VERSION, *((method + b" rtsp")[:HEAD_BYTES] for method in _RTSP_METHODS))


def _is_sip(payloads: Payloads) -> NDArray[np.bool_]:
    return payloads.begins(SIP_STARTS)


def _is_rtsp(payloads: Payloads) -> NDArray[np.bool_]:
    return payloads.begins(RTSP_STARTS)


def _filler(starts: tuple[bytes, ...]) -> Callable[[Payloads], None]:
    version = starts[0]

    def fill(payloads: Payloads) -> None:
        headers = payloads.select(payloads.begins(starts))
        response = headers.begins((version,))
        headers.set("application_code", np.where(response, decimal3(headers, len(version)), np.uint16(0)))
        give_first_line(headers, LINE_BYTES)

    return fill


def _leads(starts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(sorted({start[:2] for start in starts}))


def _is_text(payloads: Payloads) -> NDArray[np.bool_]:
    """A continuation at best: a printable character, not the line breaks that keep a way through a router open."""
    first = payloads.head[:, 0]
    found: NDArray[np.bool_] = (first >= 0x20) & (first < 0x7F)
    return found


_SIP_OVER: Final = Over(ports=(5060,), plausible=_is_text, leads=_leads(SIP_STARTS), certain=_is_sip)
SIP: Final = Application(Protocol.SIP, tcp=_SIP_OVER, udp=_SIP_OVER, fill=_filler(SIP_STARTS))
RTSP: Final = Application(
    Protocol.RTSP,
    tcp=Over(ports=(554, 8554), leads=_leads(RTSP_STARTS), certain=_is_rtsp),
    fill=_filler(RTSP_STARTS),
)
