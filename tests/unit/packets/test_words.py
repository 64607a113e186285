"""Words for numbers."""

from __future__ import annotations

from trafficdesk.packets import words


def test_flags_are_named_from_the_lowest() -> None:
    """Flags stand in Wireshark's order; none at all is said so, reserved bits are not dropped."""
    assert words.tcp_flags(0x012) == "SYN, ACK"
    assert words.tcp_flags(0) == "<None>"
    assert words.tcp_flags(0x202) == "SYN, Reserved"


def test_unknown_numbers_stay_numbers() -> None:
    """A number without a name is shown as it is."""
    assert words.ip_protocol(17) == "UDP 17"
    assert words.ip_protocol(250) == "250"
    assert words.typed(words.ICMP_TYPES, words.ICMP_CODES, 3 << 8 | 99) == "Destination unreachable (Code 99)"
    assert words.typed(words.ICMP_TYPES, words.ICMP_CODES, 200 << 8) == "Type 200"
