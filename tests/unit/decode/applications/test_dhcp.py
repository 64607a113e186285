"""DHCP messages and their options."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.payloads import UDP, find
from trafficdesk.packets.protocol import Protocol, Status

FIXED = (
    bytes.fromhex("0101060012345678")
    + bytes(20)
    + bytes.fromhex("aabb")
    + bytes(206)
    + bytes.fromhex("63825363")
)
DISCOVER = FIXED + bytes.fromhex("3501010c0874657374686f7374ff")


def test_message_type_and_host_name_are_told() -> None:
    """A Discover with a host name says both; padding options in front do not matter."""
    found = find(UDP, 68, 67, DISCOVER)
    assert (found.protocol, found.code, found.text) == (Protocol.DHCP, 1, b"testhost")
    padded = find(UDP, 68, 67, FIXED + bytes(3) + DISCOVER[len(FIXED) :])
    assert (padded.code, padded.text) == (1, b"testhost")


def test_options_end_at_their_end() -> None:
    """What stands after the end option, or after a length beyond the packet, is not read."""
    assert find(UDP, 68, 67, FIXED + b"\xff" + DISCOVER[len(FIXED) :]).code == 0
    assert find(UDP, 68, 67, FIXED + b"\x0c\xc8abc").text == b"abc"


def test_without_the_magic_cookie_it_is_plain_boot() -> None:
    """BOOTP has no options; a message too short for its fixed part is malformed, a cut one truncated."""
    assert find(UDP, 68, 67, FIXED[:-4] + bytes(30)).code == 0
    assert find(UDP, 68, 67, FIXED[:100]).status == Status.MALFORMED
    assert find(UDP, 68, 67, DISCOVER, cut=100).status == Status.TRUNCATED


@settings(max_examples=50)
@given(st.binary(max_size=400))
def test_any_options_can_follow(options: bytes) -> None:
    """No options raise or run on endlessly."""
    assert find(UDP, 68, 67, FIXED + options).protocol == Protocol.DHCP
