"""Conversations agree with plain counting, however batches are cut, and stay bounded."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.helpers.conversing import HOSTS, counted, random_batch
from tests.helpers.crafted import START_NS, a_batch
from trafficdesk.metrics.conversations import Conversations, Kind
from trafficdesk.metrics.tables import TrafficTables
from trafficdesk.packets.address import address_texts
from trafficdesk.packets.batch import PacketBatch

SYN, SYN_ACK, ACK, PSH, RST, FIN = 0x002, 0x012, 0x010, 0x018, 0x014, 0x011
CLIENT, SERVER = "192.0.2.1", "198.51.100.7"


def tables_of(*batches: PacketBatch, bits: int = 18) -> TrafficTables:
    tables = TrafficTables(bits)
    for batch in batches:
        tables.add(batch)
    return tables


def ends_of(table: Conversations) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    sides = [
        list(zip(address_texts(end.packed()).tolist(), end.ports.tolist(), strict=True))
        for end in (table.a, table.b)
    ]
    return list(zip(*sides, strict=True))


def segments(
    *rows: tuple[str, int, int, int], at: int = 0, ports: tuple[int, int] = (40_000, 443)
) -> PacketBatch:
    """TCP between CLIENT and SERVER: (sender "c" or "s", flags, sequence number, payload) a millisecond apart."""
    sends = [row[0] == "c" for row in rows]
    return a_batch(
        len(rows),
        source=[CLIENT if client else SERVER for client in sends],
        destination=[SERVER if client else CLIENT for client in sends],
        source_port=[ports[0] if client else ports[1] for client in sends],
        destination_port=[ports[1] if client else ports[0] for client in sends],
        ip_protocol=6,
        protocol=23,
        tcp_flags=[row[1] for row in rows],
        tcp_sequence=[row[2] for row in rows],
        payload_length=[row[3] for row in rows],
        timestamp_ns=START_NS + at + np.arange(len(rows)) * 1_000_000,
    )


@pytest.mark.parametrize(("protocol", "kind"), [(17, Kind.UDP), (6, Kind.TCP)])
def test_later_fragments_count_for_their_hosts(protocol: int, kind: Kind) -> None:
    """They are told the ports of their first one but have none of their own, in Wireshark's tables and in these."""
    batch = a_batch(
        3, ip_protocol=protocol, source_port=40_000, destination_port=53, fragment_offset=[0, 1_480, 2_960]
    )
    tables = tables_of(batch)
    assert tables.conversations(kind).packets.sum() == 1
    assert tables.conversations(Kind.IPV4).packets.sum() == 3


def test_counts_agree_with_a_dictionary() -> None:
    """Packets, bytes, direction, first and last time of every UDP conversation, IPv4 and IPv6, batches cut anywhere."""
    batch = random_batch(5_000, seed=1)
    cuts = [0, 1, 17, 900, 901, 5_000]
    table = tables_of(*(batch.slice(a, b) for a, b in pairwise(cuts))).conversations(Kind.UDP)
    sources, destinations = (
        list(zip(address_texts(batch[side]).tolist(), batch[f"{side}_port"].tolist(), strict=True))
        for side in ("source", "destination")
    )
    expected = counted(list(zip(sources, destinations, strict=True)), batch)
    assert len(table) == len(expected)
    for row, (a, b) in enumerate(ends_of(table)):
        sums = expected[frozenset((a, b))]
        if a == b:
            assert int(table.packets[row].sum()), int(table.bytes[row].sum()) == tuple(sums[a])
            continue
        assert [table.packets[row, 0], table.bytes[row, 0]] == sums[a]
        assert [table.packets[row, 1], table.bytes[row, 1]] == sums.get(b, [0, 0])
        mine = [{(a, b), (b, a)} >= {ends} for ends in zip(sources, destinations, strict=True)]
        times = batch["timestamp_ns"][mine]
        assert (table.first_ns[row], table.last_ns[row]) == (times.min(), times.max())


def test_the_first_sender_is_a() -> None:
    """Whichever way the addresses sort, A sent the first packet seen."""
    for low, high in (("192.0.2.1", "192.0.2.2"), ("192.0.2.2", "192.0.2.1"), ("10.0.0.1", "9.9.9.9")):
        batch = a_batch(
            2, source=[low, high], destination=[high, low], source_port=[9, 5], destination_port=[5, 9]
        )
        for kind in (Kind.IPV4, Kind.UDP):
            table = tables_of(batch).conversations(kind)
            assert ends_of(table)[0][0][0] == low
            assert table.packets.tolist() == [[1, 1]]


def test_pairs_of_addresses_gather_their_ports() -> None:
    """An IPv4 conversation is the sum of all between two addresses, and a host that talks to itself has one way."""
    batch = random_batch(2_000, seed=3, hosts=HOSTS[:3])
    tables = tables_of(batch)
    table = tables.conversations(Kind.IPV4)
    assert len(table) == 6
    assert int(table.packets.sum()) == 2_000
    assert int(table.bytes.sum()) == int(batch["length"].sum())
    for (a, _), (b, _), back in zip(
        *zip(*ends_of(table), strict=True), table.packets[:, 1].tolist(), strict=True
    ):
        assert a != b or back == 0
    assert not len(tables.conversations(Kind.IPV6))


