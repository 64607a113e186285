"""HTTP/1 (RFC 9112): request or status line as text, status as application_code. IPP, SSDP over TCP look the same.

On HTTP's ports HTTP/2 may be spoken instead: its frames are told, the conversation says whether that is their name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.decode.applications.http2 import fill_frames
from trafficdesk.decode.applications.text import decimal3, give_first_line
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

LINE_BYTES: Final = 200
"""Longest request line kept as text."""
METHODS: Final = (
    b"GET /",
    b"POST /",
    b"HEAD /",
    b"PUT /",
    b"DELETE /",
    b"PATCH /",
    b"OPTIONS /",
    b"OPTIONS * HTTP",
    b"TRACE /",
    b"GET http://",
    b"POST http://",
    b"PROPFIND /",
    b"REPORT /",
)
"""RFC 9110 section 9.3 and WebDAV's commonest, with what can follow them."""
HTTP_VERSIONS: Final = (b"HTTP/1.0 ", b"HTTP/1.1 ")
CONNECT: Final = b"CONNECT "
STARTS: Final = (*METHODS, *HTTP_VERSIONS, CONNECT)


def is_http(payloads: Payloads) -> NDArray[np.bool_]:
    """Which payloads begin with a request or status line."""
    return payloads.begins(STARTS)


def _fill(payloads: Payloads) -> None:
    first = payloads.head[:, 0]
    if not first.all():  # a frame's length has three bytes, of which the first is 0
        fill_frames(payloads.select(first == 0))
    headers = payloads.select((first >= ord("A")) & (first <= ord("Z")))
    if len(headers):
        headers = headers.select(is_http(headers))
    if not len(headers):
        return
    response = headers.begins(HTTP_VERSIONS)
    headers.set("application_code", np.where(response, decimal3(headers, 9), np.uint16(0)))
    give_first_line(headers, LINE_BYTES)


HTTP: Final = Application(
    Protocol.HTTP,
    tcp=Over(
        ports=(80, 631, 1900, 2710, 2869, 3128, 3132, 3689, 5985, 8000, 8008, 8080, 8088, 8888, 11371),
        leads=tuple(sorted({start[:2] for start in STARTS})),
        certain=is_http,
    ),
    fill=_fill,
)
