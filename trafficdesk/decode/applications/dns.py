"""DNS (RFC 1035) over UDP and TCP, multicast DNS (RFC 6762) and LLMNR (RFC 4795): one message format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.decode.applications.domain_names import Names, walk_names
from trafficdesk.decode.applications.text import entropies, give_text, positions
from trafficdesk.packets.protocol import Protocol, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

PORT: Final = 53
OTHER_PORTS: Final = (443, 553, 1053, 1443, 2053, 4343, 8053, 8443)
"""Where resolvers answer besides: DNSCrypt, and those that evade a blocked port 53."""
HEADER_BYTES: Final = 12
"""RFC 1035 section 4.1.1."""
TCP_PREFIX_BYTES: Final = 2
"""The message length before each message over TCP (RFC 1035 section 4.2.2)."""


def _fill_messages(payloads: Payloads, base: int, give: Callable[[Payloads, Names], None]) -> None:
    """Fill the columns from messages `base` bytes into their payloads; `give` stores the name."""
    whole = payloads.captured >= base + HEADER_BYTES
    if not whole.all():
        _mark_short(payloads.select(~whole), base)
        payloads = payloads.select(whole)
    if not len(payloads):
        return
    payloads.set("application_id", payloads.be16(base))
    payloads.set("application_code", payloads.be16(base + 2))
    payloads.set("application_count", payloads.be16(base + 6))
    named = np.flatnonzero(payloads.head[:, base + 4 : base + HEADER_BYTES].any(axis=1))
    if len(named) < len(payloads):
        payloads = payloads.select(named)
    message = payloads.at + base
    names = walk_names(payloads, message, message + HEADER_BYTES)
    payloads.set(
        "application_type", payloads.be16(np.maximum(names.after - payloads.at, 0)) * (names.after > 0)
    )
    give(payloads, names)
    for status in (Status.TRUNCATED, Status.MALFORMED):
        faulty = names.status == status
        if faulty.any():
            payloads.workspace.mark(payloads.rows[faulty], status)


def _mark_short(payloads: Payloads, base: int) -> None:
    """Mark messages whose header is not all there."""
    cut = payloads.captured < payloads.lengths
    segment = payloads.lengths < base + HEADER_BYTES
    # A TCP segment may well hold less than one message: that is no fault.
    if base == 0:
        payloads.workspace.mark(payloads.rows[segment], Status.MALFORMED)
    payloads.workspace.mark(payloads.rows[cut & ~segment], Status.TRUNCATED)


def _give_name(payloads: Payloads, names: Names) -> None:
    """Store the dotted name, its hash, and its first label's entropy."""
    give_text(payloads, names.flat, names.lengths)
    starts = np.cumsum(names.lengths) - names.lengths
    payloads.set(
        "name_entropy", entropies(names.flat[positions(starts, names.first_labels)], names.first_labels)
    )


def is_dns(payloads: Payloads) -> NDArray[np.bool_]:
    """Which datagrams look like DNS on a port that is not its own: one question, known bits and codes, a short label."""
    flags = payloads.be16(2)
    answers, authorities, others = (payloads.be16(at) for at in (6, 8, 10))
    query = (flags & 0xFFCF) == (flags & 0x0100)
    counts = np.where(
        query, (answers == 0) & (authorities == 0) & (others <= 2), (answers | authorities | others) < 256
    )
    header = (flags & 0x7840) == 0
    label = payloads.head[:, HEADER_BYTES]
    found: NDArray[np.bool_] = (
        header & counts & (payloads.be16(4) == 1) & (label > 0) & (label < 64) & (payloads.lengths >= 17)
    )
    return found


def _is_on_port(payloads: Payloads) -> NDArray[np.bool_]:
    own: NDArray[np.bool_] = (payloads.column("source_port") == PORT) | (
        payloads.column("destination_port") == PORT
    )
    return own if own.all() else own | is_dns(payloads)


def _fill_datagrams(payloads: Payloads) -> None:
    _fill_messages(payloads, 0, _give_name)


def _fill(payloads: Payloads) -> None:
    over_tcp = payloads.column("ip_protocol") == 6
    if not over_tcp.any():
        _fill_datagrams(payloads)
        return
    _fill_datagrams(payloads.select(~over_tcp))
    _fill_messages(payloads.select(over_tcp), TCP_PREFIX_BYTES, _give_name)


def _give_netbios_name(payloads: Payloads, names: Names) -> None:
    """Store the NetBIOS name: half-ASCII of RFC 1001 section 14.1 decoded, padding off, the type as `<1d>`."""
    starts = np.cumsum(names.lengths) - names.lengths
    encoded = names.first_labels == 32
    plain = payloads.select(~encoded)
    plain_lengths = names.lengths[~encoded]
    give_text(plain, names.flat[positions(starts[~encoded], plain_lengths)], plain_lengths)
    codes = names.flat[starts[encoded, None] + np.arange(32)] - np.uint8(ord("A"))
    raw = (codes[:, 0::2] << np.uint8(4)) | (codes[:, 1::2] & np.uint8(15))
    texts, lengths = _with_type(raw)
    give_text(payloads.select(encoded), texts, lengths)


def _with_type(raw: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Flat `NAME<1d>` of (rows, 16) NetBIOS names, and their lengths."""
    hexadecimal = np.frombuffer(b"0123456789abcdef", np.uint8)
    padded = (raw[:, :15] != ord(" ")) & (raw[:, :15] != 0)
    sizes = np.where(padded.any(axis=1), 15 - padded[:, ::-1].argmax(axis=1), 0)
    table = np.zeros((len(raw), 19), np.uint8)
    table[:, :15] = raw[:, :15]
    tail = np.zeros((len(raw), 4), np.uint8)
    tail[:, 0], tail[:, 3] = ord("<"), ord(">")
    tail[:, 1], tail[:, 2] = hexadecimal[raw[:, 15] >> np.uint8(4)], hexadecimal[raw[:, 15] & np.uint8(15)]
    table[np.arange(len(raw))[:, None], sizes[:, None] + np.arange(4)] = tail
    lengths = (sizes + 4).astype(np.int64)
    return table[np.arange(19) < lengths[:, None]], lengths


def _fill_netbios(payloads: Payloads) -> None:
    _fill_messages(payloads, 0, _give_netbios_name)


DNS: Final = Application(
    Protocol.DNS,
    tcp=Over(ports=(PORT,)),
    udp=Over(ports=(PORT, *OTHER_PORTS), plausible=_is_on_port),
    fill=_fill,
)
MDNS: Final = Application(Protocol.MDNS, udp=Over(ports=(5353,)), fill=_fill_datagrams)
LLMNR: Final = Application(Protocol.LLMNR, udp=Over(ports=(5355,)), fill=_fill_datagrams)
NBNS: Final = Application(Protocol.NBNS, udp=Over(ports=(137,)), fill=_fill_netbios)
