"""`store.writer`: every parcel once, whatever happens meanwhile."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.stored import NOON_S, everything
from trafficdesk.errors import StoreError
from trafficdesk.store.backlog import Backlog
from trafficdesk.store.database import Database, OutOfReach, file_url
from trafficdesk.store.migrations import bring_up_to_date
from trafficdesk.store.parcel import Parcel, joined
from trafficdesk.store.schema import CONVERSATION, VOLUME_SECOND
from trafficdesk.store.writer import HistoryWriter


def seconds(first: int, count: int) -> Parcel:
    parcel = Parcel()
    parcel.add(
        VOLUME_SECOND, [NOON_S + first + at for at in range(count)], [7] * count, [1] * count, [100] * count
    )
    return parcel


def test_what_is_put_is_written(url, tmp_path):
    """Parcels of several threads are all there after closing, and the state says so."""
    writer = HistoryWriter(url, tmp_path / "backlog.db")
    writer.start()

    def put(start: int) -> None:
        for at in range(20):
            writer.put(seconds(start + 10 * at, 10))

    threads = [threading.Thread(target=put, args=(1_000 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while writer.state.written_rows < 800:
        assert writer.state.error is None
        threading.Event().wait(0.01)
    assert writer.close()
    database = Database(url)
    assert len(everything(database)["volume_second"]) == 800
    database.close()


def test_a_parcel_that_is_sent_twice_is_written_once(mariadb, tmp_path):
    """The server's answer may get lost: what it has got already is not added again."""
    url = mariadb.create("twice")
    backlog = Backlog(tmp_path / "backlog.db")
    backlog.put(seconds(0, 5))
    ((number, parcel, _),) = backlog.oldest(1)
    backlog.close()
    for _ in range(2):
        writer = HistoryWriter(url, tmp_path / "backlog.db")
        assert writer._backlog.writer == backlog.writer
        writer._open()
        writer._send()
        # As if we had been killed between the server's commit and our own note of it.
        writer._backlog._file.execute(
            "INSERT OR REPLACE INTO parcel VALUES (?, 0, ?)", (number, parcel.packed())
        )
        writer._backlog.close()
        writer._database.close()
    database = Database(url)
    rows = everything(database)["volume_second"]
    assert set(rows) == {(NOON_S + at, 7, 1, 100) for at in range(5)}
    database.close()


def test_out_of_reach_keeps_and_says_so(tmp_path):
    """Nobody listens: a sentence, and what came waits in the file for the next start."""
    told = []
    writer = HistoryWriter(
        "mysql+pymysql://nobody@127.0.0.1:9/none", tmp_path / "backlog.db", on_change=told.append
    )
    writer.start()
    writer.put(seconds(0, 5))
    while not told:
        threading.Event().wait(0.01)
    writer.put(seconds(5, 5))
    while writer.state.waiting_parcels < 2:
        threading.Event().wait(0.01)
    assert isinstance(told[0].error, OutOfReach)
    assert "out of reach" in told[0].words
    assert writer.close()
    backlog = Backlog(tmp_path / "backlog.db")
    assert backlog.parcels == 2
    backlog.close()


def test_a_full_backlog_counts_what_it_refuses(tmp_path):
    """Bounded on disk; what finds no room is not silently gone."""
    backlog = Backlog(tmp_path / "backlog.db", most_bytes=300)
    kept = [backlog.put(seconds(at, 100)) for at in range(10)]
    assert kept[0]
    assert not kept[-1]
    assert backlog.bytes <= 300
    assert backlog.parcels == sum(kept)
    backlog.close()


def test_a_damaged_parcel_does_not_hold_up_the_others(tmp_path):
    """What the disk spoiled is left out, what waits behind it is not."""
    backlog = Backlog(tmp_path / "backlog.db")
    for at in (0, 5, 10):
        backlog.put(seconds(at, 5))
    backlog._file.execute("UPDATE parcel SET body = x'00' WHERE number = 2")
    assert [parcel.rows for _, parcel, _ in backlog.oldest(9)] == [5, 0, 5]
    backlog.close()


def test_a_damaged_parcel_is_an_error_with_a_sentence():
    """Never a traceback from a broken file."""
    for data in (b"", b"x", seconds(0, 3).packed()[:-4]):
        with pytest.raises(StoreError):
            Parcel.unpacked(data)


@pytest.mark.parametrize(
    "address", ["", "history", "nosuch://x/y", "mysql+nosuch://x/y", "sqlite:///history.db"]
)
def test_a_bad_address_is_a_sentence(address, tmp_path, monkeypatch):
    """Of what a person typed; no file is made, wherever the program was started."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError) as caught:
        Database(address)
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_wrong_password_is_refused_not_out_of_reach(mariadb, tmp_path):
    """Waiting would not help: the person must act."""
    url = mariadb.create("refused").replace("root@", "stranger:wrong@")
    database = Database(url)
    with pytest.raises(StoreError) as caught, database.transaction():
        pass
    assert not isinstance(caught.value, OutOfReach)
    assert "wrong" not in str(caught.value)
    database.close()


def test_the_file_is_for_its_owner_only(tmp_path):
    """History tells where a person has been."""
    writer = HistoryWriter(file_url(tmp_path / "deep" / "history.db"), tmp_path / "backlog.db")
    writer.start()
    writer.put(seconds(0, 1))
    writer.close()
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "deep").glob("history.db*")}
    assert modes == {0o600}


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.text(max_size=2)), max_size=6), max_size=5
    )
)
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_joined_parcels_are_what_the_store_makes_of_them(parts):
    """Merged here or by the database, one after the other: the same rows."""

    def parcel_of(rows):
        parcel = Parcel()
        for key, number, text in rows:
            parcel.add_row(
                CONVERSATION, NOON_S, 7, bytes(16), bytes([key] * 16), 1, 2, 6,
                number, 1, 10 * number, 2, number, number, text, "", "seen", text, "",
            )  # fmt: skip
        return parcel

    stores = []
    for parcels in ([parcel_of(rows) for rows in parts], [joined([parcel_of(rows) for rows in parts])]):
        database = Database("sqlite:///:memory:")
        bring_up_to_date(database)
        with database.transaction() as connection:
            for parcel in parcels:
                parcel.write(database, connection)
        stores.append(everything(database)["conversation"])
        database.close()
    assert stores[0] == stores[1]
