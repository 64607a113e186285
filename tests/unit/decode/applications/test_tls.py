"""TLS and DTLS records on any port."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.payloads import TCP, UDP, find
from trafficdesk.packets.protocol import Protocol

CLIENT_HELLO = bytes.fromhex(
    "16030100400100003c0303" + "00" * 32 + "000002c02f01000011" + "0000000d000b000008746573742e636f6d"
)
DTLS_HELLO = bytes.fromhex(
    "16feff000000000000000000380100002c000000000000002cfefd"
    + "22" * 32
    + "00"
    + "00"
    + "0002c02b"
    + "0100"
    + "0000"
)


def test_a_client_hello_gives_the_server_name() -> None:
    """Record and handshake type, version and server name are told, whatever the port."""
    for port in (443, 44444):
        found = find(TCP, 50000, port, CLIENT_HELLO)
        assert (found.protocol, found.text) == (Protocol.TLS, b"test.com")
        assert (found.code, found.type) == (0x1601, 0x0303)


def test_tls_13_shows_in_its_extension() -> None:
    """A Server Hello that selects TLS 1.3 in supported_versions is version 1.3."""
    hello = bytes.fromhex(
        "1603030034" + "02000030" + "0303" + "11" * 32 + "00" + "1301" + "00" + "0006" + "002b00020304"
    )
    found = find(TCP, 443, 50000, hello)
    assert (found.code, found.type) == (0x1602, 0x0304)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (bytes.fromhex("170303001a") + b"\x5a" * 26, 0x1700),
        (bytes.fromhex("140303000101"), 0x1400),
        (bytes.fromhex("15030300020228"), 0x1500),
        (bytes.fromhex("1603030028") + b"\x9c" * 40, 0x16FF),
    ],
    ids=["application data", "change cipher spec", "alert", "encrypted handshake"],
)
def test_records_are_told_by_type(payload: bytes, code: int) -> None:
    """Every record type is TLS on any port; an unreadable handshake is called encrypted."""
    found = find(TCP, 50000, 12345, payload)
    assert (found.protocol, found.code) == (Protocol.TLS, code)


def test_other_bytes_are_tls_on_its_port_only() -> None:
    """Data in the middle of a record is TLS on port 443, and nothing on another port."""
    assert find(TCP, 443, 50000, b"\x9c" * 40).protocol == Protocol.TLS
    assert find(TCP, 443, 50000, b"\x9c" * 40).code == 0
    assert find(TCP, 4444, 50000, b"\x9c" * 40).protocol == Protocol.TCP
    assert find(TCP, 4444, 50000, bytes.fromhex("1603ff0010") + bytes(16)).protocol == Protocol.TCP


def test_a_keep_alive_is_not_tls() -> None:
    """One byte on port 443 is TCP's keep-alive probe."""
    assert find(TCP, 50000, 443, b"\0").protocol == Protocol.TCP


def test_a_cut_hello_gives_what_is_there() -> None:
    """The server name is cut where the capture is, and no other frame's bytes are read."""
    assert find(TCP, 50000, 443, CLIENT_HELLO, cut=4).text == b"test"
    assert find(TCP, 50000, 443, CLIENT_HELLO, cut=30).text == b""


def test_dtls_has_its_own_header() -> None:
    """DTLS is recognised on any UDP port, and a record longer than its datagram is not one."""
    found = find(UDP, 50000, 8801, DTLS_HELLO)
    assert (found.protocol, found.code) == (Protocol.DTLS, 0x1601)
    assert find(UDP, 50000, 8801, DTLS_HELLO[:30]).protocol == Protocol.UDP


@settings(max_examples=100)
@given(st.binary(max_size=200), st.integers(0, len(CLIENT_HELLO)))
def test_no_hello_raises(tail: bytes, kept: int) -> None:
    """Whatever follows the beginning of a hello, the name stays within its limit."""
    assert len(find(TCP, 50000, 443, CLIENT_HELLO[:kept] + tail).text) <= 255
    find(UDP, 50000, 853, DTLS_HELLO[:kept] + tail)
