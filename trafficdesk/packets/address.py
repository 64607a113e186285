"""Addresses: 16 bytes and 48-bit numbers to text and back, vectorised over unique values.

IPv4 is mapped into IPv6 (RFC 4291 section 2.5.5.2). IPv6 text follows RFC 5952.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.fields import NO_MAC

if TYPE_CHECKING:
    from numpy.typing import NDArray

IPV4_PREFIX = bytes(10) + b"\xff\xff"


def pack_address(text: str) -> bytes:
    """16 bytes of an IPv4 or IPv6 address.

    Raises
    ------
    ValueError
        If `text` is no address.
    """
    address = ipaddress.ip_address(text)
    return IPV4_PREFIX + address.packed if address.version == 4 else address.packed


def address_text(packed: bytes) -> str:
    """Text of 16 address bytes; IPv4 where mapped."""
    if packed.startswith(IPV4_PREFIX):
        return "{}.{}.{}.{}".format(*packed[12:])
    return str(ipaddress.IPv6Address(packed))


def mac_text(number: int) -> str:
    """Colon-separated text of a 48-bit address; empty for `NO_MAC`."""
    if number == NO_MAC:
        return ""
    return (int(number) & 0xFFFF_FFFF_FFFF).to_bytes(6, "big").hex(":")


def halves(addresses: NDArray[np.void]) -> NDArray[np.uint64]:
    """(rows, 2) big-endian halves of V16 addresses, in native byte order: what keys and sorts are made of."""
    raw = np.ascontiguousarray(addresses).view(">u8").reshape(-1, 2)
    return raw.astype(np.uint64)


def unique_addresses(addresses: NDArray[np.void]) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Distinct addresses and, per row, the index of its address among them (order unspecified)."""
    pair = halves(addresses)
    # One 64-bit mix instead of a 16-byte sort: 6 times faster; a collision is found and falls back to the exact way.
    key = (pair[:, 0] * np.uint64(0x9E3779B97F4A7C15)) ^ (pair[:, 1] * np.uint64(0xC2B2AE3D27D4EB4F))
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    if not np.array_equal(pair[first][inverse], pair):
        _, first, inverse = np.unique(pair, axis=0, return_index=True, return_inverse=True)
    return addresses[first], inverse.reshape(-1)


def address_texts(addresses: NDArray[np.void]) -> NDArray[np.object_]:
    """(rows,) text of V16 addresses; each distinct address is formatted once."""
    if not len(addresses):
        return np.empty(0, object)
    distinct, inverse = unique_addresses(addresses)
    texts = np.array([address_text(packed.tobytes()) for packed in distinct], object)
    return texts[inverse]


def mac_texts(numbers: NDArray[np.uint64]) -> NDArray[np.object_]:
    """(rows,) text of 48-bit addresses; each distinct address is formatted once."""
    distinct, inverse = np.unique(numbers, return_inverse=True)
    texts = np.array([mac_text(int(number)) for number in distinct], object)
    return texts[inverse] if len(numbers) else np.empty(0, object)


def is_ipv4(pair: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether address halves (rows, 2) hold an IPv4 address (RFC 4291 section 2.5.5.2)."""
    four: NDArray[np.bool_] = (pair[:, 0] == 0) & ((pair[:, 1] >> np.uint64(32)) == np.uint64(0xFFFF))
    return four


def _private(pair: NDArray[np.uint64], mask: int, value: int) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (pair[:, 1] & np.uint64(mask)) == np.uint64(value)
    return inside


def is_local(addresses: NDArray[np.void]) -> NDArray[np.bool_]:
    """Whether addresses can't be of the public Internet: private, link-local, loopback, multicast, unspecified.

    RFC 1918, 3927, 6598, 2544, 5771, 1122; for IPv6 everything outside 2000::/3 (RFC 4291).
    """
    return is_local_pair(halves(addresses))


def is_local_pair(pair: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """As `is_local`, of address halves (rows, 2)."""
    v4 = is_ipv4(pair)
    local = np.zeros(len(pair), np.bool_)
    for text_mask, text_value in _LOCAL_IPV4:
        local |= _private(pair, text_mask, text_value)
    local |= (pair[:, 1] & np.uint64(0xFFFF_FFFF)) >= 0xE000_0000
    return np.where(v4, local, (pair[:, 0] >> np.uint64(61)) != 1)


_LOCAL_IPV4: Final = (
    (0xFF00_0000, 0x0000_0000),
    (0xFF00_0000, 0x0A00_0000),
    (0xFF00_0000, 0x7F00_0000),
    (0xFFF0_0000, 0xAC10_0000),
    (0xFFFF_0000, 0xC0A8_0000),
    (0xFFFF_0000, 0xA9FE_0000),
    (0xFFC0_0000, 0x6440_0000),
    (0xFFFE_0000, 0xC612_0000),
)
"""(mask, network): 0/8, 10/8, 127/8, 172.16/12, 192.168/16, 169.254/16, 100.64/10, 198.18/15."""
