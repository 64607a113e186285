"""HTTP/1 request and status lines."""

from __future__ import annotations

import pytest

from tests.helpers.payloads import TCP, UDP, find
from trafficdesk.packets.protocol import Protocol


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.1",
        b"POST /login HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"CONNECT example.com:443 HTTP/1.1",
        b"GET http://example.com/ HTTP/1.1",
    ],
)
def test_a_request_line_is_text_on_any_port(line: bytes) -> None:
    """Requests are recognised by their method and target; the line is told without its end."""
    found = find(TCP, 50000, 12345, line + b"\r\nHost: example.com\r\n\r\n")
    assert (found.protocol, found.text, found.code) == (Protocol.HTTP, line, 0)


def test_a_response_tells_its_status() -> None:
    """The status code is a number, the status line text."""
    found = find(TCP, 80, 50000, b"HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n")
    assert (found.protocol, found.code, found.text) == (Protocol.HTTP, 404, b"HTTP/1.1 404 Not Found")


def test_a_long_line_is_cut() -> None:
    """Two hundred bytes of a line are kept."""
    assert len(find(TCP, 50000, 80, b"GET /" + b"a" * 5000).text) == 200


def test_bodies_are_http_on_its_ports_only() -> None:
    """Other bytes are HTTP, without text, on port 80; elsewhere, and in UDP, they are not."""
    assert find(TCP, 80, 50000, b"<html>").protocol == Protocol.HTTP
    assert find(TCP, 80, 50000, b"<html>").text == b""
    assert find(TCP, 81, 50000, b"<html>").protocol == Protocol.TCP
    assert find(TCP, 50000, 12345, b"GETTING STARTED").protocol == Protocol.TCP
    assert find(UDP, 50000, 12345, b"GET / HTTP/1.1\r\n").protocol == Protocol.UDP
