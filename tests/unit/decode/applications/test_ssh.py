"""SSH."""

from __future__ import annotations

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
