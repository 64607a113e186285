from __future__ import annotations

import ipaddress
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.packets.filter_fields import BY_NAME
from trafficdesk.packets.filter_rows import Kind
from trafficdesk.packets.filter_values import COMPARE, compare, compare_columns, constant_of, whole_number

OPERATIONS = sorted(COMPARE)


def number_of(text: str) -> int:
    return int(ipaddress.ip_address(text))


def halves_of(numbers: list[int]) -> np.ndarray:
    return np.frombuffer(b"".join(number.to_bytes(16, "big") for number in numbers), ">u8").reshape(-1, 2)


IPV6 = st.integers(0, 2**128 - 1) | st.sampled_from([0, 2**64, 2**64 - 1, 2**128 - 1])


@given(st.lists(IPV6, min_size=1), IPV6, st.sampled_from(OPERATIONS))
def test_ipv6_compares_as_a_number_of_128_bits(numbers, other, operation):
    """Two halves compare as the whole they are of."""
    constant = constant_of(BY_NAME["ipv6.addr"], str(ipaddress.IPv6Address(other)), quoted=False)
    found = compare(Kind.IPV6, operation, halves_of(numbers), constant)
    assert found.tolist() == [COMPARE[operation](number, other) for number in numbers]
    against = compare_columns(Kind.IPV6, operation, halves_of(numbers), halves_of([other] * len(numbers)))
    assert against.tolist() == found.tolist()


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1), st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_a_network_has_the_addresses_that_python_says(numbers, inside, length):
    """`==` with a prefix asks whether the address is in that network, host bits or not."""
    text = f"{ipaddress.IPv4Address(inside)}/{length}"
    network = ipaddress.IPv4Network(text, strict=False)
    column = np.array(numbers, ">u4")
    found = compare(Kind.IPV4, "==", column, constant_of(BY_NAME["ip.addr"], text, quoted=False))
    assert found.tolist() == [ipaddress.IPv4Address(number) in network for number in numbers]


@given(st.integers(0, 2**128 - 1), st.integers(0, 128))
def test_ipv6_networks_too(inside, length):
    """A prefix longer than one half is compared in both."""
    text = f"{ipaddress.IPv6Address(inside)}/{length}"
    network = ipaddress.IPv6Network(text, strict=False)
    numbers = [inside, int(network.network_address), (int(network.network_address) - 1) % 2**128]
    found = compare(
        Kind.IPV6, "==", halves_of(numbers), constant_of(BY_NAME["ipv6.addr"], text, quoted=False)
    )
    assert found.tolist() == [ipaddress.IPv6Address(number) in network for number in numbers]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("443", 443),
        ("0x1bb", 443),
        ("0b11", 3),
        ("010", 8),
        ("0", 0),
        ("-1", -1),
        ("4_4", None),
        ("0o7", None),
        ("x", None),
        ("", None),
    ],
)
def test_numbers_are_written_as_in_wireshark(text, number):
    """Decimal, 0x, 0b and a leading 0 for octal; nothing else Python would take."""
    assert whole_number(text) == number


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("tcp.flags.syn", "True", 1),
        ("tcp.flags.syn", "0", 0),
        ("tcp.flags.syn", "5", 1),
        ("td.score", "1.5", 1.5),
        ("frame.time_epoch", "1.000000001", 1_000_000_001),
        ("frame.time_epoch", "1e17", 2**63 - 1),
        ("frame.time", "1970-01-01 00:00:01.5Z", 1_500_000_000),
        ("frame.time", "1970-01-01T01:00:00+01:00", 0),
        ("eth.addr", "00-00-00-00-01-00", 256),
        ("eth.addr", "0000.0000.0100", 256),
        ("ip.addr", "0.0.1.0", 256),
    ],
)
def test_constants_become_column_values(name, text, value):
    """Every way to write a value gives what the column holds."""
    assert constant_of(BY_NAME[name], text, quoted=False).value == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tcp.port", "65536"),
        ("tcp.port", "443.0"),
        ("tcp.flags.syn", "yes"),
        ("td.score", "inf"),
        ("td.score", "1e99"),
        ("frame.time_epoch", "now"),
        ("frame.time", "2026-13-01"),
        ("frame.time", "99999-01-01"),
        ("eth.addr", "00:11:22:33:44"),
        ("eth.addr", "00:11-22:33:44:55"),
        ("eth.addr", "001122334455"),
        ("ip.addr", "1.2.3"),
        ("ip.addr", "1.2.3.4/33"),
        ("ipv6.addr", ":::1"),
    ],
)
def test_what_is_no_value_is_refused_with_the_field_named(name, text):
    """A constant that does not fit says which field wants what."""
    with pytest.raises(ValueError, match=name.replace(".", r"\.")):
        constant_of(BY_NAME[name], text, quoted=False)


def test_compares_as_the_operators_do():
    """The six comparisons are Python's."""
    assert [COMPARE[name] for name in OPERATIONS] == [
        operator.ne, operator.lt, operator.le, operator.eq, operator.gt, operator.ge,
    ]  # fmt: skip
