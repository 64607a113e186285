"""Frames that tell names, and frames to and from whoever they name, built by scapy."""

from __future__ import annotations

import logging
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.helpers.wire import block_of
from trafficdesk.decode import decode_named

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)

from scapy.layers.dhcp import BOOTP, DHCP  # noqa: E402
from scapy.layers.dns import DNS, DNSQR, DNSRR  # noqa: E402
from scapy.layers.inet import IP, TCP, UDP  # noqa: E402
from scapy.layers.inet6 import IPv6  # noqa: E402
from scapy.layers.l2 import Ether  # noqa: E402

if TYPE_CHECKING:
    from trafficdesk.packets import PacketBatch

CLIENT, RESOLVER, SERVER = "192.168.1.10", "192.168.1.1", "203.0.113.80"


def over_ip(source: str, destination: str, following: Any) -> bytes:
    """An Ethernet frame with IPv4 or IPv6 and what follows."""
    network = IPv6 if ":" in source else IP
    ethernet = Ether(src="02:00:5e:00:53:01", dst="02:00:5e:00:53:02")
    return bytes(ethernet / network(src=source, dst=destination) / following)


def udp(
    source: str, destination: str, ports: tuple[int, int] = (50_000, 9_999), payload: bytes = b"x"
) -> bytes:
    """A datagram."""
    return over_ip(source, destination, UDP(sport=ports[0], dport=ports[1]) / payload)


def tcp(
    source: str,
    destination: str,
    ports: tuple[int, int] = (50_000, 443),
    payload: bytes = b"",
    flags: str = "A",
) -> bytes:
    """A segment."""
    return over_ip(source, destination, TCP(sport=ports[0], dport=ports[1], flags=flags) / payload)


def record(owner: str, data: str) -> Any:
    """A, AAAA, or, where `data` is no address, CNAME."""
    kind = "AAAA" if ":" in data else "A" if data.replace(".", "").isdigit() else "CNAME"
    return DNSRR(rrname=owner, type=kind, rdata=data, ttl=60)


def answer(
    name: str, *records: tuple[str, str], client: str = CLIENT, server: str = RESOLVER, **header: Any
) -> bytes:
    """A resolver's response to a question for `name`."""
    message = DNS(qr=1, qd=DNSQR(qname=name), an=[record(*one) for one in records], **header)
    return over_ip(server, client, UDP(sport=53, dport=40_000) / message)


def multicast_answer(*records: tuple[str, str], source: str = "192.168.1.40") -> bytes:
    """An mDNS response."""
    message = DNS(qr=1, qd=[], an=[record(*one) for one in records])
    return over_ip(source, "224.0.0.251", UDP(sport=5353, dport=5353) / message)


def dhcp_request(name: str, wanted: str) -> bytes:
    """A DHCPREQUEST of a client that has no address yet."""
    options = [("message-type", "request"), ("requested_addr", wanted), ("hostname", name), "end"]
    bootp = BOOTP(chaddr=bytes(6)) / DHCP(options=options)
    return over_ip("0.0.0.0", "255.255.255.255", UDP(sport=68, dport=67) / bootp)


def client_hello(name: str) -> bytes:
    """A TLS 1.2 Client Hello with a server name (RFC 6066 section 3)."""
    host = name.encode()
    extension = struct.pack(">HHHBH", 0, len(host) + 5, len(host) + 3, 0, len(host)) + host
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    body += struct.pack(">H", len(extension)) + extension
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + struct.pack(">H", len(message)) + message


def batch_of(*frames: bytes, first_id: int = 0, at_s: float = 0.0) -> PacketBatch:
    """Decoded frames with what they tell of names, `at_s` seconds after the captures of other tests."""
    from dataclasses import replace

    block = block_of(*frames, first_id=first_id)
    return decode_named(replace(block, timestamps_ns=block.timestamps_ns + np.int64(at_s * 1e9)))
