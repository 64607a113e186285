"""Endpoints: ranked by bytes, directions apart, counted once."""

from __future__ import annotations

import numpy as np

from tests.helpers.crafted import a_batch
from trafficdesk.metrics.endpoints import TOP, Endpoints, LinkAddresses
from trafficdesk.packets.fields import NO_MAC


def test_talkers_agree_with_counting() -> None:
    """Packets and bytes of each address, IPv4 and IPv6, over several batches."""
    endpoints = Endpoints()
    for _ in range(3):
        endpoints.add(
            a_batch(
                4,
                source=["192.0.2.1", "2001:db8::1", "192.0.2.1", "192.0.2.9"],
                destination=["192.0.2.2", "2001:db8::2", "192.0.2.3", "192.0.2.1"],
                network=[0x0800, 0x86DD, 0x0800, 0x0800],
                length=[100, 1_000, 50, 10],
            )
        )
    values = endpoints.values()
    assert [(t.address, t.packets, t.bytes) for t in values["top_sources"]] == [
        ("2001:db8::1", 3, 3_000),
        ("192.0.2.1", 6, 450),
        ("192.0.2.9", 3, 30),
    ]
    assert [t.address for t in values["top_destinations"]] == [
        "2001:db8::2",
        "192.0.2.2",
        "192.0.2.3",
        "192.0.2.1",
    ]
    assert values["unique_ip"] == 6
    assert values["unique_ip_exact"]


def test_only_the_heaviest_are_named() -> None:
    """Of many addresses the list has the twenty with the most bytes, in order."""
    endpoints = Endpoints()
    sources = [f"10.0.{n // 250}.{n % 250}" for n in range(500)]
    endpoints.add(a_batch(500, source=sources, length=np.random.default_rng(2).permutation(500) + 100))
    top = endpoints.values()["top_sources"]
    assert [talker.bytes for talker in top] == list(range(599, 599 - TOP, -1))


def test_frames_without_ip_are_no_endpoints() -> None:
    """ARP's claims and unknown networks are not counted."""
    endpoints = Endpoints()
    endpoints.add(a_batch(3, network=[0x0806, 0, 0x88CC]))
    assert endpoints.values()["unique_ip"] == 0


def test_spoofed_flood_is_bounded_and_said() -> None:
    """Of 200,000 random sources the count stops at what we number, and is marked as a lower bound."""
    endpoints = Endpoints()
    raw = np.zeros((200_000, 16), np.uint8)
    raw[:, 10:12] = 255
    raw[:, 12:] = np.arange(200_000, dtype=">u4").view(np.uint8).reshape(-1, 4)
    batch = a_batch(200_000)
    flood = {**batch.columns, "source": raw.view("V16").reshape(-1)}
    endpoints.add(type(batch)(0, flood, batch.text))
    values = endpoints.values()
    assert values["unique_ip"] == 65_536
    assert not values["unique_ip_exact"]


def test_link_addresses_are_counted_once_and_none_is_none() -> None:
    """Distinct addresses over both directions; frames without are not an address."""
    macs = LinkAddresses()
    for _ in range(3):
        macs.add(a_batch(4, source_mac=[1, 2, 3, NO_MAC], destination_mac=[0xFFFFFFFFFFFF, 1, 5, NO_MAC]))
    assert macs.values()["unique_mac"] == 5
    macs.add(a_batch(5_000, source_mac=np.arange(5_000, dtype=np.uint64) << np.uint64(20), destination_mac=1))
    assert macs.values()["unique_mac"] == 5 + 5_000
