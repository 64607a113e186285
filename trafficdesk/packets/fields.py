"""The one schema of a packet: name, dtype, unit and source of every column.

A `PacketBatch` and the `PacketLog` hold one array per field. "None" is -1 where the dtype is signed; the other
sentinels are named here. Addresses are 16 bytes, IPv4 mapped into IPv6 (RFC 4291 section 2.5.5.2); they are `V16`
because numpy strips trailing NUL bytes from `S16`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

NO_MAC: Final = np.uint64(0xFFFF_FFFF_FFFF_FFFE)
"""A frame without link-layer addresses (the broadcast address is 0xFFFFFFFFFFFF)."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the schema."""

    name: str
    dtype: str
    """numpy type string."""
    meaning: str
    """Unit first, then source."""


FIELDS: Final = (
    Field("timestamp_ns", "i8", "nanoseconds since the Unix epoch, UTC, from the capture"),
    Field("length", "u4", "bytes on the wire"),
    Field("captured_length", "u4", "bytes captured"),
    Field("link_type", "u2", "LINKTYPE_ value (https://www.tcpdump.org/linktypes.html)"),
    Field("interface", "u2", "number of the interface within its capture, from 0; the source has the names"),
    Field("vlan", "i2", "outermost VLAN identifier (IEEE 802.1Q), -1 = untagged"),
    Field("source_mac", "u8", "48-bit address as a number, NO_MAC = none"),
    Field("destination_mac", "u8", "48-bit address as a number, NO_MAC = none"),
    Field("network", "u2", "EtherType of the outermost network header; 0 = none recognised"),
    Field(
        "source",
        "V16",
        "outermost network source; ARP: sender protocol address; valid where network is IP or ARP",
    ),
    Field("destination", "V16", "outermost network destination; ARP: target protocol address"),
    Field("ip_protocol", "i2", "IANA protocol number after IPv6 extension headers, -1 = not IP"),
    Field("ttl", "i2", "time to live / hop limit, -1 = not IP"),
    Field("fragment_offset", "i4", "bytes; -1 = not a fragment, 0 = first fragment"),
    Field("source_port", "i4", "TCP, UDP, SCTP, DCCP, UDP-Lite; -1 = none"),
    Field("destination_port", "i4", "as source_port"),
    Field("tcp_flags", "u2", "12 bits (RFC 9293 section 3.1); 0 where not TCP"),
    Field("tcp_sequence", "u4", "raw sequence number; 0 where not TCP"),
    Field("tcp_acknowledgement", "u4", "raw acknowledgement number; 0 where not TCP"),
    Field("tcp_window", "u2", "window field, unscaled; 0 where not TCP"),
    Field(
        "tcp_relative_sequence", "u4", "sequence number from its direction's first one; 0 where not followed"
    ),
    Field("tcp_relative_acknowledgement", "u4", "acknowledgement from the other direction's first one"),
    Field(
        "tcp_notes", "u2", "`TcpNote`: retransmission, out of order, zero window, ...; 0 where not followed"
    ),
    Field("payload_offset", "u4", "bytes from the start of the frame to the transport's payload"),
    Field("payload_length", "u4", "bytes of transport payload on the wire, after the headers' own lengths"),
    Field("message_type", "i2", "ICMP, ICMPv6 or IGMP type, ARP operation; -1 = none"),
    Field("message_code", "i2", "ICMP or ICMPv6 code; -1 = none"),
    Field("protocol", "u2", "`Protocol`: the top-most one recognised"),
    Field("status", "u1", "`Status`"),
    Field(
        "tunnel",
        "u1",
        "`Tunnel`; where not 0 the inner packet's `INNER_DTYPE` follows the row's text in the arena",
    ),
    Field("application_id", "u2", "DNS transaction ID; 0 otherwise"),
    Field(
        "application_code",
        "u2",
        "DNS flags word, HTTP status, TLS record<<8|handshake type, DHCP message type, ...",
    ),
    Field("application_type", "u2", "DNS query type, TLS or QUIC version (low 16 bits), NTP mode, ..."),
    Field("application_count", "u2", "DNS answer count; 0 otherwise"),
    Field("text_start", "i8", "where this packet's application text begins in the text arena"),
    Field(
        "text_length",
        "u2",
        "bytes of application text: DNS query name, TLS server name, HTTP request line, ...",
    ),
    Field("name_hash", "u8", "64-bit hash of the lower-cased application text; 0 = none"),
    Field("name_entropy", "f4", "bits per character of the first label of a DNS query name; 0 otherwise"),
)

PACKET_DTYPE: Final = np.dtype([(field.name, field.dtype) for field in FIELDS])
"""The schema as one numpy dtype; columns are stored apart, the dtype names and types them."""

INNER_DTYPE: Final = np.dtype(
    [
        ("source", "V16"),
        ("destination", "V16"),
        ("source_port", "i4"),
        ("destination_port", "i4"),
        ("payload_length", "u4"),
        ("network", "u2"),
        ("tcp_flags", "u2"),
        ("ip_protocol", "i2"),
    ]
)
"""The innermost packet of a tunnel, as the columns of the same names; kept beside the text because few rows have one."""

COLUMN_NAMES: Final = tuple(field.name for field in FIELDS)

NONE_VALUES: Final = {
    "vlan": -1,
    "source_mac": NO_MAC,
    "destination_mac": NO_MAC,
    "ip_protocol": -1,
    "ttl": -1,
    "fragment_offset": -1,
    "source_port": -1,
    "destination_port": -1,
    "message_type": -1,
    "message_code": -1,
}
"""Columns whose "none" is not all-zero bytes."""


def empty_columns(rows: int) -> dict[str, np.ndarray]:
    """Writable columns of `rows` rows, every value "none"."""
    columns = {}
    for field in FIELDS:
        column = np.zeros(rows, field.dtype)
        if field.name in NONE_VALUES:
            column[:] = NONE_VALUES[field.name]
        columns[field.name] = column
    return columns


def arena_lengths(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.int64]:
    """(rows,) bytes that each row has in the text arena: its text and, behind a tunnel, the inner packet."""
    lengths: NDArray[np.int64] = columns["text_length"].astype(np.int64)
    lengths += (columns["tunnel"] != 0) * np.int64(INNER_DTYPE.itemsize)
    return lengths