def test_endpoints_are_both_sides_of_conversations() -> None:
    """Each endpoint's sent and received agree with counting sources and destinations."""
    batch = random_batch(3_000, seed=4)
    for kind in (Kind.IPV4, Kind.IPV6):
        table = tables_of(batch).endpoints(kind)
        sources, destinations = (address_texts(batch[side]) for side in ("source", "destination"))
        for row, address in enumerate(address_texts(table.ends.packed())):
            sent, received = sources == address, destinations == address
            if not (sent & received).any():
                assert table.packets[row].tolist() == [sent.sum(), received.sum()]
            assert table.packets[row].sum() == sent.sum() + received.sum()
            assert table.bytes[row].sum() == batch["length"][sent].sum() + batch["length"][received].sum()


def test_ethernet_pairs_agree_with_counting() -> None:
    """Frames between two link addresses, each way."""
    batch = random_batch(1_000, seed=5)
    table = tables_of(batch).conversations(Kind.ETHERNET)
    macs = list(zip(batch["source_mac"].tolist(), batch["destination_mac"].tolist(), strict=True))
    expected = counted(macs, batch)
    assert len(table) == len(expected)
    for row, (a, b) in enumerate(
        zip(table.a.words[:, 1].tolist(), table.b.words[:, 1].tolist(), strict=True)
    ):
        sums = expected[frozenset((a, b))]
        assert table.bytes[row].sum() == sum(value[1] for value in sums.values())


@pytest.mark.parametrize("cut", range(1, 8))
def test_ports_used_again_are_another_conversation(cut: int) -> None:
    """A SYN with another sequence number begins one, wherever the batches are cut; a repeated SYN does not."""
    batch = segments(
        ("c", SYN, 100, 0), ("c", SYN, 100, 0), ("s", SYN_ACK, 900, 0), ("c", FIN, 101, 0),
        ("c", SYN, 7_000, 0), ("s", SYN_ACK, 8_000, 0), ("c", SYN, 9_000, 0), ("s", RST, 0, 0),
    )  # fmt: skip
    table = tables_of(batch.slice(0, cut), batch.slice(cut, 8)).conversations(Kind.TCP)
    assert table.packets.tolist() == [[3, 1], [1, 1], [1, 1]]
    assert table.handshake_ns.tolist() == [2_000_000, 1_000_000, -1]


def test_a_syn_after_packets_without_one_begins_a_conversation() -> None:
    """The capture began in the midst of the first conversation."""
    batch = segments(("c", PSH, 500, 10), ("s", ACK, 70, 0), ("c", SYN, 4_000, 0), ("s", SYN_ACK, 9_000, 0))
    assert tables_of(batch).conversations(Kind.TCP).packets.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("cut", range(1, 8))
def test_segments_sent_again_are_counted(cut: int) -> None:
    """Not the keep-alive, not the ACK without data; over the wrap of sequence numbers, wherever batches are cut."""
    top = 2**32 - 50
    batch = segments(
        ("c", PSH, top, 100), ("s", ACK, 5, 0), ("c", PSH, 50, 100), ("c", PSH, top, 100),
        ("c", PSH, 149, 1), ("s", ACK, 5, 0), ("c", PSH, 100, 50), ("c", PSH, 150, 10),
    )  # fmt: skip
    assert tables_of(batch.slice(0, cut), batch.slice(cut, 8)).conversations(Kind.TCP).resent.tolist() == [2]


def test_a_flood_of_addresses_stays_bounded_and_is_said() -> None:
    """Of spoofed floods the heavy conversation stays, sums stay exact, and what is not listed is told."""
    tables = TrafficTables(bits=10)
    heavy = a_batch(50, source_port=1_000, destination_port=2_000, length=1_500)
    for number in range(40):
        spoofed = [f"10.{number}.{n // 250}.{n % 250}" for n in range(250)]
        flood = a_batch(250, source=spoofed, source_port=7, destination_port=9, length=60)
        tables.add(flood)
        tables.add(heavy)
    udp, pairs = tables.conversations(Kind.UDP), tables.conversations(Kind.IPV4)
    assert len(udp) <= 512
    assert udp.packets[udp.a.ports == 1_000].sum() == 40 * 50
    for table in (udp, pairs):
        assert table.packets.sum() + table.rest.packets == 40 * 300
        assert table.bytes.sum() + table.rest.bytes == 40 * (250 * 60 + 50 * 1_500)
    assert udp.rest.rows > 0
    assert pairs.rest.packets > 0
    assert tables.conversations(Kind.ETHERNET).packets.sum() == 40 * 300


def test_many_ports_fold_into_their_pair_of_addresses() -> None:
    """A scan of every port folds without loss at the level of addresses."""
    tables = TrafficTables(bits=10)
    for start in range(0, 60_000, 5_000):
        tables.add(a_batch(5_000, source_port=9, destination_port=np.arange(start, start + 5_000)))
    table = tables.conversations(Kind.IPV4)
    assert table.packets.tolist() == [[60_000, 0]]
    assert not table.rest.packets
    assert tables.endpoints(Kind.IPV4).packets.tolist() in (
        [[60_000, 0], [0, 60_000]],
        [[0, 60_000], [60_000, 0]],
    )


def test_nothing_is_an_empty_table() -> None:
    """Tables of no packets have no rows."""
    tables = tables_of(PacketBatch.empty())
    assert all(not len(tables.conversations(kind)) and not len(tables.endpoints(kind)) for kind in Kind)
    assert not len(tables.tcp_peers())
    assert not len(tables.dns_peers())
    assert tables.hierarchy() == ()
