"""A minimal encoder of MaxMind DB files (https://maxmind.github.io/MaxMind-DB/, format 2.0, 28-bit records)."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_U16, _U32, _U64 = 5, 6, 9
"""Types of numbers; readers insist on those of the metadata."""
_MARKER = b"\xab\xcd\xefMaxMind.com"


def write_mmdb(path: Path, networks: dict[str, dict[str, Any]]) -> Path:
    """Write a database that maps `networks` ("203.0.113.0/24", "2001:db8::/32") to their records."""
    tree: list[list[Any]] = [[None, None]]
    for text, record in networks.items():
        network = ipaddress.ip_network(text)
        value, length = int(network.network_address), network.prefixlen
        if network.version == 4:
            length += 96
        _insert(tree, value, length, record)
    data, offsets = b"", {}
    for record in networks.values():
        if id(record) not in offsets:
            offsets[id(record)] = len(data)
            data += _encoded(record)
    nodes = b"".join(_node([_pointer(side, len(tree), offsets) for side in node]) for node in tree)
    metadata = {
        "node_count": len(tree), "record_size": (_U16, 28), "ip_version": (_U16, 6), "database_type": "Test",
        "languages": ["en"], "binary_format_major_version": (_U16, 2),
        "binary_format_minor_version": (_U16, 0), "build_epoch": (_U64, 1_700_000_000),
        "description": {"en": "made by a test"},
    }  # fmt: skip
    path.write_bytes(nodes + bytes(16) + data + _MARKER + _encoded(metadata))
    return path


def _insert(tree: list[list[Any]], value: int, length: int, record: dict[str, Any]) -> None:
    at = 0
    for depth in range(length):
        bit = (value >> (127 - depth)) & 1
        if depth == length - 1:
            tree[at][bit] = record
            return
        if not isinstance(tree[at][bit], int):
            tree.append([None, None])
            tree[at][bit] = len(tree) - 1
        at = tree[at][bit]


def _pointer(side: Any, nodes: int, offsets: dict[int, int]) -> int:
    if side is None:
        return nodes
    return side if isinstance(side, int) else nodes + 16 + offsets[id(side)]


def _node(sides: list[int]) -> bytes:
    left, right = sides
    middle = (left >> 24) << 4 | right >> 24
    return (left & 0xFFFFFF).to_bytes(3, "big") + bytes([middle]) + (right & 0xFFFFFF).to_bytes(3, "big")


def _encoded(value: Any) -> bytes:
    if isinstance(value, dict):
        return _control(7, len(value)) + b"".join(
            _encoded(key) + _encoded(item) for key, item in value.items()
        )
    if isinstance(value, list):
        return _control(11, len(value)) + b"".join(map(_encoded, value))
    if isinstance(value, str):
        return _control(2, len(value.encode())) + value.encode()
    if isinstance(value, float):
        return _control(3, 8) + struct.pack(">d", value)
    kind, number = value if isinstance(value, tuple) else (_U32, value)
    packed = number.to_bytes(8, "big").lstrip(b"\0")
    return _control(kind, len(packed)) + packed


def _control(kind: int, size: int) -> bytes:
    """Control byte, extended type and size (section "Data Field Format")."""
    more = b""
    if size >= 29:
        more, size = bytes([size - 29]), 29
    return bytes([kind << 5 | size]) + more if kind <= 7 else bytes([size]) + bytes([kind - 7]) + more
