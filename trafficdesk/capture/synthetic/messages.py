"""Builders of application messages: DNS, TLS hellos, HTTP, DHCP, NTP, SSDP, QUIC, STUN, RTP, SSH.

Whole and well-formed where a dissector looks; random bytes (the caller's) stand for what is encrypted on a real wire.
"""

from __future__ import annotations

import struct
from typing import Final

TLS_VERSION_12: Final = 0x0303


def dns_name(name: str) -> bytes:
    """Wire form of a name (RFC 1035 section 3.1)."""
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def dns_query(identifier: int, name: str, kind: int = 1, *, flags: int = 0x0100) -> bytes:
    """One question, class IN."""
    return struct.pack(">6H", identifier, flags, 1, 0, 0, 0) + dns_name(name) + struct.pack(">HH", kind, 1)


def dns_answer(
    identifier: int, name: str, kind: int, answers: list[bytes], *, code: int = 0, ttl_s: int = 300
) -> bytes:
    """Response that repeats the question; `answers` are the records' data, names compressed."""
    head = struct.pack(">6H", identifier, 0x8180 | code, 1, len(answers), 0, 0)
    question = dns_name(name) + struct.pack(">HH", kind, 1)
    records = (struct.pack(">HHHIH", 0xC00C, kind, 1, ttl_s, len(data)) + data for data in answers)
    return head + question + b"".join(records)


def mdns_query(name: str, kind: int = 12) -> bytes:
    """RFC 6762 section 5: identifier 0, no flags."""
    return dns_query(0, name, kind, flags=0)


def mdns_answer(name: str, kind: int, data: bytes) -> bytes:
    """RFC 6762 section 6: an authoritative answer without a question."""
    record = (
        dns_name(name) + struct.pack(">HHIH", kind, 0x8001 if kind in {1, 28} else 1, 120, len(data)) + data
    )
    return struct.pack(">6H", 0, 0x8400, 0, 1, 0, 0) + record


def tls_record(kind: int, body: bytes, length: int | None = None) -> bytes:
    """RFC 8446 section 5.1; `length` where `body` is only the beginning."""
    return struct.pack(">BHH", kind, TLS_VERSION_12, len(body) if length is None else length) + body


def tls_client_hello(server_name: str, random: bytes, session: bytes, key: bytes) -> bytes:
    """TLS 1.3 hello with server name, as a browser's record (RFC 8446 section 4.1.2, RFC 6066 section 3)."""
    name = server_name.encode()
    suites = struct.pack(">8H", 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0x00FF)
    extensions = (
        _extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name),
        _extension(10, struct.pack(">HHHH", 6, 0x001D, 0x0017, 0x0018)),
        _extension(16, b"\x00\x0c\x02h2\x08http/1.1"),
        _extension(13, struct.pack(">HHHHH", 8, 0x0403, 0x0804, 0x0401, 0x0503)),
        _extension(43, b"\x04\x03\x04\x03\x03"),
        _extension(45, b"\x01\x01"),
        _extension(51, struct.pack(">HHH", len(key) + 4, 0x001D, len(key)) + key),
    )
    body = struct.pack(">H", TLS_VERSION_12) + random + bytes([len(session)]) + session
    body += struct.pack(">H", len(suites)) + suites + b"\x01\x00" + _extensions(extensions)
    return tls_record(22, _handshake(1, body))


def tls_server_hello(random: bytes, session: bytes, key: bytes) -> bytes:
    """TLS 1.3 answer followed by the compatibility change_cipher_spec (RFC 8446 sections 4.1.3 and D.4)."""
    extensions = (_extension(43, b"\x03\x04"), _extension(51, struct.pack(">HH", 0x001D, len(key)) + key))
    body = struct.pack(">H", TLS_VERSION_12) + random + bytes([len(session)]) + session
    return tls_record(22, _handshake(2, body + b"\x13\x01\x00" + _extensions(extensions))) + tls_record(
        20, b"\x01"
    )


