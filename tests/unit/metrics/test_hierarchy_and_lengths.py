"""Protocols over those that carry them, and lengths in classes."""

from __future__ import annotations

import numpy as np

from tests.helpers.crafted import a_batch
from trafficdesk.metrics.hierarchy import ProtocolHierarchy
from trafficdesk.metrics.packet_lengths import CLASSES, PacketLengths


def test_every_level_counts_what_it_carries() -> None:
    """A level's sums are those of all above it; its ends are what nothing further was recognised in."""
    hierarchy = ProtocolHierarchy()
    for _ in range(2):
        hierarchy.add(
            a_batch(
                5,
                network=[0x0800, 0x0800, 0x0800, 0x86DD, 0x0806],
                ip_protocol=[6, 6, 17, 58, -1],
                protocol=[23, 103, 100, 21, 10],
                vlan=[-1, -1, -1, -1, 7],
                length=[100, 200, 300, 400, 500],
            )
        )
    levels = {level.path: (level.packets, level.bytes, level.end_packets) for level in hierarchy.levels()}
    assert levels == {
        ("Ethernet",): (10, 3_000, 0),
        ("Ethernet", "IPv4"): (6, 1_200, 0),
        ("Ethernet", "IPv4", "TCP"): (4, 600, 2),
        ("Ethernet", "IPv4", "TCP", "TLS"): (2, 400, 2),
        ("Ethernet", "IPv4", "UDP"): (2, 600, 0),
        ("Ethernet", "IPv4", "UDP", "DNS"): (2, 600, 2),
        ("Ethernet", "VLAN"): (2, 1_000, 0),
        ("Ethernet", "VLAN", "ARP"): (2, 1_000, 2),
        ("Ethernet", "IPv6"): (2, 800, 0),
        ("Ethernet", "IPv6", "ICMPv6"): (2, 800, 2),
    }
    paths = [level.path for level in hierarchy.levels()]
    assert all(path[:-1] in paths[:place] for place, path in enumerate(paths) if len(path) > 1)


def test_later_fragments_stay_with_ip() -> None:
    """They have no transport header, whatever protocol their packet is of."""
    hierarchy = ProtocolHierarchy()
    hierarchy.add(a_batch(2, protocol=[24, 12], fragment_offset=[0, 1_480]))
    assert {level.path: level.packets for level in hierarchy.levels()} == {
        ("Ethernet",): 2,
        ("Ethernet", "IPv4"): 2,
        ("Ethernet", "IPv4", "UDP"): 1,
    }


def test_raw_ip_has_no_link_level() -> None:
    """What was captured without a link header begins with the network."""
    hierarchy = ProtocolHierarchy()
    hierarchy.add(a_batch(1, link_type=101))
    assert [level.path for level in hierarchy.levels()] == [("IPv4",), ("IPv4", "UDP")]


def test_lengths_fall_into_their_classes() -> None:
    """Packets, bytes, shortest and longest of each class agree with counting, giants included."""
    random = np.random.default_rng(2)
    values = np.concatenate([random.integers(0, 9_000, 5_000), [0, 19, 20, 5_120, 65_535, 65_536, 262_144]])
    lengths = PacketLengths()
    for part in np.array_split(values, 7):
        lengths.add(a_batch(len(part), length=part))
    classes = lengths.classes()
    edges = [*CLASSES, 1 << 40]
    for row in range(len(CLASSES)):
        mine = values[(values >= edges[row]) & (values < edges[row + 1])]
        assert classes.packets[row] == len(mine)
        assert classes.bytes[row] == mine.sum()
        assert (classes.shortest[row], classes.longest[row]) == (mine.min(), mine.max())
    assert classes.title(3) == "80-159"
