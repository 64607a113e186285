"""One entry of a list: text to a range of addresses or to a domain, or why it is of no use."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from trafficdesk.packets.address import IPV4_PREFIX, address_text, is_local
from trafficdesk.packets.printable import shown

WIDEST: Final = {4: 8, 6: 16}
"""Shortest prefix taken, by IP version: IANA's allocations to registries are of /8 and /12 (RFC 7249); an entry that
spans more is a slip, and would accuse everybody."""
LONGEST: Final = 255
"""Characters of a domain (RFC 1035 section 2.3.4)."""
_QUOTED: Final = 60
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
"""RFC 1035 section 2.3.1, with underscores, which malware uses; of one label nobody owns the whole."""
_OURS: Final = (".localhost", ".local", ".arpa")
PLAIN_DOMAIN: Final = re.compile(rf"(?=.{{4,253}}$)(?:{_LABEL}\.)+(?!local$|localhost$|arpa$)[a-z]{{2,63}}")
"""What nearly every domain of a list looks like: nothing more has to be known of it."""
_PORT: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^:\s]+):\d{1,5}", re.IGNORECASE)
_NUMERIC: Final = re.compile(r"[0-9a-f.:/ -]{2,100}", re.IGNORECASE)
_SCHEME: Final = re.compile(r"(?:h[tx]{2}ps?|ftp)://", re.IGNORECASE)


class NotUsable(ValueError):  # noqa: N818  # named after what the person is told
    """An entry that is not taken; its text is the reason."""


@dataclass(frozen=True, slots=True)
class Span:
    """Addresses from `low` to `high`, both included, 16 bytes each."""

    low: bytes
    high: bytes

    @property
    def text(self) -> str:
        """As a list has it: "203.0.113.7", "203.0.113.0/24", "203.0.113.7-203.0.113.9"."""
        return span_text(self.low, self.high)


def indicator_of(text: str) -> Span | bytes:
    """A range of addresses, or a domain: lower case, IDNA's ASCII form, without a leading wildcard.

    Raises
    ------
    NotUsable
        If it is neither, or would accuse this network or the whole Internet.
    """
    token = text.strip().strip("'\"").strip()
    if "[.]" in token:  # "defanged", so that nobody clicks on it
        token = token.replace("[.]", ".")
    if _SCHEME.match(token):
        token = _host_of_url(token)
    span = _span_of(token)
    if span is None and (found := _PORT.fullmatch(token)):
        token = found[1]
        span = _span_of(token.strip("[]"))
    if span is None:
        return _domain_of(token)
    _refuse_wide(span)
    return span


def quoted(text: str) -> str:
    """Foreign text in a sentence: printable, short."""
    return f"“{shown(text.strip(), _QUOTED)}”"


def span_text(low: bytes, high: bytes) -> str:
    """Text of a range of addresses."""
    if low == high:
        return address_text(low)
    first, last = int.from_bytes(low), int.from_bytes(high)
    host_bits = (first ^ last).bit_length()
    if first >> host_bits << host_bits == first and last - first == (1 << host_bits) - 1:
        bits = 32 if low.startswith(IPV4_PREFIX) else 128
        return f"{address_text(low)}/{bits - host_bits}"
    return f"{address_text(low)}-{address_text(high)}"


def _host_of_url(url: str) -> str:
    host, slash, path = url.split("://", 1)[1].partition("/")
    if slash and path.strip("/"):
        raise NotUsable(f"{quoted(url)} is one page; its host may be everybody's")
    return host


def _span_of(token: str) -> Span | None:
    if not _NUMERIC.fullmatch(token):  # parsing what is no address costs more than all the rest
        return None
    try:
        if "/" in token:
            network = ipaddress.ip_network(token, strict=False)
            return Span(_packed(network.network_address), _packed(network.broadcast_address))
        if "-" in token:
            first, _, last = token.partition("-")
            low, high = (_packed(ipaddress.ip_address(end.strip())) for end in (first, last))
            return Span(min(low, high), max(low, high))
        address = _packed(ipaddress.ip_address(token))
    except ValueError:
        return None
    return Span(address, address)


def _packed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bytes:
    if isinstance(address, ipaddress.IPv4Address):
        return IPV4_PREFIX + address.packed
    if address.scope_id is not None:
        raise ValueError("a zone means something on its own computer alone")
    return address.packed


def _refuse_wide(span: Span) -> None:
    bits = 32 if span.low.startswith(IPV4_PREFIX) and span.high.startswith(IPV4_PREFIX) else 128
    size = int.from_bytes(span.high) - int.from_bytes(span.low) + 1
    if size > 1 << (bits - WIDEST[4 if bits == 32 else 6]):
        raise NotUsable(f"{span.text} is too wide: it would accuse a large part of the Internet")
    if _touches_local(span):
        raise NotUsable(f"{span.text} is private or reserved: it would accuse your own network")


def _touches_local(span: Span) -> bool:
    """Whether an end is local, or a local network lies within: none of those begins inside another's half."""
    ends = np.frombuffer(span.low + span.high, "V16")
    if is_local(ends).any():
        return True
    return any(span.low <= start <= span.high for start in _LOCAL_STARTS)


_LOCAL_STARTS: Final = tuple(
    _packed(ipaddress.ip_address(text))
    for text in (
        "0.0.0.0",  # noqa: S104  # nothing is bound
        "10.0.0.0", "100.64.0.0", "127.0.0.0", "169.254.0.0", "172.16.0.0", "192.168.0.0",
        "198.18.0.0", "224.0.0.0", "::", "fc00::", "fe80::", "ff00::",
    )
)  # fmt: skip
"""First addresses of what `packets.address.is_local` calls local."""


def _domain_of(token: str) -> bytes:
    name = token.lower().removeprefix("*").strip(".")
    if len(name) > LONGEST:
        raise NotUsable(f"{quoted(token)} is too long for a name")
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            raise NotUsable(f"{quoted(token)} is no address and no name") from None
    if not _DOMAIN.fullmatch(name) or name.endswith(_OURS):
        raise NotUsable(f"{quoted(token)} is no address and no name of the Internet")
    return name.encode("ascii")