def http_request(method: str, target: str, host: str, extra: str = "") -> bytes:
    """RFC 9112 section 3."""
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Sample/1.0\r\nAccept: */*\r\n{extra}\r\n".encode()


def http_response(status: str, body: bytes, *, length: int | None = None, kind: str = "text/html") -> bytes:
    """RFC 9112 section 4; `length` where `body` is only the beginning."""
    size = len(body) if length is None else length
    return (
        f"HTTP/1.1 {status}\r\nServer: sample\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n".encode()
        + body
    )


def ssdp_search(target: str) -> bytes:
    """UPnP Device Architecture 2.0 section 1.3.2."""
    return (
        f'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 2\r\nST: {target}\r\n\r\n'
    ).encode()


def ssdp_notify(location: str, kind: str) -> bytes:
    """UPnP Device Architecture 2.0 section 1.2.2."""
    return (
        "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\n"
        f"LOCATION: {location}\r\nNT: {kind}\r\nNTS: ssdp:alive\r\nUSN: uuid:sample::{kind}\r\n\r\n"
    ).encode()


def dhcp(
    message: int, transaction: int, mac: bytes, address: bytes, *, reply: bool, options: bytes = b""
) -> bytes:
    """RFC 2131; `message` is option 53, `address` goes into ciaddr of a request and yiaddr of a reply."""
    addresses = (bytes(4) + address if reply else address + bytes(4)) + bytes(8)
    head = struct.pack(">BBBBIHH", 2 if reply else 1, 1, 6, 0, transaction, 0, 0) + addresses
    tail = b"\x63\x82\x53\x63" + bytes([53, 1, message]) + options + b"\xff"
    return (head + mac.ljust(16, b"\0") + bytes(192) + tail).ljust(300, b"\0")


def ntp(mode: int, stratum: int, transmit_ns: int) -> bytes:
    """RFC 5905 section 7.3, version 4; timestamps all at `transmit_ns` (Unix epoch) except in requests."""
    seconds, rest = divmod(transmit_ns, 1_000_000_000)
    stamp = struct.pack(">II", seconds + 2_208_988_800, (rest << 32) // 1_000_000_000)
    earlier = stamp * 3 if mode == 4 else bytes(24)
    return struct.pack(">BBbbIII", 0x20 | mode, stratum, 6, -20, 0, 0, 0) + earlier + stamp


def quic_initial(destination: bytes, source: bytes, protected: bytes, length: int) -> bytes:
    """RFC 9000 section 17.2.2, version 1, no token; `length` bytes of packet number and payload are claimed."""
    ids = bytes([len(destination)]) + destination + bytes([len(source)]) + source
    return b"\xc3\x00\x00\x00\x01" + ids + b"\x00" + struct.pack(">H", 0x4000 | length) + protected


def quic_short(destination: bytes, protected: bytes) -> bytes:
    """RFC 9000 section 17.3.1."""
    return b"\x43" + destination + protected


def stun_binding(transaction: bytes, mapped: tuple[bytes, int] | None = None) -> bytes:
    """RFC 8489: a binding request, or the success response that carries XOR-MAPPED-ADDRESS."""
    if mapped is None:
        return struct.pack(">HHI", 0x0001, 0, 0x2112A442) + transaction
    address, port = mapped
    hidden = bytes(one ^ two for one, two in zip(address, b"\x21\x12\xa4\x42", strict=True))
    attribute = struct.pack(">HHBBH", 0x0020, 8, 0, 1, port ^ 0x2112) + hidden
    return struct.pack(">HHI", 0x0101, len(attribute), 0x2112A442) + transaction + attribute


def rtp(kind: int, sequence: int, timestamp: int, source: int) -> bytes:
    """RFC 3550 section 5.1: the header alone."""
    return struct.pack(">BBHII", 0x80, kind, sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, source)


def ssh_key_exchange(cookie: bytes) -> bytes:
    """RFC 4253 section 7.1: SSH_MSG_KEXINIT with one algorithm each."""
    lists = (
        "curve25519-sha256",
        "ssh-ed25519",
        *["aes256-gcm@openssh.com"] * 2,
        *["hmac-sha2-256"] * 2,
        "none",
        "none",
        "",
        "",
    )
    names = b"".join(struct.pack(">I", len(name)) + name.encode() for name in lists)
    payload = b"\x14" + cookie + names + bytes(5)
    padding = 8 - (len(payload) + 5) % 8 + 8
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


def _extension(kind: int, data: bytes) -> bytes:
    return struct.pack(">HH", kind, len(data)) + data


def _extensions(extensions: tuple[bytes, ...]) -> bytes:
    joined = b"".join(extensions)
    return struct.pack(">H", len(joined)) + joined


def _handshake(kind: int, body: bytes) -> bytes:
    return struct.pack(">I", kind << 24 | len(body)) + body
