"""`store.recorder`: what a session sees is in the store when it has ended."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sql

from tests.helpers.stored import random_batch
from tests.helpers.traffic import detection_of
from trafficdesk.capture.source import CaptureStatistics, Gap
from trafficdesk.detect.corrections import Corrections, Once
from trafficdesk.detect.finding import ModelState
from trafficdesk.detect.suppression import SuppressionRule
from trafficdesk.export.corrections_json import table_of
from trafficdesk.packets.address import pack_address
from trafficdesk.packets.identities import Host, NameSource
from trafficdesk.session import AnalysisSession
from trafficdesk.settings import HistorySettings
from trafficdesk.store.database import Database
from trafficdesk.store.history import History, Span
from trafficdesk.store.keeping import Keeping, open_store, url_of
from trafficdesk.store.migrations import bring_up_to_date
from trafficdesk.store.name_rows import NameRows
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.schema import NETWORK

if TYPE_CHECKING:
    from pathlib import Path

EVER = Span(0, 1 << 40)


def no_password(_server: str, _user: str) -> str:
    return ""


@pytest.fixture
def settings(url: str) -> HistorySettings:
    # A server's tables first: a busy machine takes longer over them than a writer that ends has patience.
    database = Database(url)
    bring_up_to_date(database)
    database.close()
    return HistorySettings(url="" if url.startswith("sqlite") else url, packets=True)


def test_a_live_capture_is_in_the_history(settings: HistorySettings, tmp_path: Path) -> None:
    """Packets, incidents, gaps, the model and what was lost; what comes before and after the capture is not."""
    keeping = Keeping(settings, tmp_path, no_password, seed=5)
    session = AnalysisSession()
    session.recorder = keeping.recorder
    session.begin()
    session.ingest(random_batch(100, 1))
    session.begin()
    lost = CaptureStatistics(received=1_000, dropped_kernel=7)
    number = keeping.recorder.begin("eth0", session.log.identities, lambda: lost)
    for at in range(0, 5_000, 500):
        session.ingest(random_batch(500, at, first_id=at))
    session.note_gaps((Gap("eth0", 10, 20, "asleep"),))
    session.next_for_analysis(5_000)
    session.apply(detection_of(0, 5_000, family=(3, 4), incident=1))
    keeping.recorder.end()
    session.ingest(random_batch(50, 9, first_id=5_000))
    assert keeping.close()
    assert keeping.recorder.missed == 0

    database = open_store(settings, tmp_path, no_password)
    history = History(database)
    assert sum(packets for _, packets, _ in history.volume(EVER)) == 5_000
    (capture,) = history.captures(EVER)
    began_s, ended_s = capture["capture"] // 10**9, capture["ended_ns"] // 10**9
    assert history.captures_during(Span(ended_s, ended_s + 1)) == [capture]
    assert not history.captures_during(Span(0, began_s))
    assert not history.captures_during(Span(ended_s + 1, ended_s + 9))
    assert (capture["capture"], capture["source"]) == (number, "eth0")
    assert (capture["packets"], capture["dropped_kernel"]) == (5_000, 7)
    assert history.detail.quality(EVER) == {
        "scored": session.scored,
        "unscored": 0,
        "flagged": 2,
        "dropped_kernel": 7,
        "dropped_queue": 0,
        "dropped_disk": 0,
    }
    (incident,) = history.incidents(EVER)
    assert incident["number"] == 1
    assert isinstance(incident["peers"], list)
    assert incident["suppressed"] is False
    (gap,) = history.gaps(EVER)
    assert (gap["interface"], gap["start_ns"], gap["end_ns"], gap["reason"]) == ("eth0", 10, 20, "asleep")
    database.close()


def test_two_machines_write_into_one_server(mariadb, tmp_path: Path) -> None:
    """Each has a number of its own; together they are the sum, apart they are told apart."""
    settings = HistorySettings(url=mariadb.create("shared"))
    for name in ("one", "two"):
        keeping = Keeping(settings, tmp_path / name, no_password)
        keeping.recorder.begin("eth0")
        keeping.recorder.add(random_batch(1_000, 3))
        assert keeping.close()
        while keeping.state.waiting_parcels:
            keeping = Keeping(settings, tmp_path / name, no_password)
            time.sleep(0.2)
            keeping.close()
    database = open_store(settings, tmp_path, no_password)
    history = History(database)
    assert sum(packets for _, packets, _ in history.volume(EVER)) == 2_000
    sensors = history.sensors()
    assert len({number for number, _ in sensors}) == 2
    for number, _ in sensors:
        own = Span(EVER.start_s, EVER.end_s, number)
        assert sum(packets for _, packets, _ in history.volume(own)) == 1_000
    database.close()


def test_the_password_stays_out_of_the_settings(tmp_path: Path) -> None:
    """It comes from the keyring, escaped as a URL needs it."""
    asked = []

    def password(server: str, user: str) -> str:
        asked.append((server, user))
        return "p@ss/word"

    url = url_of(HistorySettings(url="mysql+pymysql://desk@db.example/traffic"), tmp_path, password)
    assert asked == [("db.example", "desk")]
    assert url == "mysql+pymysql://desk:p%40ss%2Fword@db.example/traffic"


def test_too_fast_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What finds no room while adding up is late is not silently gone."""
    monkeypatch.setattr("trafficdesk.store.recorder.MOST_ROWS", 1_500)
    keeping = Keeping(HistorySettings(), tmp_path, no_password)
    keeping.recorder.begin("eth0")
    with keeping.recorder._changed:  # adding up has to wait
        for at in range(3):
            keeping.recorder._changed.release()
            keeping.recorder._changed.acquire()
            keeping.recorder.add(random_batch(1_000, at))
    missed = keeping.recorder.missed
    keeping.close()
    database = open_store(HistorySettings(), tmp_path, no_password)
    seen = sum(packets for _, packets, _ in History(database).volume(EVER))
    assert seen + missed == 3_000
    database.close()


