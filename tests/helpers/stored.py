"""Packets for the history, and what a store says of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sql

from trafficdesk.packets.address import pack_address
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.fields import empty_columns
from trafficdesk.packets.protocol import EtherType, IpProtocol
from trafficdesk.packets.protocols import Protocol
from trafficdesk.store.schema import METADATA

if TYPE_CHECKING:
    from trafficdesk.store.database import Database

NOON_S = 1_800_000_000 // 3_600 * 3_600
"""Begin of an hour."""
NS = 1_000_000_000


def random_batch(
    rows: int,
    seed: int,
    *,
    span_s: float = 300.0,
    hosts: int = 40,
    peers: int | None = None,
    first_id: int = 0,
    start_s: int = NOON_S,
) -> PacketBatch:
    """TCP and UDP among some hosts, each of which sends to so many `peers`, in order of time."""
    random = np.random.default_rng(seed)
    columns = empty_columns(rows)
    names = [pack_address(f"10.0.{number // 200}.{number % 200 + 1}") for number in range(hosts)]
    known = np.array([np.void(name) for name in names], "V16")
    source = random.integers(0, hosts, rows)
    target = (source + random.integers(1, (peers + 1) if peers else hosts, rows)) % hosts
    columns["timestamp_ns"][:] = start_s * NS + np.sort((random.random(rows) * span_s * NS).astype(np.int64))
    columns["length"][:] = random.integers(60, 1_500, rows)
    columns["network"][:] = EtherType.IPV4
    columns["source"], columns["destination"] = known[source], known[target]
    tcp = random.random(rows) < 0.5
    columns["ip_protocol"][:] = np.where(tcp, IpProtocol.TCP, IpProtocol.UDP)
    columns["protocol"][:] = np.where(tcp, Protocol.TCP, Protocol.DNS)
    columns["source_port"][:] = 1_024 + source
    columns["destination_port"][:] = np.where(tcp, 443, 53)
    return PacketBatch(first_id, columns, np.empty(0, np.uint8))


def everything(database: Database) -> dict[str, Counter[tuple[object, ...]]]:
    """Every row of every table but those that say who wrote."""
    with database.reading() as connection:
        return {
            name: Counter(tuple(row) for row in connection.execute(sql.select(table)))
            for name, table in METADATA.tables.items()
            if name not in {"schema_version", "progress"}
        }
