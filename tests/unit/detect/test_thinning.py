"""`detect.thinning`: no conversation disappears, weighted sums stay right, the budget holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.crafted import a_batch
from trafficdesk.detect.thinning import keys_of, thinned
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from trafficdesk.packets import PacketBatch

MOST = 2_000


def traffic(random: np.random.Generator, elephants: int = 40_000, mice: int = 300) -> PacketBatch:
    """Two large downloads whose every third packet is an acknowledgement, among `mice` of three packets each."""
    source, destination, source_port, destination_port, length = [], [], [], [], []
    for number in range(elephants):
        back = number % 3 == 2
        ends = [("198.51.100.9", 443), ("10.0.0.7", 50_000 + number % 2)]
        (one, one_port), (other, other_port) = ends[::-1] if back else ends
        source.append(one)
        destination.append(other)
        source_port.append(one_port)
        destination_port.append(other_port)
        length.append(60 if back else 1_514)
    for mouse in range(mice):
        for number in range(3):
            ends = [("10.0.0.8", 40_000 + mouse), (f"192.0.2.{mouse % 250}", 80)]
            (one, one_port), (other, other_port) = ends[::-1] if number == 1 else ends
            source.append(one)
            destination.append(other)
            source_port.append(one_port)
            destination_port.append(other_port)
            length.append(100)
    order = random.permutation(len(source))
    return a_batch(
        len(source),
        source=[source[at] for at in order],
        destination=[destination[at] for at in order],
        source_port=np.array(source_port)[order],
        destination_port=np.array(destination_port)[order],
        length=np.array(length)[order],
        ip_protocol=6,
    )


def test_few_rows_are_all_kept_and_stand_for_themselves() -> None:
    """Nothing is thinned that need not be."""
    kept = thinned(keys_of(a_batch(50)), 50, np.random.default_rng(1))
    assert kept.rows.tolist() == list(range(50))
    for weight in (kept.packets, kept.conversations, kept.services, kept.pairs):
        assert (weight == 1).all()


def test_every_conversation_stays_and_sums_are_right() -> None:
    """Small conversations are kept whole; packets and bytes of the large ones come out right for either direction."""
    batch = traffic(np.random.default_rng(2))
    keys = keys_of(batch)
    kept = thinned(keys, MOST, np.random.default_rng(3))
    assert len(kept.rows) <= MOST
    assert (np.diff(kept.rows) > 0).all()
    assert set(keys.conversation[kept.rows]) == set(keys.conversation)
    small = batch["destination_port"] == 80
    assert np.isin(np.flatnonzero(small), kept.rows).all()
    assert (kept.conversations == 1).all()
    for back in (False, True):
        mine = (batch["source_port"] >= 50_000) == back
        here = mine[kept.rows]
        assert kept.packets[here].sum() == pytest.approx(mine.sum(), rel=0.02)
        octets = (batch["length"][kept.rows] * kept.packets)[here].sum()
        assert octets == pytest.approx(batch["length"][mine].sum(), rel=0.02)


def test_either_direction_is_one_conversation_and_fragments_one_of_their_own() -> None:
    """Who speaks does not matter; a later fragment has no ports; another protocol is another conversation."""
    batch = a_batch(
        5,
        source=["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2", "10.0.0.1"],
        destination=["10.0.0.2", "10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2"],
        source_port=np.array([1_234, 53, -1, -1, 1_234]),
        destination_port=np.array([53, 1_234, -1, -1, 53]),
        ip_protocol=np.array([17, 17, 17, 17, 6]),
        fragment_offset=np.array([-1, -1, 1_480, 1_480, -1]),
    )
    key = keys_of(batch).conversation.tolist()
    assert key[0] == key[1]
    assert key[2] == key[3]
    assert len(set(key)) == 3
    assert keys_of(batch).forwards[0] != keys_of(batch).forwards[1]


def test_without_addresses_the_macs_and_the_ethertype_tell_conversations_apart() -> None:
    """Frames of no network protocol are grouped by device and EtherType."""
    batch = a_batch(
        3,
        network=np.array([0x88CC, 0x88CC, 0x8892]),
        source_mac=np.array([1, 2, 1], np.uint64),
        ip_protocol=-1,
    )
    assert len(set(keys_of(batch).conversation.tolist())) == 3


def test_names_asked_for_through_one_socket_are_conversations_of_their_own() -> None:
    """A tunnel asks for thousands of names from one port: each counts, with its answer."""
    names = np.repeat(np.arange(1, 51, dtype=np.uint64), 2)
    batch = a_batch(100, protocol=int(Protocol.DNS), name_hash=names)
    assert len(set(keys_of(batch).conversation.tolist())) == 50


def test_a_flood_is_thinned_and_the_quiet_hosts_are_not() -> None:
    """Of 20,000 forged senders some are kept for all; another host's 40 conversations stay; ports count for ports."""
    forged = [f"{10 + number % 90}.{number % 200}.{number // 200 % 250}.7" for number in range(20_000)]
    quiet = [f"192.168.1.{number}" for number in range(40)]
    scanner = ["203.0.113.5"] * 5_000
    rows = len(forged) + len(quiet) + len(scanner)
    batch = a_batch(
        rows,
        source=forged + quiet + scanner,
        destination=["10.0.0.1"] * len(forged) + ["192.168.1.254"] * 40 + ["10.0.0.9"] * len(scanner),
        source_port=5_555,
        destination_port=np.concatenate([np.full(len(forged) + 40, 80), np.arange(5_000) + 1]),
        ip_protocol=6,
    )
    kept = thinned(keys_of(batch), MOST, np.random.default_rng(4))
    assert len(kept.rows) <= MOST
    is_quiet = (kept.rows >= len(forged)) & (kept.rows < len(forged) + 40)
    assert np.count_nonzero(is_quiet) == 40
    assert (kept.packets[is_quiet] == 1).all()
    flood, scan = kept.rows < len(forged), kept.rows >= len(forged) + 40
    distinct = len(set(forged))
    assert kept.pairs[flood].sum() == pytest.approx(distinct, rel=0.05)
    assert kept.services[scan].sum() == pytest.approx(5_000, rel=0.05)
    assert kept.pairs[scan].max() == pytest.approx(1, rel=0.01)


