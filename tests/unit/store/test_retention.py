"""`store.retention`: old and too much goes, the finest first."""

from __future__ import annotations

from tests.helpers.stored import NOON_S, NS, everything, random_batch
from tests.unit.store.test_rollup import store
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.migrations import bring_up_to_date
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.retention import Retention, size_of
from trafficdesk.store.schema import NAME

DAY_S = 86_400


def _ten_days(database, rows=800):
    for day in range(10):
        store(database, random_batch(rows, day, start_s=NOON_S + day * DAY_S), 800)
    return NOON_S + 10 * DAY_S


def test_what_is_old_goes(database):
    """Packets and seconds after their days, the rest after its own; the young stay whole."""
    now = _ten_days(database)
    before = everything(database)
    gone = Retention(days=8, fine_days=3).apply(database, now)
    after = everything(database)
    assert gone == sum(sum(rows.values()) for rows in before.values()) - sum(
        sum(rows.values()) for rows in after.values()
    )
    assert sum(after["packet"].values()) == 3 * 800
    assert sum(row[2] for row in after["volume_minute"]) == 8 * 800
    assert after["host_hour"] <= before["host_hour"]


def test_days_and_services_age_too(database):
    """No day, hour, service or name is left that is older; of every service that is left it is known who it is."""
    now = _ten_days(database, 60)
    names = Parcel()
    for day in range(10):
        names.add_row(NAME, 7, bytes(16), f"h{day}", "mDNS", 1, (NOON_S + day * DAY_S) * NS)
    with database.transaction() as connection:
        names.write(database, connection)
    Retention(days=8).apply(database, now)
    after = everything(database)
    since = now - 8 * DAY_S
    for name in ("host_day", "service_day", "service_hour", "protocol_hour"):
        assert after[name]
        assert min(row[0] for row in after[name]) >= since
    assert {row[2] for row in after["service_day"]} <= {row[0] for row in after["service"]}
    assert sum(after["name"].values()) == 8


def test_freed_room_goes_back_to_the_disk(tmp_path):
    """A file that retention emptied is smaller than before."""
    database = Database(file_url(tmp_path / "history.db"))
    bring_up_to_date(database)
    _ten_days(database)
    with database.transaction() as connection:
        before = connection.exec_driver_sql("PRAGMA page_count").scalar()
    Retention(days=1, fine_days=1).apply(database, NOON_S + 30 * DAY_S)
    with database.transaction() as connection:
        assert connection.exec_driver_sql("PRAGMA page_count").scalar() < before / 2
    database.close()


def test_a_store_that_is_too_large_loses_the_finest_first(database, monkeypatch):
    """Packets go before minutes, the oldest first, until it fits."""
    now = _ten_days(database)
    sizes = iter([9e9] * 4 + [0.0] * 100)
    monkeypatch.setattr("trafficdesk.store.retention.size_of", lambda _database: next(sizes))
    before = everything(database)
    Retention().apply(database, now)
    after = everything(database)
    assert 0 < sum(after["packet"].values()) < sum(before["packet"].values())
    assert after["volume_minute"] == before["volume_minute"]
    assert min(row[0] for row in after["packet"]) > min(row[0] for row in before["packet"])


def test_the_size_is_told(database):
    """A store with rows is larger than nothing."""
    _ten_days(database)
    assert size_of(database) > 10_000
