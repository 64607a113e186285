"""DHCPv6 messages."""

from __future__ import annotations

from tests.helpers.payloads import TCP, UDP, find
from trafficdesk.packets.protocol import Protocol

SOLICIT = bytes.fromhex("011122330001000e000100012aabbccdd001122334450006000400170018")


def test_the_message_type_is_told() -> None:
    """A Solicit on port 547 is type 1; over TCP the port means nothing."""
    found = find(UDP, 546, 547, SOLICIT)
    assert (found.protocol, found.code) == (Protocol.DHCPV6, 1)
    assert find(TCP, 546, 547, SOLICIT).protocol == Protocol.TCP
