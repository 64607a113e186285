"""What reports of a span of time are made of besides the sums: equal to what the packets themselves say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.helpers.stored import NOON_S, NS, random_batch
from tests.unit.store.test_rollup import DAY, store
from trafficdesk.metrics.packet_lengths import CLASSES, PacketLengths
from trafficdesk.packets.address import pack_address
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.identities import Identities, RowIdentity, Threat
from trafficdesk.packets.protocol import TcpFlag
from trafficdesk.store.history import History, Span
from trafficdesk.store.rollup import RollUp
from trafficdesk.store.rollup_detail import DEVICES_A_DAY

if TYPE_CHECKING:
    from trafficdesk.store.database import Database

SYN, SYN_ACK = int(TcpFlag.SYN), int(TcpFlag.SYN | TcpFlag.ACK)


def changed(batch: PacketBatch, **columns: Any) -> PacketBatch:
    """`batch` with other values in some columns."""
    new = {name: column.copy() for name, column in batch.columns.items()}
    for name, values in columns.items():
        new[name][:] = values
    return PacketBatch(batch.first_id, new, batch.text)


def handshakes(delays_ns: np.ndarray[Any, Any]) -> PacketBatch:
    """A SYN and its answer after each delay, one handshake a second."""
    count = len(delays_ns)
    batch = random_batch(2 * count, 1, hosts=2)
    at = NOON_S * NS + np.arange(count) * NS
    client, server = (np.void(pack_address(text)) for text in ("10.0.0.1", "10.0.0.9"))
    odd = np.arange(2 * count) % 2 == 1
    ports = np.repeat(20_000 + np.arange(count), 2)
    return changed(
        batch,
        timestamp_ns=np.stack([at, at + delays_ns], axis=1).reshape(-1),
        tcp_flags=np.where(odd, SYN_ACK, SYN),
        tcp_acknowledgement=np.where(odd, 1, 0),
        source=np.where(odd, server, client),
        destination=np.where(odd, client, server),
        source_port=np.where(odd, 443, ports),
        destination_port=np.where(odd, ports, 443),
        ip_protocol=6,
        protocol=0,
    )


def test_lengths_are_those_of_the_packets(database: Database) -> None:
    """By class, as the window counts them, however the packets come."""
    batch = random_batch(3_000, 1, span_s=400)
    store(database, batch, 170)
    counted = PacketLengths()
    counted.add(batch)
    classes = counted.classes()
    told = {least: (packets, octets) for least, packets, octets in History(database).detail.lengths(DAY)}
    assert told == {
        CLASSES[row]: (int(classes.packets[row]), int(classes.bytes[row]))
        for row in range(len(CLASSES))
        if classes.packets[row]
    }


def test_quantiles_of_delays_are_within_a_step(database: Database) -> None:
    """Of handshakes cut into parcels, added up over hours: median and 95 % are right to a tenth."""
    delays = np.random.default_rng(1).lognormal(3.0, 0.8, 5_000)
    store(database, handshakes((delays * 1e6).astype(np.int64)), 333)
    detail = History(database).detail
    found = detail.delays(DAY)
    assert found["tcp_handshake"].n == 5_000
    assert found["tcp_handshake"].median_ms == pytest.approx(np.median(delays), rel=0.1)
    assert found["tcp_handshake"].p95_ms == pytest.approx(np.quantile(delays, 0.95), rel=0.1)
    assert found["dns"].n == 0
    assert [address for address, _ in detail.slowest(DAY, "tcp_handshake")] == ["10.0.0.9"]


def test_devices_are_who_sent(database: Database) -> None:
    """With the addresses of this network that they used; outside ones, groups and nobody are none."""
    batch = random_batch(400, 2, hosts=4, span_s=100)
    source = batch["source"].copy()
    source[::2] = np.void(pack_address("93.184.216.34"))
    macs = np.where(np.arange(400) % 2 == 0, 0x0200_0000_0001, 0x0200_0000_0002).astype(np.uint64)
    macs[7] = 0x0100_5E00_0001
    batch = changed(batch, source=source, source_mac=macs)
    store(database, batch, 150)
    detail = History(database).detail
    inside = {one["mac"]: one for one in detail.devices(DAY)}
    assert set(inside) == {"02:00:00:00:00:01", "02:00:00:00:00:02"}
    assert inside["02:00:00:00:00:01"]["addresses"] == []
    assert set(inside["02:00:00:00:00:02"]["addresses"]) == {f"10.0.0.{number}" for number in range(1, 5)}
    assert inside["02:00:00:00:00:01"]["packets"] == 200
    assert detail.device_count(DAY) == 2
    assert detail.device_count(Span(NOON_S + 200, NOON_S + 400)) == 0


def test_a_flood_of_invented_devices_is_folded(database: Database) -> None:
    """Beyond the bound of a day the others share one row, and no packet is lost from the sums."""
    rows = DEVICES_A_DAY + 500
    batch = changed(
        random_batch(rows, 3, hosts=2),
        source_mac=np.arange(1, rows + 1).astype(np.uint64) | np.uint64(2 << 40),
    )
    store(database, batch, rows)
    detail = History(database).detail
    assert detail.device_count(DAY) == DEVICES_A_DAY
    devices = detail.devices(DAY, rows)
    assert sum(one["packets"] for one in devices) == rows
    assert max(devices, key=lambda one: one["packets"])["mac"] == ""


def test_hits_on_threat_lists_are_kept(database: Database) -> None:
    """By list and entry, added up; what is on none leaves nothing."""
    batch = random_batch(60, 4, hosts=2, span_s=30)
    identities = Identities()
    hit = identities.threats.number(Threat("bad.txt", "10.0.0.0/8", "10.0.0.1", 1_700_000_000))
    threat = np.where(np.arange(60) % 3 == 0, hit, 0).astype(np.uint16)
    known = RowIdentity(np.zeros(60, np.int64), np.zeros(60, np.uint16), np.zeros(60, np.uint32), 0, threat)
    roll_up = RollUp(7, identities)
    store(database, PacketBatch(0, batch.columns, batch.text, identity=known), 20, roll_up)
    (told,) = History(database).detail.threats(DAY)
    assert (told["list"], told["entry"], told["packets"]) == ("bad.txt", "10.0.0.0/8", 20)
    assert told["first_ns"] == batch["timestamp_ns"][0]
