"""Protocols of readable lines."""

from __future__ import annotations

import pytest

from tests.helpers.payloads import TCP, UDP, find
from trafficdesk.packets.protocol import Protocol

SSDP = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"


@pytest.mark.parametrize(
    ("transport", "port", "payload", "protocol", "code"),
    [
        (TCP, 25, b"250-mail.example.com\r\n250 SIZE\r\n", Protocol.SMTP, 250),
        (TCP, 587, b"EHLO laptop\r\n", Protocol.SMTP, 0),
        (TCP, 21, b"331 Password required\r\n", Protocol.FTP, 331),
        (TCP, 143, b"* OK ready\r\n", Protocol.IMAP, 0),
        (TCP, 110, b"+OK\r\n", Protocol.POP, 0),
        (TCP, 6667, b"NICK me\r\n", Protocol.IRC, 0),
        (UDP, 1900, SSDP, Protocol.SSDP, 0),
        (UDP, 514, b"<34>Oct 11 22:14:15 host su: failed\n", Protocol.SYSLOG, 0),
        (TCP, 12345, b"8=FIX.4.4\x019=5\x01", Protocol.FIX, 0),
    ],
)
def test_the_first_line_is_text(
    transport: Protocol, port: int, payload: bytes, protocol: Protocol, code: int
) -> None:
    """The first line, and a reply's number, are told in both directions."""
    for source, destination in ((port, 50000), (50000, port)):
        found = find(transport, source, destination, payload)
        assert (found.protocol, found.code) == (protocol, code)
        assert found.text == payload.splitlines()[0][:120]


def test_data_is_not_text() -> None:
    """Bytes that begin no line give no text, and a STARTTLS session is TLS by its records."""
    assert find(TCP, 25, 50000, b"\x9c" * 40).text == b""
    assert find(TCP, 25, 50000, bytes.fromhex("170303001a") + bytes(26)).protocol == Protocol.TLS


def test_only_the_first_line_is_kept() -> None:
    """A password on the next line is not kept, and no line is longer than the limit."""
    assert find(TCP, 50000, 110, b"USER a\r\nPASS secret\r\n").text == b"USER a"
    assert len(find(TCP, 50000, 110, b"x" * 1000).text) == 120


def test_xmpp_needs_its_brackets() -> None:
    """Port 5222 carries other things too: only markup is XMPP."""
    assert find(TCP, 50000, 5222, b"<?xml version='1.0'?>").protocol == Protocol.XMPP
    assert find(TCP, 50000, 5222, b"\xf8\x05\x01\xc8").protocol == Protocol.TCP
