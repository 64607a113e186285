"""SSH."""

from __future__ import annotations

import pytest

from tests.helpers.payloads import TCP, find
from trafficdesk.packets.protocol import Protocol

BANNER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"


def test_the_banner_is_text_on_any_port() -> None:
    """The identification string recognises SSH; encrypted packets are SSH on port 22 without text."""
    found = find(TCP, 2222, 50000, BANNER)
    assert (found.protocol, found.text) == (Protocol.SSH, BANNER.rstrip())
    assert find(TCP, 22, 50000, b"\x9c" * 52).protocol == Protocol.SSH
    assert find(TCP, 22, 50000, b"\x9c" * 52).text == b""
    assert find(TCP, 2222, 50000, b"SSHD is not a banner").protocol == Protocol.TCP


def packet(message: int, body: int = 36, padding: int = 6) -> bytes:
    """RFC 4253 section 6: length, padding length, message number."""
    whole = 1 + 1 + body + padding
    return whole.to_bytes(4, "big") + bytes((padding, message)) + bytes(body + padding)


@pytest.mark.parametrize(
    ("payload", "number"),
    [
        (packet(20, 116), 20),
        (packet(31) + packet(21, 2, 8), 31),
        (packet(21, 2, 8), 21),
        (packet(94), 0),
        (packet(20, 117), 0),
        (packet(20, 119, 3), 0),
        (packet(20, 116)[:-1], 0),
        (b"\x9c" * 52, 0),
    ],
)
def test_the_key_exchange_is_told(payload: bytes, number: int) -> None:
    """Whole blocks with a message number of the key exchange; what is encrypted, or not padded to a block, is not."""
    assert find(TCP, 22, 50000, payload).code == number
