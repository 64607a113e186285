"""Builders of frames, header by header, with right lengths and checksums: for the sample and for tests.

Addresses are packed bytes: 6 for the link, 4 or 16 for the network. Where `length` is given, the payload handed over
is only the beginning of a longer one: the headers claim `length` bytes, as in a capture with a snap length, and the
checksum is the one of the payload continued with zeros.
"""

from __future__ import annotations

import struct
from typing import Final

from trafficdesk.packets.protocol import EtherType, IpProtocol

BROADCAST: Final = b"\xff" * 6
MINIMUM_FRAME: Final = 60
"""Bytes of an Ethernet frame without its checksum (IEEE 802.3): shorter ones arrive padded."""


def internet_checksum(data: bytes) -> int:
    """RFC 1071: the complement of the one's complement sum of 16-bit words."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def ethernet(
    source: bytes, destination: bytes, ether_type: int, payload: bytes, *, padded: bool = False
) -> bytes:
    """Ethernet II; `padded` to the minimum, as a frame that arrived over the wire is."""
    frame = destination + source + struct.pack(">H", ether_type) + payload
    return frame.ljust(MINIMUM_FRAME, b"\0") if padded else frame


def vlan(identifier: int, ether_type: int, payload: bytes) -> bytes:
    """Payload of EtherType 0x8100 or 0x88A8 (IEEE 802.1Q)."""
    return struct.pack(">HH", identifier, ether_type) + payload


def arp(operation: int, sender: tuple[bytes, bytes], target: tuple[bytes, bytes]) -> bytes:
    """RFC 826 for Ethernet and IPv4; `sender` and `target` are (link, network) addresses."""
    return struct.pack(">HHBBH", 1, EtherType.IPV4, 6, 4, operation) + b"".join(sender) + b"".join(target)


def ipv4(
    source: bytes,
    destination: bytes,
    protocol: int,
    payload: bytes,
    *,
    ttl: int = 64,
    identification: int = 0,
    fragment: int = 0x4000,
    options: bytes = b"",
    length: int | None = None,
) -> bytes:
    """RFC 791; `fragment` is flags and offset (0x4000 = don't fragment), `options` a multiple of 4 bytes."""
    words = 5 + len(options) // 4
    total = words * 4 + (len(payload) if length is None else length)
    head = struct.pack(
        ">BBHHHBBH4s4s",
        0x40 | words,
        0,
        total,
        identification,
        fragment,
        ttl,
        protocol,
        0,
        source,
        destination,
    )
    checksum = internet_checksum(head + options)
    return head[:10] + struct.pack(">H", checksum) + head[12:] + options + payload


def ipv6(
    source: bytes,
    destination: bytes,
    next_header: int,
    payload: bytes,
    *,
    hop_limit: int = 64,
    flow_label: int = 0,
    length: int | None = None,
) -> bytes:
    """RFC 8200."""
    size = len(payload) if length is None else length
    return (
        struct.pack(">IHBB", 0x6000_0000 | flow_label, size, next_header, hop_limit)
        + source
        + destination
        + payload
    )


def tcp(
    addresses: tuple[bytes, bytes],
    ports: tuple[int, int],
    *,
    sequence: int = 0,
    acknowledgement: int = 0,
    flags: int = 0,
    window: int = 64_240,
    options: bytes = b"",
    payload: bytes = b"",
    length: int | None = None,
) -> bytes:
    """RFC 9293; `addresses` (source, destination) are for the checksum, `options` a multiple of 4 bytes."""
    words = 5 + len(options) // 4
    head = struct.pack(
        ">HHIIHHHH",
        *ports,
        sequence & 0xFFFF_FFFF,
        acknowledgement & 0xFFFF_FFFF,
        words << 12 | flags,
        window,
        0,
        0,
    )
    segment = head + options + payload
    claimed = words * 4 + (len(payload) if length is None else length)
    checksum = internet_checksum(pseudo_header(addresses, IpProtocol.TCP, claimed) + segment)
    return segment[:16] + struct.pack(">H", checksum) + segment[18:]


def udp(
    addresses: tuple[bytes, bytes], ports: tuple[int, int], payload: bytes, *, length: int | None = None
) -> bytes:
    """RFC 768."""
    claimed = 8 + (len(payload) if length is None else length)
    datagram = struct.pack(">HHHH", *ports, claimed, 0) + payload
    # 0 means "no checksum", so a computed 0 is sent as its other representation.
    checksum = internet_checksum(pseudo_header(addresses, IpProtocol.UDP, claimed) + datagram) or 0xFFFF
    return datagram[:6] + struct.pack(">H", checksum) + payload


def icmp(kind: int, code: int, rest: bytes, payload: bytes = b"") -> bytes:
    """RFC 792; `rest` is the second half of the 8-byte header."""
    message = struct.pack(">BBH", kind, code, 0) + rest + payload
    return message[:2] + struct.pack(">H", internet_checksum(message)) + message[4:]


def icmpv6(addresses: tuple[bytes, bytes], kind: int, code: int, body: bytes) -> bytes:
    """RFC 4443; `body` follows the checksum."""
    message = struct.pack(">BBH", kind, code, 0) + body
    checksum = internet_checksum(pseudo_header(addresses, IpProtocol.ICMPV6, len(message)) + message)
    return message[:2] + struct.pack(">H", checksum) + message[4:]


def pseudo_header(addresses: tuple[bytes, bytes], protocol: int, length: int) -> bytes:
    """What TCP, UDP and ICMPv6 checksums cover besides the segment (RFC 9293 section 3.1, RFC 8200 section 8.1)."""
    source, destination = addresses
    if len(source) == 4:
        return source + destination + struct.pack(">BBH", 0, protocol, length)
    return source + destination + struct.pack(">IHBB", length, 0, 0, protocol)


def multicast_mac(address: bytes) -> bytes:
    """Link address of a multicast group (RFC 1112 section 6.4, RFC 2464 section 7)."""
    if len(address) == 4:
        return b"\x01\x00\x5e" + bytes([address[1] & 0x7F]) + address[2:]
    return b"\x33\x33" + address[12:]
