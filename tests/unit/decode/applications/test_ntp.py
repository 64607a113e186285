"""NTP."""

from __future__ import annotations

from tests.helpers.payloads import UDP, find
from trafficdesk.packets.protocol import Protocol


def test_mode_and_version_are_told() -> None:
    """The first byte holds both; on another port it is nothing."""
    client = bytes.fromhex("23000000") + bytes(44)
    found = find(UDP, 123, 123, client)
    assert (found.protocol, found.type, found.code) == (Protocol.NTP, 3, 4)
    assert find(UDP, 50000, 124, client).protocol == Protocol.UDP
