"""The lines of `info`, one function per kind of protocol: (batch, rows) to (rows, width) bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets import words
from trafficdesk.packets.address import address_texts, mac_texts
from trafficdesk.packets.pieces import (
    Piece,
    constant,
    decimals,
    hexadecimals16,
    join,
    labels,
    ports,
    table,
    texts_of,
)
from trafficdesk.packets.protocol import EtherType, Protocol, TcpFlag, TcpNote

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

    Line = Callable[[PacketBatch, NDArray[np.int64]], NDArray[np.uint8]]
    """Writes the lines of some rows."""

_RESPONSE: Final = 0x8000
"""DNS flags: RFC 1035 section 4.1.1."""


def _ports(batch: PacketBatch, rows: NDArray[np.int64]) -> list[Piece]:
    source, destination = (batch[name][rows] for name in ("source_port", "destination_port"))
    return [ports().of(source), constant(" → "), ports().of(destination)]


def tcp(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`51234 → 443 [SYN, ACK] Seq=1 Ack=2 Win=3 Len=0`."""
    if not (batch["source_port"][rows] >= 0).all():
        return other(batch, rows)
    flags = batch["tcp_flags"][rows]
    acknowledges = (flags & TcpFlag.ACK) != 0
    followed = (batch["tcp_notes"][rows] & TcpNote.FOLLOWED) != 0
    sequence, acknowledged = (
        np.where(followed, batch[f"tcp_relative_{name}"][rows], batch[f"tcp_{name}"][rows])
        for name in ("sequence", "acknowledgement")
    )
    acknowledgement = [constant(" Ack="), *decimals(acknowledged)]
    if not acknowledges.all():
        acknowledgement = [piece.only(acknowledges) for piece in acknowledgement]
    return join(
        len(rows),
        [
            *_ports(batch, rows),
            labels(flags, lambda key: f" [{words.tcp_flags(key)}] Seq="),
            *decimals(sequence),
            *acknowledgement,
            constant(" Win="),
            *decimals(batch["tcp_window"][rows]),
            *_size(batch, rows),
        ],
    )


def _size(batch: PacketBatch, rows: NDArray[np.int64]) -> list[Piece]:
    return [constant(" Len="), *decimals(batch["payload_length"][rows])]


