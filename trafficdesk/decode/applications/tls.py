"""TLS (RFC 8446, RFC 5246) on any TCP port, and DTLS (RFC 9147, RFC 6347) on any UDP port, by their record headers.

application_code = record type << 8 | handshake type (`ENCRYPTED` where it cannot be read, `CONTINUATION` for data
without a record header); application_type = version; application_count = place in `ALPN`; text = server name of a Client Hello.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.decode.applications.text import give_piece
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

RECORDS: Final = (20, 21, 22, 23, 24)
"""Change cipher spec, alert, handshake, application data, heartbeat (IANA "TLS ContentType")."""
HANDSHAKE: Final = 22
CLIENT_HELLO: Final = 1
SERVER_HELLO: Final = 2
ENCRYPTED: Final = 0xFF
"""Handshake type of a record whose handshake header makes no sense, hence is encrypted."""
CONTINUATION: Final = 0
"""application_code of payload without a record header."""
LARGEST_RECORD: Final = (1 << 14) + 2048
"""RFC 5246 section 6.2.3."""
HANDSHAKE_TYPES: Final = (0, 1, 2, 3, 4, 5, 6, 8, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24)
"""IANA "TLS HandshakeType"."""
SERVER_NAME: Final = 0
NEXT_PROTOCOLS: Final = 16
SUPPORTED_VERSIONS: Final = 43
ALPN: Final = (
    b"",
    b"h2",
    b"http/1.1",
    b"h3",
    b"dot",
    b"doq",
    b"imap",
    b"pop3",
    b"ftp",
    b"xmpp-client",
    b"stun.turn",
)
"""IANA "TLS Application-Layer Protocol Negotiation (ALPN) Protocol IDs"; application_count is the place in here."""
TLS13: Final = 0x0304
OLD_DTLS: Final = 0x0100
MAX_EXTENSIONS: Final = 40
"""Browsers send about 20."""
_KNOWN_HANDSHAKE: Final = np.isin(np.arange(256), HANDSHAKE_TYPES)


def _is_tls(payloads: Payloads) -> NDArray[np.bool_]:
    size = payloads.be16(3)
    return (payloads.head[:, 2] <= 4) & (size > 0) & (size <= LARGEST_RECORD)


def _is_dtls(payloads: Payloads) -> NDArray[np.bool_]:
    version = payloads.head[:, 2]
    size = payloads.be16(11)
    # OpenSSL before 0.9.8f wrote version 1.0 as 0x0100.
    known = ((payloads.head[:, 1] == 0xFE) & (version >= 0xFC)) | (payloads.be16(1) == OLD_DTLS)
    found: NDArray[np.bool_] = known & (size > 0) & (size + np.int64(13) <= payloads.lengths)
    return found


def _fill_tls(payloads: Payloads) -> None:
    record = payloads.head[:, 0].astype(np.uint16)
    known = (record >= RECORDS[0]) & (record <= RECORDS[-1]) & (payloads.head[:, 1] == 3)
    if not known.all():
        payloads = payloads.select(known)
        record = record[known]
    version = payloads.be16(1)
    kind = payloads.head[:, 5]
    clear = _KNOWN_HANDSHAKE[kind] & (payloads.head[:, 6] == 0)
    handshake = np.where(clear, kind, np.uint8(ENCRYPTED)) * (record == HANDSHAKE)
    payloads.set("application_code", (record << np.uint16(8)) | handshake)
    hello = (handshake == CLIENT_HELLO) | (handshake == SERVER_HELLO)
    payloads.set("application_type", np.where(hello, payloads.be16(9), version))
    if hello.any():
        _fill_hellos(payloads.select(hello), handshake[hello] == CLIENT_HELLO, header=9)


def _fill_dtls(payloads: Payloads) -> None:
    record = payloads.head[:, 0].astype(np.uint16)
    known = (
        (record >= RECORDS[0])
        & (record <= 25)
        & ((payloads.head[:, 1] >= 0xFE) | (payloads.be16(1) == OLD_DTLS))
    )
    if not known.all():
        payloads = payloads.select(known)
        record = record[known]
    kind = payloads.head[:, 13]
    clear = _KNOWN_HANDSHAKE[kind] & (payloads.head[:, 14] == 0)
    handshake = np.where(clear, kind, np.uint8(ENCRYPTED)) * (record == HANDSHAKE)
    payloads.set("application_code", (record << np.uint16(8)) | handshake)
    payloads.set("application_type", payloads.be16(1))
    whole = (payloads.be16(19) == 0) & (payloads.u8(21) == 0)
    hello = (handshake == CLIENT_HELLO) & whole
    if hello.any():
        _fill_hellos(payloads.select(hello), np.ones(int(hello.sum()), np.bool_), header=25, cookie=True)


def _fill_hellos(payloads: Payloads, client: NDArray[np.bool_], *, header: int, cookie: bool = False) -> None:
    """Find the server name and the negotiated version; `header` bytes precede the hello's version field."""
    at = np.full(len(payloads), header + 2 + 32)
    at += 1 + payloads.u8(at).astype(np.int64)
    if cookie:
        at += 1 + payloads.u8(at).astype(np.int64)
    suites = payloads.be16(at).astype(np.int64)
    at += np.where(client, 2 + suites, 2)
    at += np.where(client, 1 + payloads.u8(at).astype(np.int64), 1)
    end = at + 2 + payloads.be16(at)
    _walk_extensions(payloads, client, at + 2, np.minimum(end, payloads.captured))