def test_names_are_learned_from_what_is_seen(settings: HistorySettings, tmp_path: Path) -> None:
    """A DNS answer's name is kept with its address, source and time, and the best evidence is shown."""
    keeping = Keeping(settings, tmp_path, no_password)
    session = AnalysisSession()
    session.recorder = keeping.recorder
    session.begin()
    identity = session.identifier.identity
    keeping.recorder.begin("eth0", session.log.identities, names=session.identifier.identity.take_names)
    begun = time.time_ns()
    web, nas = pack_address("93.184.216.34"), pack_address("fd00::7")
    hostile = "=cmd\u202e<b>"
    identity._names.learn(b"", web, "example.org", NameSource.DNS)
    identity.learn_name(nas, hostile)
    identity._names.note_server(
        web, session.log.identities.hosts.number(Host("shop.example", NameSource.TLS))
    )
    assert identity.host_of(web)
    keeping.recorder.end()
    assert identity.take_names() == []
    assert keeping.close()
    database = open_store(settings, tmp_path, no_password)
    history = History(database)
    told = {one["name"]: one for one in history.names_of("93.184.216.34")}
    assert {name: one["source"] for name, one in told.items()} == {
        "example.org": "DNS answer",
        "shop.example": "TLS SNI",
    }
    assert begun <= told["example.org"]["first_ns"] <= told["example.org"]["last_ns"]
    shown = history.shown_names(["93.184.216.34", "fd00::7", "10.0.0.1", ""])
    assert shown == {
        "93.184.216.34": "shop.example",
        "fd00::7": identity._names._hosts[identity.host_of(nas)].name,
    }
    assert "\u202e" not in shown["fd00::7"]
    database.close()


def test_what_a_person_said_is_kept(settings: HistorySettings, tmp_path: Path) -> None:
    """Rules and labels, whether a capture runs or not; what is taken back is said to be, also by the next start."""
    rules = [SuppressionRule(number, port=50 + number, note="ours") for number in (1, 2, 3)]
    steps = [
        Corrections().with_entries(*rules),
        Corrections().with_entries(*rules).without([2]),
        Corrections().with_entries(*rules).without([2, 3]),
    ]
    found = []
    for said in (steps[:2], steps[2:]):
        keeping = Keeping(settings, tmp_path, no_password)
        for one in said:
            keeping.recorder.note(lambda one=one: table_of(one))
            time.sleep(0.7)
        assert keeping.close()
        database = open_store(settings, tmp_path, no_password)
        notes = History(database).notes()
        assert all(note["body"]["note"] == "ours" for note in notes)
        found.append({note["name"]: note["removed"] for note in notes})
        database.close()
    assert found == [{"1": False, "2": True, "3": False}, {"1": False, "2": True, "3": True}]


