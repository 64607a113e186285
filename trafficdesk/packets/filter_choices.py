"""What a display filter's field can be compared with, for completion: values with their meaning."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from trafficdesk.packets import words
from trafficdesk.packets.filter_rows import FilterField, Kind
from trafficdesk.packets.protocol import EtherType, IpProtocol, TcpFlag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trafficdesk.packets.identities import Identities

MOST_LABELS: Final = 2_000
"""Names of programs or hosts looked at; who has more types another letter."""


class Choice(NamedTuple):
    """One thing a person may write."""

    text: str
    """As the filter has it."""
    words: str
    """What it means; may be empty."""


class Known(NamedTuple):
    """What only the capture at hand can tell."""

    families: Sequence[str] = ()
    """Names of `td.family`'s numbers."""
    identities: Identities | None = None
    interfaces: Sequence[str] = ()


NOTHING_KNOWN: Final = Known()

_PORTS: Final = {
    22: "SSH", 25: "SMTP", 53: "DNS", 67: "DHCP server", 80: "HTTP", 123: "NTP", 143: "IMAP", 161: "SNMP", 389: "LDAP",
    443: "HTTPS, QUIC", 445: "SMB", 587: "SMTP submission", 853: "DNS over TLS", 993: "IMAP over TLS", 1883: "MQTT",
    3306: "MySQL", 3389: "RDP", 5060: "SIP", 5353: "mDNS", 5432: "PostgreSQL", 8080: "HTTP, alternative",
}  # fmt: skip
"""IANA "Service Name and Transport Protocol Port Number Registry", those most asked for (read 2026-11)."""

_STATUSES: Final = {
    200: "OK", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests",
    500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip
"""RFC 9110 section 15; 429 of RFC 6585."""


def _decimal(meanings: Mapping[int, str]) -> tuple[Choice, ...]:
    return tuple(Choice(str(number), meaning) for number, meaning in meanings.items())


_BY_FIELD: Final[dict[str, tuple[Choice, ...]]] = {
    **dict.fromkeys(
        [f"{name}.{side}" for name in ("tcp", "udp") for side in ("port", "srcport", "dstport")],
        _decimal(_PORTS),
    ),
    "eth.type": tuple(
        Choice(f"0x{kind:04x}", kind.name.replace("_", " "))
        for kind in EtherType
        if kind is not EtherType.NONE
    ),
    "ip.proto": tuple(Choice(str(int(kind)), kind.name.replace("_", " ")) for kind in IpProtocol),
    "tcp.flags": (
        *(Choice(f"0x{flag:03x}", flag.name or "") for flag in TcpFlag),
        Choice("0x012", "SYN, ACK"),
        Choice("0x014", "RST, ACK"),
    ),
    "arp.opcode": (Choice("1", "request"), Choice("2", "reply")),
    "icmp.type": _decimal(words.ICMP_TYPES),
    "icmpv6.type": _decimal(words.ICMPV6_TYPES),
    "igmp.type": tuple(Choice(f"0x{number:02x}", meaning) for number, meaning in words.IGMP_TYPES.items()),
    "dns.qry.type": _decimal(words.DNS_TYPES),
    "dns.flags.rcode": _decimal({0: "No error", **words.DNS_ERRORS}),
    "dns.flags.response": (Choice("0", "query"), Choice("1", "answer")),
    "tls.handshake.type": _decimal(words.TLS_HANDSHAKES),
    "http.request.method": tuple(
        Choice(f'"{method}"', "")
        for method in ("GET", "POST", "HEAD", "PUT", "DELETE", "CONNECT", "OPTIONS", "PATCH")
    ),
    "http.response.code": _decimal(_STATUSES),
    "td.score": (Choice("1", "what is above it is unusual"),),
}


def values_for(field: FilterField, known: Known) -> tuple[Choice, ...]:
    """Values of `field` that are worth offering; none where any number or text will do."""
    if field.name in _BY_FIELD:
        return _BY_FIELD[field.name]
    if field.kind is Kind.BOOLEAN:
        return (Choice("1", "yes"), Choice("0", "no"))
    if field.kind is Kind.NAMED:
        names = known.families[1:] if field.name == "td.family" else field.names
        return _quoted(sorted(set(filter(None, names)), key=str.casefold))
    if field.kind is Kind.LISTED:
        return _quoted(filter(None, known.interfaces))
    if field.kind is Kind.LABEL:
        return _quoted(filter(None, field.names)) if field.names else _labels(field, known)
    return ()


def _labels(field: FilterField, known: Known) -> tuple[Choice, ...]:
    """Names that rows of this capture have, the newest first."""
    identities = known.identities
    if (
        identities is None
        or field.labels is None
        or (field.name == "td.country" and identities.locations is None)
    ):
        return ()
    table, text_of = field.labels(identities)
    newest = reversed(table.since(1))
    texts = dict.fromkeys(text for text in map(text_of, islice(newest, MOST_LABELS)) if text)
    return _quoted(texts)


def _quoted(texts: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(Choice(quoted(text), "") for text in texts)


def quoted(text: str) -> str:
    """`text` as a filter writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
