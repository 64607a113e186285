"""Learning from stored packets: what is read back has the same features, and a model of it flags the same rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sql

from tests.helpers.planted import START_NS, ordinary
from tests.helpers.traffic import decoded
from trafficdesk.detect.detector import Detector
from trafficdesk.errors import StoreError
from trafficdesk.features import FeatureExtractor
from trafficdesk.packets.log import FLAGGED
from trafficdesk.settings import DetectionSettings
from trafficdesk.store import stored_packets
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.migrations import bring_up_to_date
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.relearning import relearn
from trafficdesk.store.rollup import RollUp
from trafficdesk.store.schema import CAPTURE, NETWORK, PACKET
from trafficdesk.store.span import Span
from trafficdesk.store.stored_packets import StoredPackets

if TYPE_CHECKING:
    from pathlib import Path

    from trafficdesk.detect.baseline import Baseline
    from trafficdesk.packets.batch import PacketBatch


EVER = Span(0, 1 << 40)
SENSOR = 7
QUICK = DetectionSettings(trees=25, samples=64, refit_rows=5_000, refit_seconds=120.0)


def keep(database: Database, batch: PacketBatch, network: str = "home", capture: int = 1) -> None:
    """As the recorder would, had it been captured live."""
    parcel = Parcel()
    RollUp(SENSOR, packets=True).add(batch, capture, parcel)
    last_ns = int(batch["timestamp_ns"].max())
    parcel.add_row(CAPTURE, SENSOR, capture, "eth0", last_ns, len(batch), 0, 0, 0, 0, 0)
    parcel.add_row(NETWORK, SENSOR, capture, capture, network)
    with database.transaction() as connection:
        Parcel.unpacked(parcel.packed()).write(database, connection)


def read_back(database: Database) -> list[PacketBatch]:
    packets = StoredPackets(database, SENSOR)
    (stay,) = packets.stays(EVER)
    return list(packets.batches(stay, 0))


def without_text(batch: PacketBatch) -> PacketBatch:
    """As the analysis process of a live capture gets it."""
    return replace(batch, text=np.empty(0, np.uint8))


def test_packets_come_back_with_their_features(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page, every feature of every row is what it was."""
    batch, page = decoded(6_000), 1_700
    monkeypatch.setattr(stored_packets, "PAGE", page)
    keep(database, batch)
    pages = read_back(database)
    assert [len(one) for one in pages] == [1_700, 1_700, 1_700, 900]
    found, wanted = FeatureExtractor(), FeatureExtractor()
    for number, one in enumerate(pages):
        part = without_text(batch).slice(number * page, number * page + len(one))
        assert np.array_equal(found.update(one), wanted.update(part))


def test_no_text_of_a_packet_is_kept(database: Database) -> None:
    """Names asked for, addresses of pages and the like: numbers are all that is stored of them."""
    batch = ordinary(5, seed=5).batch()
    assert b"www" in batch.text.tobytes()
    keep(database, batch)
    with database.reading() as connection:
        rows = connection.execute(sql.select(PACKET)).fetchall()
    assert len(rows) == len(batch)
    texts = {value for row in rows for value in row if isinstance(value, str)}
    assert texts == {"DNS", "TCP"}
    assert sum(row.name_length > 0 for row in rows) == np.count_nonzero(batch["text_length"])


def _flagged(baseline: Baseline, batch: PacketBatch) -> set[int]:
    detector = Detector(QUICK)
    detector.change_network(baseline)
    detection = detector.process(batch)
    return set(np.flatnonzero(detection.verdict & FLAGGED).tolist())


def _later(batch: PacketBatch, by_s: float) -> PacketBatch:
    columns = {name: column.copy() for name, column in batch.columns.items()}
    columns["timestamp_ns"] += round(by_s * 1e9)
    return replace(batch, columns=columns)


def _odd_evening() -> PacketBatch:
    """Ordinary traffic, and a host that looks at every port of another."""
    traffic = ordinary(60, seed=9)
    for number in range(300):
        traffic.tcp(30 + number / 20, "192.168.1.23", 40_000 + number, "192.168.1.24", 1 + number, flags=2)
    return _later(without_text(traffic.batch()), 4_000)


def test_a_model_of_stored_rows_flags_what_one_of_the_capture_flags(tmp_path: Path) -> None:
    """In the capture that follows: nearly the same rows, the port scan among them."""
    usual = ordinary(400, seed=4).batch()
    database = Database(file_url(tmp_path / "history.db"))
    bring_up_to_date(database)
    keep(database, usual)
    packets = StoredPackets(database, SENSOR)
    learned = relearn(packets, packets.stays(EVER), QUICK)
    assert learned.packets == len(usual)
    assert learned.examples > 1_000
    live = Detector(QUICK)
    live.expect_live()
    live.change_network(None)
    live.process(without_text(usual))
    following = _odd_evening()
    from_history, from_capture = (_flagged(one, following) for one in (learned.baseline, live.baseline()))
    assert len(from_capture) > 100
    assert len(from_history & from_capture) / len(from_history | from_capture) > 0.9
    database.close()


def test_networks_are_learned_apart(database: Database) -> None:
    """A stretch belongs to the network that its capture was in then, and to no other's baseline."""
    evening = ordinary(120, seed=5).batch()
    keep(database, evening, "home", START_NS)
    keep(database, _later(evening, 9_000), "cafe", START_NS + 9_000 * 10**9)
    stays = StoredPackets(database, SENSOR).stays(EVER)
    assert [(stay.network, stay.packets) for stay in stays] == [
        ("home", len(evening)),
        ("cafe", len(evening)),
    ]
    assert StoredPackets(database, SENSOR + 1).stays(EVER) == []
    assert StoredPackets(database, SENSOR).stays(Span(0, 1_000)) == []


def test_too_few_packets_are_no_baseline(database: Database) -> None:
    """It is said so, with what helps."""
    keep(database, ordinary(20, seed=5).batch())
    packets = StoredPackets(database, SENSOR)
    with pytest.raises(StoreError, match="too few"):
        relearn(packets, packets.stays(EVER), QUICK)
