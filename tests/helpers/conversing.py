"""Random traffic between few hosts, and what plain counting says of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from tests.helpers.crafted import START_NS, a_batch

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch

HOSTS = ["192.0.2.1", "192.0.2.2", "198.51.100.7", "2001:db8::1", "2001:db8::2", "fe80::9"]


def random_batch(rows: int, seed: int, hosts: list[str] | None = None) -> PacketBatch:
    """UDP between random hosts of one IP version and a few ports; times in no order."""
    random = np.random.default_rng(seed)
    chosen = hosts or HOSTS
    versions = [[host for host in chosen if (":" in host) == is_6] for is_6 in (False, True)]
    is_6 = random.integers(0, 2, rows) if all(versions) else np.full(rows, int(not versions[0]))
    pairs = [random.choice(versions[version], 2) for version in is_6]
    return a_batch(
        rows,
        source=[str(pair[0]) for pair in pairs],
        destination=[str(pair[1]) for pair in pairs],
        network=np.where(is_6, 0x86DD, 0x0800),
        source_port=random.integers(1, 4, rows),
        destination_port=random.integers(1, 4, rows),
        length=random.integers(60, 1_500, rows),
        timestamp_ns=START_NS + random.integers(0, 10**12, rows),
        source_mac=random.integers(1, 5, rows).astype(np.uint64),
        destination_mac=random.integers(1, 5, rows).astype(np.uint64),
    )


def counted(
    ends: list[tuple[object, object]], batch: PacketBatch
) -> dict[frozenset[object], dict[object, list[int]]]:
    """Packets and bytes by unordered pair of ends, and by sender."""
    found: dict[frozenset[object], dict[object, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for (source, destination), length in zip(ends, batch["length"].tolist(), strict=True):
        sums = found[frozenset((source, destination))][source]
        sums[0] += 1
        sums[1] += length
    return found
