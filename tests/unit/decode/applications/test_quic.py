"""QUIC by version, and Google's forerunners."""

from __future__ import annotations

import pytest

from tests.helpers.payloads import TCP, UDP, find
from trafficdesk.packets.protocol import Protocol

INITIAL = bytes.fromhex(
    "c400000001085bb4b299cb9dcac408ec02288cd1edbbb700401cb301699ced8b713af24c7d804dd95ca19744"
)


def _long(first: int, version: int) -> bytes:
    return bytes([first]) + version.to_bytes(4, "big") + INITIAL[5:]


@pytest.mark.parametrize(
    ("payload", "code", "version"),
    [
        (INITIAL, 1, 1),
        (_long(0xE0, 1), 3, 1),
        (_long(0xF0, 1), 4, 1),
        (_long(0xD0, 0x6B3343CF), 1, 0x43CF),
        (_long(0xC0, 0xFF00001D), 1, 0x1D),
        (_long(0x9F, 1), 2, 1),
    ],
    ids=["initial", "handshake", "retry", "version 2 initial", "draft 29", "fixed bit greased"],
)
def test_long_headers_are_quic_on_any_port(payload: bytes, code: int, version: int) -> None:
    """A long header of a known version is QUIC everywhere, with its packet type."""
    found = find(UDP, 50000, 4443, payload)
    assert (found.protocol, found.code, found.type) == (Protocol.QUIC, code, version)


def test_short_headers_are_quic_on_443_only() -> None:
    """A short header shows nothing but two bits, so that its port must speak for it."""
    short = b"\x53" + bytes(range(40))
    assert find(UDP, 443, 50000, short).protocol == Protocol.QUIC
    assert find(UDP, 443, 50000, short).code == 0
    assert find(UDP, 4443, 50000, short).protocol == Protocol.UDP
    assert find(TCP, 443, 50000, short).protocol == Protocol.TLS


def test_unknown_versions_and_ids_too_long_are_not_quic() -> None:
    """The version and the connection ID's length must both be possible."""
    assert find(UDP, 50000, 4443, _long(0xC0, 0x12345678)).protocol == Protocol.UDP
    assert find(UDP, 50000, 4443, INITIAL[:5] + b"\x40" + INITIAL[6:]).protocol == Protocol.UDP
    assert find(UDP, 443, 50000, _long(0xC0, 0)).code == 5


def test_googles_own_has_its_name() -> None:
    """Public flags on port 443 and long headers of Q046 are GQUIC; T051 is QUIC."""
    assert find(UDP, 50000, 443, b"\x0d" + bytes(8) + b"Q039" + bytes(20)).protocol == Protocol.GQUIC
    assert find(UDP, 50000, 4443, _long(0xC3, int.from_bytes(b"Q046", "big"))).protocol == Protocol.GQUIC
    assert find(UDP, 50000, 4443, _long(0xC3, int.from_bytes(b"T051", "big"))).protocol == Protocol.QUIC