def other(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`5000 → 6000 Len=40`, without ports `Len=40`: payload, or where there is none known the frame."""
    ported = (batch["source_port"][rows] >= 0) & (batch["destination_port"][rows] >= 0)
    if ported.all():
        return join(len(rows), [*_ports(batch, rows), *_size(batch, rows)])
    size = np.where(batch["payload_length"][rows] > 0, batch["payload_length"][rows], batch["length"][rows])
    plain = [constant("Len="), *decimals(size)]
    if not ported.any():
        return join(len(rows), plain)
    with_ports = [piece.only(ported) for piece in (*_ports(batch, rows), constant(" "))]
    return join(len(rows), [*with_ports, *plain])


def fragments(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`Fragmented IP protocol (proto=UDP 17, off=1480)`."""
    new = batch["network"][rows] == EtherType.IPV6
    return join(
        len(rows),
        [
            table(["Fragmented IP protocol (proto=", "IPv6 fragment (nxt="]).of(new.astype(np.int64)),
            labels(np.maximum(batch["ip_protocol"][rows], 0), words.ip_protocol),
            constant(", off="),
            *decimals(batch["fragment_offset"][rows]),
            constant(")"),
        ],
    )


def _dns_words(code: int) -> str:
    operation = words.DNS_OPERATIONS.get(code >> 11 & 0xF, "Unknown operation")
    return f"{operation} response " if code & _RESPONSE else f"{operation} "


def _dns_error(code: int) -> str:
    error = code & 0xF
    return f" {words.DNS_ERRORS.get(error, f'Error {error}')}" if code & _RESPONSE and error else ""


def _dns_type(number: int) -> str:
    return f" {words.DNS_TYPES.get(number, f'TYPE{number}')} "


def _answers(key: int) -> str:
    count = key - 1
    return "" if count < 0 else ", 1 answer" if count == 1 else f", {count} answers"


def dns(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`Standard query response 0x1a2b A example.com, 2 answers`."""
    code = batch["application_code"][rows]
    kind = batch["application_type"][rows]
    succeeded = ((code & _RESPONSE) != 0) & ((code & 0xF) == 0)
    return join(
        len(rows),
        [
            labels(code, _dns_words),
            hexadecimals16(batch["application_id"][rows]),
            labels(code, _dns_error),
            labels(kind, _dns_type).only(kind > 0),
            texts_of(batch, rows),
            labels((batch["application_count"][rows].astype(np.int64) + 1) * succeeded, _answers),
        ],
    )


def netbios_names(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`Name query NB WORKGROUP<1d>`."""

    def operation(code: int) -> str:
        name = words.NETBIOS_OPERATIONS.get(code >> 11 & 0xF, "Unknown operation")
        return f"{name} response" if code & _RESPONSE else name

    pieces = [
        labels(batch["application_code"][rows], operation),
        labels(batch["application_type"][rows], _dns_type),
    ]
    return join(len(rows), [*pieces, texts_of(batch, rows)])


def _lines(without: str, *, client: str = "", server: str = "", service: tuple[int, ...] = ()) -> Line:
    """The text line after who says it, or `without` and the length where there is no text."""

    def line(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        answers = np.isin(batch["source_port"][rows], service).astype(np.int64)
        silent = batch["text_length"][rows] == 0
        pieces = [table([client, server]).of(answers)] if service else []
        pieces.append(texts_of(batch, rows))
        if silent.any():
            pieces += [piece.only(silent) for piece in (constant(f"{without} (len="), *_number(batch, rows))]
            pieces.append(constant(")").only(silent))
        return join(len(rows), pieces)

    return line


def _number(batch: PacketBatch, rows: NDArray[np.int64]) -> list[Piece]:
    return decimals(batch["payload_length"][rows])


def named(name: Callable[[int], str], column: str = "application_code", *, size: bool = True) -> Line:
    """A word for the column's number, and the length."""

    def line(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        pieces = [labels(batch[column][rows], name)]
        return join(len(rows), [*pieces, constant(","), *_size(batch, rows)] if size else pieces)

    return line


def dhcp(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`DHCP Discover, host laptop`; `Boot Request` where no message type says more."""

    def name(key: int) -> str:
        code, operation = key & 0xFF, key >> 8
        if code:
            return f"DHCP {words.DHCP_MESSAGES.get(code, f'Type {code}')}"
        return {1: "Boot Request", 2: "Boot Reply"}.get(operation, "Boot")

    keys = (batch["application_type"][rows].astype(np.int64) << 8) | batch["application_code"][rows]
    named = constant(", host ").only(batch["text_length"][rows] > 0)
    return join(len(rows), [labels(keys, name), named, texts_of(batch, rows)])


def ntp(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`NTP Version 4, client`."""
    version = labels(batch["application_code"][rows], lambda code: f"NTP Version {code}, ")
    mode = labels(batch["application_type"][rows], lambda kind: words.NTP_MODES.get(kind, str(kind)))
    return join(len(rows), [version, mode])


def _stun_words(kind: int) -> str:
    """Method and class are interleaved (RFC 8489 section 5)."""
    if kind >= 0x4000:
        return "ChannelData TURN Message"
    method = (kind & 0x000F) | (kind & 0x00E0) >> 1 | (kind & 0x3E00) >> 2
    group = (kind & 0x0010) >> 4 | (kind & 0x0100) >> 7
    return f"{words.STUN_METHODS.get(method, f'Method {method}')} {words.STUN_CLASSES[group]}"


def arp(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """`Who has 10.0.0.1? Tell 10.0.0.2`, `10.0.0.2 is at 00:11:22:33:44:55`."""
    sender, target = (table(address_texts(batch[name][rows]).tolist()) for name in ("source", "destination"))
    asks = batch["message_type"][rows] == 1
    answers = batch["message_type"][rows] == 2
    station = table(mac_texts(batch["source_mac"][rows]).tolist())
    return join(
        len(rows),
        [
            *(piece.only(asks) for piece in (constant("Who has "), target, constant("? Tell "), sender)),
            *(piece.only(answers) for piece in (sender, constant(" is at "), station)),
            labels(np.maximum(batch["message_type"][rows], 0), lambda kind: f"Operation {kind}").only(
                ~asks & ~answers
            ),
        ],
    )


def _messages(kinds: dict[int, str], codes: dict[tuple[int, int], str]) -> Line:
    """ICMP's type and code in words."""

    def line(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        kind, code = (
            np.maximum(batch[name][rows], 0).astype(np.int64) for name in ("message_type", "message_code")
        )
        known = batch["message_type"][rows] >= 0
        lines = labels((kind << 8) | (code & 0xFF), lambda key: words.typed(kinds, codes, key)).only(known)
        return join(len(rows), [lines, constant("Truncated").only(~known)])

    return line


_MAIL_LINES: Final = {"client": "Request: ", "server": "Response: "}
LINES: Final[dict[int, Line]] = {
    Protocol.TCP: tcp,
    Protocol.DNS: dns,
    Protocol.MDNS: dns,
    Protocol.LLMNR: dns,
    Protocol.NBNS: netbios_names,
    Protocol.HTTP: _lines("Continuation"),
    Protocol.SIP: _lines("Continuation"),
    Protocol.RTSP: _lines("Continuation"),
    Protocol.SSDP: _lines("SSDP"),
    Protocol.SYSLOG: _lines("Syslog"),
    Protocol.FIX: _lines("Continuation"),
    Protocol.SSH: _lines("Encrypted packet", client="Client: ", server="Server: ", service=(22, 29418)),
    Protocol.SMTP: _lines("Data", client="C: ", server="S: ", service=(25, 587)),
    Protocol.FTP: _lines("Data", **_MAIL_LINES, service=(21,)),
    Protocol.IMAP: _lines("Data", **_MAIL_LINES, service=(143,)),
    Protocol.POP: _lines("Data", **_MAIL_LINES, service=(110,)),
    Protocol.IRC: _lines("Data", **_MAIL_LINES, service=(6667, 57000)),
    Protocol.DHCP: dhcp,
    Protocol.DHCPV6: named(lambda code: words.DHCPV6_MESSAGES.get(code, f"Message type {code}"), size=False),
    Protocol.QUIC: named(lambda code: words.QUIC_PACKETS.get(code, "Long header")),
    Protocol.NTP: ntp,
    Protocol.STUN: named(_stun_words, "application_type", size=False),
    Protocol.WIREGUARD: named(lambda code: words.WIREGUARD_MESSAGES.get(code, f"Type {code}")),
    Protocol.BGP: named(lambda code: f"{words.BGP_MESSAGES.get(code, 'Continuation')} Message", size=False),
    Protocol.MQTT: named(lambda code: words.MQTT_PACKETS.get(code, "Continuation"), size=False),
    Protocol.SMB: named(lambda code: words.SMB1_COMMANDS.get(code, f"Command 0x{code:02x}")),
    Protocol.SMB2: named(lambda code: words.SMB2_COMMANDS[code] if code < 19 else f"Command {code}"),
    Protocol.RTCP: named(
        lambda kind: words.RTCP_TYPES.get(kind, f"Type {kind}"), "application_type", size=False
    ),
    Protocol.ARP: arp,
    Protocol.RARP: arp,
    Protocol.ICMP: _messages(words.ICMP_TYPES, words.ICMP_CODES),
    Protocol.ICMPV6: _messages(words.ICMPV6_TYPES, words.ICMPV6_CODES),
    Protocol.IGMP: named(
        lambda kind: words.IGMP_TYPES.get(kind, f"Type 0x{kind:02x}"), "message_type", size=False
    ),
}
"""Who writes the line of each protocol; the rest is `other`'s."""