def _walk_extensions(
    payloads: Payloads, client: NDArray[np.bool_], at: NDArray[np.int64], end: NDArray[np.int64]
) -> None:
    for _ in range(MAX_EXTENSIONS):
        inside = at + 4 <= end
        if not inside.all():
            payloads, client, at, end = payloads.select(inside), client[inside], at[inside], end[inside]
        if not len(payloads):
            return
        kind = payloads.be16(at)
        name = client & (kind == SERVER_NAME)
        if name.any():
            named = payloads.select(name)
            give_piece(named, at[name] + 9, named.be16(at[name] + 7).astype(np.int64))
        protocols = kind == NEXT_PROTOCOLS
        if protocols.any():
            _take_next_protocol(payloads.select(protocols), at[protocols] + 4)
        versions = kind == SUPPORTED_VERSIONS
        if versions.any():
            _take_version(payloads.select(versions), client[versions], at[versions] + 4)
        at = at + 4 + payloads.be16(at + 2)


def _take_next_protocol(payloads: Payloads, at: NDArray[np.int64]) -> None:
    """The first protocol offered, or the one chosen (RFC 7301 section 3.1), as `ALPN`'s number."""
    size = payloads.u8(at + 2)
    begin = payloads.be32(at + 3)
    for number, name in enumerate(ALPN[1:], 1):
        wanted = int.from_bytes(name[:4].ljust(4, b"\0"), "big")
        mask = np.uint32(0xFFFFFFFF << 8 * max(4 - len(name), 0) & 0xFFFFFFFF)
        payloads.select((size == len(name)) & ((begin & mask) == wanted)).set("application_count", number)


def _take_version(payloads: Payloads, client: NDArray[np.bool_], at: NDArray[np.int64]) -> None:
    """TLS 1.3 hides behind 1.2: take it from the extension (RFC 8446 section 4.2.1); browsers put GREASE first."""
    first = payloads.be16(at + client)
    second = payloads.be16(at + 3)
    new = (first == TLS13) | (client & (second == TLS13))
    payloads.select(new).set("application_type", TLS13)


TLS: Final = Application(
    Protocol.TLS,
    tcp=Over(
        ports=(
            443,
            465,
            563,
            636,
            802,
            853,
            990,
            992,
            993,
            994,
            995,
            2221,
            3269,
            5061,
            5671,
            5684,
            8443,
            8883,
        ),
        leads=tuple(bytes((record, 3)) for record in RECORDS),
        certain=_is_tls,
    ),
    fill=_fill_tls,
)
DTLS: Final = Application(
    Protocol.DTLS,
    udp=Over(
        ports=(853, 2221, 5684, 5868),
        leads=tuple(bytes((r, v)) for r in (*RECORDS, 25) for v in (0xFE, 0x01)),
        certain=_is_dtls,
    ),
    fill=_fill_dtls,
)
