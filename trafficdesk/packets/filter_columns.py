"""How a display filter's fields look at the columns: which rows have a field, and what it is in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.filter_rows import Column, Mask, Rows, Values
from trafficdesk.packets.protocol import EtherType, IpProtocol, LinkType
from trafficdesk.packets.protocols import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


def equals(column: str, *numbers: int) -> Callable[[Rows], Mask]:
    """Rows whose column is one of `numbers`."""
    if len(numbers) == 1:
        return lambda rows: rows.column(column) == numbers[0]
    return lambda rows: np.isin(rows.column(column), numbers)


def every(rows: Rows) -> Mask:
    """All rows."""
    return np.ones(len(rows.batch), np.bool_)


def both(first: Callable[[Rows], Mask], second: Callable[[Rows], Mask]) -> Callable[[Rows], Mask]:
    """Rows that both choose."""
    return lambda rows: first(rows) & second(rows)


def either(first: Callable[[Rows], Mask], second: Callable[[Rows], Mask]) -> Callable[[Rows], Mask]:
    """Rows that one of them chooses."""
    return lambda rows: first(rows) | second(rows)


def at_least(column: str, least: int) -> Callable[[Rows], Mask]:
    """Rows whose column is not below `least`."""
    return lambda rows: rows.column(column) >= least


def reads(present: Callable[[Rows], Mask], *columns: str) -> Callable[[Rows], Values]:
    """Columns as they are, of rows that are `present`."""
    return lambda rows: Values(present(rows), tuple(rows.column(name) for name in columns))


def derived(present: Callable[[Rows], Mask], value: Callable[[Rows], Column]) -> Callable[[Rows], Values]:
    """A column that has to be worked out."""
    return lambda rows: Values(present(rows), (value(rows),))


def bit(column: str, mask: int) -> Callable[[Rows], Column]:
    """Whether any bit of `mask` is set."""
    return lambda rows: (rows.column(column) & mask) != 0


def bits(column: str, shift: int, mask: int) -> Callable[[Rows], Column]:
    """Bits of a column, shifted down."""
    return lambda rows: (rows.column(column) >> shift) & mask


def ipv4(present: Callable[[Rows], Mask], *columns: str) -> Callable[[Rows], Values]:
    """Columns of addresses as 32-bit numbers."""
    return lambda rows: Values(
        present(rows), tuple(_words(rows.column(name), ">u4", 4)[:, 3] for name in columns)
    )


def ipv6(*columns: str) -> Callable[[Rows], Values]:
    """Columns of addresses as big-endian halves."""
    return lambda rows: Values(IPV6(rows), tuple(_words(rows.column(name), ">u8", 2) for name in columns))


def _words(addresses: Column, dtype: str, count: int) -> Column:
    return np.ascontiguousarray(addresses).view(dtype).reshape(-1, count)


def transport(*numbers: IpProtocol) -> Callable[[Rows], Mask]:
    """Rows that have a transport protocol's header; later fragments only know its ports."""
    with_ports = both(equals("ip_protocol", *numbers), at_least("source_port", 0))
    return both(with_ports, lambda rows: rows.column("fragment_offset") <= 0)


def messages(number: IpProtocol) -> Callable[[Rows], Mask]:
    """Rows of a control protocol that have its message type."""
    return both(equals("ip_protocol", number), at_least("message_type", 0))


def application(*protocols: Protocol) -> Callable[[Rows], Mask]:
    """Rows that were recognised as one of `protocols` by what they carry."""
    # A row whose payload was cut off is named by its port; Wireshark, which has nothing to dissect, leaves it unnamed.
    return both(
        equals("protocol", *protocols),
        lambda rows: rows.column("captured_length") > rows.column("payload_offset"),
    )


def with_text(*protocols: Protocol) -> Callable[[Rows], Mask]:
    """Those of them that have a text."""
    return both(application(*protocols), at_least("text_length", 1))


def nested(read: Callable[[Rows], Values]) -> Callable[[Rows], Values]:
    """`read` of the row, and of the packet inside its tunnel.

    A field occurs in every row equally often here, so what a row has once stands for itself twice: neither "any" nor
    "all" of them notices.
    """

    def both_of(rows: Rows) -> Values:
        outer = read(rows)
        if rows.inner is None:
            return outer
        found = read(rows.inner)
        assert rows.inner.carrying is not None
        where = rows.inner.carrying[found.present]
        lone = where[~outer.present[where]]
        filled, added = [], []
        for column, inside in zip(outer.occurrences, found.occurrences, strict=True):
            second = column.copy()
            second[where] = inside[found.present]
            first = column.copy()
            first[lone] = second[lone]
            filled.append(first)
            added.append(second)
        present = outer.present.copy()
        present[where] = True
        return Values(present, (*filled, *added))

    return both_of


ETHERNET: Final = equals("link_type", LinkType.ETHERNET)
VLAN: Final = at_least("vlan", 0)
IPV4: Final = equals("network", EtherType.IPV4)
IPV6: Final = equals("network", EtherType.IPV6)
ARP: Final = equals("network", EtherType.ARP)
TCP: Final = transport(IpProtocol.TCP)
# Wireshark's UDP-Lite dissector fills the fields of UDP.
UDP_PORTS: Final = transport(IpProtocol.UDP, IpProtocol.UDPLITE)
SCTP: Final = transport(IpProtocol.SCTP)
DNS: Final = application(Protocol.DNS, Protocol.MDNS, Protocol.LLMNR)
ASKING: Final = either(
    application(Protocol.DNS, Protocol.LLMNR),
    # Answers of mDNS repeat no question (RFC 6762 section 6): the text is the first answer's name.
    both(application(Protocol.MDNS), lambda rows: rows.column("application_code") < 0x8000),
)
DNS_NAME: Final = both(ASKING, at_least("text_length", 1))
HELLO: Final = with_text(Protocol.QUIC)
"""QUIC packets whose client hello was read: they have TLS inside (RFC 9001 section 4)."""
HANDSHAKE: Final = either(
    both(application(Protocol.TLS), lambda rows: rows.column("application_code") >> 8 == 22), HELLO
)
RESPONSE: Final = both(application(Protocol.HTTP, Protocol.SSDP), at_least("application_code", 100))
REQUEST: Final = both(
    with_text(Protocol.HTTP, Protocol.SSDP), lambda rows: rows.column("application_code") < 100
)