def test_models_are_kept(settings: HistorySettings, tmp_path: Path) -> None:
    """When each was fitted, of how many rows, and with which seed; once."""
    keeping = Keeping(settings, tmp_path, no_password, seed=5)
    keeping.recorder.begin("eth0")
    for rows in (100, 100, 300):
        keeping.recorder.tell(model=ModelState(model_id=rows // 100, fitted_at_ns=rows * 10**9, rows=rows))
    assert keeping.close()
    database = open_store(settings, tmp_path, no_password)
    told = [(one["number"], one["rows"], one["seed"]) for one in History(database).models(EVER)]
    assert told == [(3, 300, 5), (1, 100, 5)]
    database.close()


def test_a_flood_of_names_is_bounded() -> None:
    """So many a day, and no more: an attacker who invents names does not fill the disk."""
    rows, parcel = NameRows(7, capacity=10), Parcel()
    learned = [(pack_address("10.0.0.1"), Host(f"h{at}.example", NameSource.DNS)) for at in range(50)]
    for _ in range(2):
        rows.add(learned, time.time_ns(), parcel)
    assert len(set(parcel.tables["name"][2])) == 10


def test_what_a_person_expects_is_recorded_as_such(tmp_path: Path) -> None:
    """An incident that a correction calms is no alert any more, and one again when that is taken back."""
    keeping = Keeping(HistorySettings(), tmp_path, no_password)
    session = AnalysisSession()
    session.recorder = keeping.recorder
    session.begin()
    keeping.recorder.begin("eth0", session.log.identities)
    nothing = (np.empty(0, np.int64), np.empty(0, np.int32))
    database = open_store(HistorySettings(), tmp_path, no_password)
    history, found = History(database), []
    for step, corrections in enumerate(
        (
            Corrections(),
            Corrections().with_entries(Once(1, 1, np.arange(3, 5), "Port scan", 0)),
            Corrections(),
        )
    ):
        session.recall.correct(corrections, nothing)
        session.ingest(random_batch(500, step, first_id=500 * step))
        session.next_for_analysis(500)
        session.apply(detection_of(500 * step, 500, family=(3, 4) if not step else (), incident=1))
        written = keeping.state.written_rows
        while keeping.state.written_rows == written or keeping.state.waiting_rows:
            time.sleep(0.05)
        found.append([len(history.incidents(EVER)), len(history.incidents(EVER, suppressed=True))])
    keeping.close()
    database.close()
    assert found == [[1, 1], [0, 1], [1, 1]]


def test_reasons_are_kept_as_they_were(tmp_path: Path) -> None:
    """An incident's reasons survive with value, unit and what was usual."""
    from tests.helpers.incidents import an_incident

    keeping = Keeping(HistorySettings(), tmp_path, no_password)
    keeping.recorder.begin("eth0")
    incident = an_incident(id=4, packets=2)
    keeping.recorder.tell([incident])
    keeping.close()
    database = open_store(HistorySettings(), tmp_path, no_password)
    (row,) = History(database).incidents(EVER)
    assert row["sentence"] == incident.sentence
    assert [one["feature"] for one in row["reasons"]] == [one.feature for one in incident.reasons]
    assert json.dumps(row["reasons"])
    database.close()


def test_networks_are_noted_when_they_change(settings: HistorySettings, tmp_path: Path) -> None:
    """The first from the capture's begin on, each other one from when it was told; nothing is said twice."""
    keeping = Keeping(settings, tmp_path, no_password)
    number = keeping.recorder.begin("wlan0")
    for network in ("", "home", "home", "cafe"):
        keeping.recorder.tell(model=ModelState(network=network))
    assert keeping.close()
    database = open_store(settings, tmp_path, no_password)
    with database.reading() as connection:
        rows = connection.execute(sql.select(NETWORK).order_by(NETWORK.c.start_ns)).fetchall()
    database.close()
    assert [row.network for row in rows] == ["home", "cafe"]
    assert rows[0].start_ns == number < rows[1].start_ns


def test_what_is_found_after_the_end_is_told_yet(settings: HistorySettings, tmp_path: Path) -> None:
    """Packets that were waiting for their analysis; not those of the next capture, which may be a file."""
    keeping = Keeping(settings, tmp_path, no_password)
    session = AnalysisSession()
    session.recorder = keeping.recorder
    session.begin()
    keeping.recorder.begin("eth0", statistics=lambda: CaptureStatistics(dropped_kernel=3))
    session.ingest(random_batch(1_000, 1))
    keeping.recorder.stop()
    assert not keeping.recorder.recording
    session.ingest(random_batch(40, 2, first_id=1_000))
    session.next_for_analysis(1_000)
    session.apply(detection_of(0, 1_000, family=(3, 4), incident=1))
    session.begin()
    session.ingest(random_batch(500, 1))
    session.next_for_analysis(500)
    session.apply(detection_of(0, 500, family=(3, 4), incident=2))
    assert keeping.close()
    database = open_store(settings, tmp_path, no_password)
    history = History(database)
    assert [one["number"] for one in history.incidents(EVER)] == [1]
    (capture,) = history.captures(EVER)
    assert (capture["packets"], capture["dropped_kernel"]) == (1_000, 3)
    quality = history.detail.quality(EVER)
    assert (quality["scored"], quality["flagged"], quality["dropped_kernel"]) == (1_000, 2, 3)
    database.close()
