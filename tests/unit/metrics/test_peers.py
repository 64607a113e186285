"""Delays by peer: medians as numpy has them, and what was left unanswered."""

from __future__ import annotations

import numpy as np

from tests.helpers.crafted import START_NS, a_batch
from tests.unit.metrics.test_flows import ACK, RST, SYN, SYN_ACK, segments, tables_of
from trafficdesk.packets.address import address_texts

SECOND = 1_000_000_000


def queries(rows: int, *, server: str, at: int, delays: list[int | None]) -> list[object]:
    """Batches: DNS queries a second apart, each answered after so many ns, or never."""
    batches = []
    for number, delay in enumerate(delays):
        asked = START_NS + at + number * SECOND
        parts = [(asked, False)] + ([(asked + delay, True)] if delay is not None else [])
        batches.append(
            a_batch(
                len(parts),
                source=[server if answer else "192.0.2.1" for _, answer in parts],
                destination=["192.0.2.1" if answer else server for _, answer in parts],
                source_port=[53 if answer else 5_000 for _, answer in parts],
                destination_port=[5_000 if answer else 53 for _, answer in parts],
                protocol=100,
                application_id=rows + number,
                application_code=[0x8000 if answer else 0 for _, answer in parts],
                timestamp_ns=[when for when, _ in parts],
            )
        )
    return batches


def test_dns_delays_by_server() -> None:
    """Median and 95 % of each server, most asked first; the unanswered are those that had time to be."""
    first = [3_000_000, 1_000_000, None, 7_000_000]
    batches = [*queries(10, server="192.0.2.53", at=0, delays=first)]
    batches += queries(90, server="198.51.100.53", at=5 * SECOND, delays=[2_000_000, None])
    peers = tables_of(*batches).dns_peers()
    assert address_texts(peers.ends.packed()).tolist() == ["192.0.2.53", "198.51.100.53"]
    assert peers.asked.tolist() == [4, 2]
    assert peers.answered.tolist() == [3, 1]
    assert peers.unanswered.tolist() == [1, 0], "the last query was made just now"
    assert peers.median_ms.tolist() == [3.0, 2.0]
    assert np.isclose(peers.p95_ms[0], np.quantile([3, 1, 7], 0.95))
    assert peers.overall.n == 4
    assert np.isclose(peers.overall.median_ms, 2.5)


def test_a_query_sent_again_is_not_asked_twice() -> None:
    """The delay counts from the first."""
    batch = a_batch(
        3,
        source=["192.0.2.1", "192.0.2.1", "192.0.2.53"],
        destination=["192.0.2.53", "192.0.2.53", "192.0.2.1"],
        source_port=[5_000, 5_000, 53],
        destination_port=[53, 53, 5_000],
        protocol=100,
        application_id=7,
        application_code=[0, 0, 0x8000],
    )
    peers = tables_of(batch).dns_peers()
    assert (peers.asked.tolist(), peers.repeated.tolist(), peers.median_ms.tolist()) == ([1], [1], [2.0])


def test_handshakes_answered_refused_and_left() -> None:
    """Of four servers' ports: one answers, one refuses, one says nothing, one was asked just now."""
    tables = tables_of(
        segments(("c", SYN, 1, 0), ("s", SYN_ACK, 9, 0), ("c", ACK, 2, 0), ports=(1_001, 443)),
        segments(("c", SYN, 1, 0), ("s", RST, 0, 0), ports=(1_002, 23)),
        segments(("c", SYN, 1, 0), ports=(1_003, 24)),
        segments(("c", SYN, 1, 0), at=10 * SECOND, ports=(1_004, 25)),
    )
    peers = tables.tcp_peers()
    assert len(peers) == 1
    counts = (peers.asked, peers.answered, peers.refused, peers.unanswered)
    assert [int(count[0]) for count in counts] == [4, 1, 1, 1]
    assert peers.median_ms.tolist() == [1.0]


def test_quantiles_of_many_peers_are_numpys() -> None:
    """Hundreds of servers at once, each as if alone."""
    random = np.random.default_rng(8)
    batches, delays = [], {}
    for number in range(60):
        chosen = random.integers(1, 10**9, int(random.integers(1, 30))).tolist()
        delays[f"10.0.0.{number}"] = chosen
        batches += queries(
            1_000 * number % 60_000, server=f"10.0.0.{number}", at=number * 100 * SECOND, delays=chosen
        )
    peers = tables_of(*batches).dns_peers()
    for row, address in enumerate(address_texts(peers.ends.packed())):
        assert np.isclose(peers.median_ms[row], np.median(delays[address]) / 1e6)
        assert np.isclose(peers.p95_ms[row], np.quantile(delays[address], 0.95) / 1e6)
