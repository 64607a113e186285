"""All metrics together: nothing, the same twice, and real frames against plain counting."""

from __future__ import annotations

from tests.helpers.crafted import a_batch
from trafficdesk.metrics import METRICS, TrafficMetrics
from trafficdesk.packets.batch import PacketBatch


def test_nothing_is_zero() -> None:
    """Before any packet, and after an empty batch, there is a snapshot of zeros."""
    metrics = TrafficMetrics()
    metrics.add(PacketBatch.empty())
    snapshot = metrics.snapshot()
    assert (snapshot.packets, snapshot.bytes, len(snapshot.seconds), snapshot.protocols) == (0, 0, 0, ())
    assert snapshot.dns.n == 0


def test_snapshot_is_kept_until_something_changes() -> None:
    """Asking ten times a second costs nothing while nothing comes; an older snapshot never changes."""
    metrics = TrafficMetrics()
    metrics.add(a_batch(3))
    first = metrics.snapshot()
    assert metrics.snapshot() is first
    metrics.add(a_batch(2, first_id=3))
    assert (first.packets, metrics.snapshot().packets) == (3, 5)
    assert int(first.packets_per_s.sum()) == 3


def test_every_metric_takes_any_row() -> None:
    """Rows without network, ports or addresses go through every metric."""
    bare = a_batch(4, network=0, ip_protocol=-1, ttl=-1, protocol=0, length=0)
    for metric in METRICS:
        one = metric()
        one.add(bare)
        assert one.values()


def test_protocols_are_shares_of_all_packets() -> None:
    """Shares add up to all packets and bytes, most bytes first, numbers that read alike joined."""
    metrics = TrafficMetrics()
    metrics.add(a_batch(5, protocol=[24, 24, 103, 12, 34], length=[10, 10, 500, 7, 8]))
    shares = metrics.snapshot().protocols
    assert shares == (("TLS", 1, 500), ("UDP", 2, 20), ("IPv4", 2, 15))
