from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.packets.address import (
    address_text,
    address_texts,
    halves,
    mac_text,
    mac_texts,
    pack_address,
    unique_addresses,
)
from trafficdesk.packets.fields import NO_MAC

ADDRESS = st.ip_addresses().map(str)


def column(texts: list[str]) -> np.ndarray:
    return np.frombuffer(b"".join(pack_address(text) for text in texts), "V16")


def canonical(text: str) -> str:
    """As Python writes it; an IPv4 address mapped into IPv6 is that IPv4 address."""
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


@given(st.lists(ADDRESS))
def test_text_comes_back(texts):
    """Any address survives the way into a column and back, and equal ones stay equal."""
    addresses = column(texts)
    assert address_texts(addresses).tolist() == [canonical(text) for text in texts]
    distinct, inverse = unique_addresses(addresses) if texts else (addresses, np.empty(0, int))
    assert len(distinct) == len({pack_address(text) for text in texts})
    assert [item.tobytes() for item in distinct[inverse]] == [pack_address(text) for text in texts]


def test_trailing_zeros_are_kept():
    """10.0.0.0 and ::, which end in NUL bytes, are whole addresses."""
    assert address_texts(column(["10.0.0.0", "::", "0.0.0.0", "ff00::"])).tolist() == [
        "10.0.0.0",
        "::",
        "0.0.0.0",
        "ff00::",
    ]


def test_ipv4_differs_from_the_ipv6_address_of_the_same_bits():
    """::a00:1 is not 10.0.0.1; ::ffff:10.0.0.1 is (RFC 4291 section 2.5.5.2)."""
    assert address_text(pack_address("::a00:1")) == "::a00:1"
    assert address_text(pack_address("::ffff:10.0.0.1")) == "10.0.0.1"


@pytest.mark.parametrize("text", ["", "10.0.0", "10.0.0.256", "host", "fe80::1/64", "1.2.3.4 "])
def test_what_is_no_address_is_refused(text):
    """Only whole addresses are packed."""
    with pytest.raises(ValueError, match="address"):
        pack_address(text)


def test_colliding_keys_fall_back_to_the_exact_way():
    """Addresses whose 64-bit mixes agree are told apart all the same."""
    first, second = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
    inverse = pow(second, -1, 2**64)
    # high*first ^ low*second is 0 for both: high=low=0, and low = high*first/second.
    low = first * inverse % 2**64
    raw = b"".join([bytes(16), (1).to_bytes(8, "big") + low.to_bytes(8, "big")])
    addresses = np.frombuffer(raw * 2, "V16")
    distinct, index = unique_addresses(addresses)
    assert len(distinct) == 2
    assert [item.tobytes() for item in distinct[index]] == [item.tobytes() for item in addresses]


def test_halves_are_numbers_in_network_order():
    """The first half of an address is its upper 64 bits."""
    assert halves(column(["::1", "1::"])).tolist() == [[0, 1], [1 << 48, 0]]


def test_link_addresses_are_written_with_colons():
    """48-bit numbers become text with leading zeros; no address is no text."""
    numbers = np.array([0, 0x02005E005301, 0xFFFFFFFFFFFF, int(NO_MAC), 0], np.uint64)
    expected = ["00:00:00:00:00:00", "02:00:5e:00:53:01", "ff:ff:ff:ff:ff:ff", "", "00:00:00:00:00:00"]
    assert mac_texts(numbers).tolist() == [mac_text(int(number)) for number in numbers] == expected
    assert len(mac_texts(np.empty(0, np.uint64))) == 0
