"""Batches made column by column, for tests of what comes after decoding."""

from __future__ import annotations

from typing import Any

import numpy as np

from trafficdesk.packets.address import pack_address
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.fields import empty_columns

START_NS = 1_700_000_000_000_000_000


def addresses(texts: list[str]) -> np.ndarray:
    """V16 column of address texts."""
    return np.frombuffer(b"".join(map(pack_address, texts)), "V16")


def a_batch(rows: int, *, first_id: int = 0, **columns: Any) -> PacketBatch:
    """`rows` complete rows of UDP over IPv4 over Ethernet; `columns` replaces values, addresses as text."""
    made = empty_columns(rows)
    usual = {
        "timestamp_ns": START_NS + np.arange(rows) * 1_000_000,
        "length": 100,
        "captured_length": 100,
        "link_type": 1,
        "network": 0x0800,
        "source": ["192.0.2.1"] * rows,
        "destination": ["192.0.2.2"] * rows,
        "source_mac": 0x020000000001,
        "destination_mac": 0x020000000002,
        "ip_protocol": 17,
        "ttl": 64,
        "protocol": 24,
    }
    for name, values in {**usual, **columns}.items():
        is_text = name in {"source", "destination"} and rows
        made[name][:] = addresses(list(values)) if is_text else values
    return PacketBatch(first_id, made, np.empty(0, np.uint8))