def test_connections_to_one_service_do_not_make_it_many() -> None:
    """Of 10,000 connections to one port some are kept for all, but the port is one port."""
    rows = 20_000
    batch = a_batch(
        rows,
        source=["10.0.0.5"] * rows,
        destination=["10.0.0.6"] * rows,
        source_port=10_000 + np.arange(rows) // 2,
        destination_port=80,
        ip_protocol=6,
    )
    kept = thinned(keys_of(batch), MOST, np.random.default_rng(5))
    assert len(kept.rows) <= MOST
    assert (kept.services == 1).all()
    connections = np.unique(batch["source_port"][kept.rows], return_index=True)[1]
    assert kept.conversations[connections].sum() == pytest.approx(10_000, rel=0.02)


def test_the_same_conversations_are_chosen_in_the_next_stretch() -> None:
    """An answer that comes in another stretch is kept where its question was."""
    rows = 10_000
    ports = 10_000 + np.arange(rows)
    ask = a_batch(rows, source_port=ports, destination_port=7_000)
    answer = a_batch(
        rows,
        source=["192.0.2.2"] * rows,
        destination=["192.0.2.1"] * rows,
        source_port=7_000,
        destination_port=ports,
    )
    asked = ask["source_port"][thinned(keys_of(ask), MOST, np.random.default_rng(6)).rows]
    answered = answer["destination_port"][thinned(keys_of(answer), MOST, np.random.default_rng(7)).rows]
    assert set(asked) == set(answered)


@pytest.mark.parametrize("most", [4, 100, 1_000])
@pytest.mark.parametrize("seed", range(3))
def test_the_budget_holds_for_any_traffic(most: int, seed: int) -> None:
    """Whatever hosts and ports there are, no more than half as many again are kept, and their weights add up."""
    random = np.random.default_rng(seed)
    rows = 5_000
    hosts = [f"10.0.{number // 250}.{number % 250}" for number in range(1 + int(random.integers(1_500)))]
    batch = a_batch(
        rows,
        source=[hosts[at] for at in random.integers(len(hosts), size=rows)],
        destination=[hosts[at] for at in random.integers(len(hosts), size=rows)],
        source_port=random.integers(1, 300, rows),
        destination_port=random.integers(1, 300, rows),
    )
    kept = thinned(keys_of(batch), most, random)
    assert 0 < len(kept.rows) <= most * 1.5
    assert len(set(kept.rows.tolist())) == len(kept.rows)
    for weight in (kept.packets, kept.conversations, kept.services, kept.pairs):
        assert (weight >= 1).all()
    if most >= 1_000:
        assert kept.packets.sum() == pytest.approx(rows, rel=0.25)
