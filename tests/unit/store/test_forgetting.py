"""`store.forgetting`: nothing that was recorded is left anywhere."""

from __future__ import annotations

import os
import time

from tests.helpers.stored import NOON_S, everything, random_batch
from tests.unit.store.test_rollup import store
from tests.unit.store.test_writer import seconds
from trafficdesk.store.backlog import Backlog, empty
from trafficdesk.store.forgetting import forget_everything
from trafficdesk.store.keeping import BACKLOG
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.retention import Retention
from trafficdesk.store.rollup import RollUp
from trafficdesk.store.schema import NOTE


def test_everything_is_forgotten(database, tmp_path):
    """Every table is empty, and what waited for a server does not come back."""
    store(database, random_batch(500, 1), 500, RollUp(7, packets=True))
    note = Parcel()
    note.add_row(NOTE, 7, "label", "1", "{}", 5, False)
    with database.transaction() as connection:
        note.write(database, connection)
    backlog = Backlog(tmp_path / BACKLOG)
    backlog.put(seconds(0, 5))
    rows = sum(sum(lines.values()) for lines in everything(database).values())
    assert forget_everything(database, tmp_path) == rows + 5
    assert not any(everything(database).values())
    assert backlog.oldest(1) == []
    assert (backlog.parcels, backlog.bytes) == (0, 0)
    assert backlog.put(seconds(9, 2))
    assert backlog.parcels == 1
    backlog.close()


def test_one_machines_part_is_forgotten_on_a_server(database, tmp_path):
    """What others wrote stays."""
    for sensor in (7, 8):
        store(database, random_batch(200, sensor), 200, RollUp(sensor))
    forget_everything(database, tmp_path, 7)
    left = everything(database)
    assert left["service"]
    assert {
        row[1] for name in ("service", "service_day", "host_day", "protocol_hour") for row in left[name]
    } == {8}


def test_an_empty_backlog_is_nothing(tmp_path):
    """Neither a file that is not there nor one that somebody else made is a reason to fail."""
    assert empty(tmp_path / "none.db") == 0
    (tmp_path / "other.db").touch()
    assert empty(tmp_path / "other.db") == 0


def test_copies_of_older_schemas_go(tmp_path):
    """With what is forgotten, and a month after they were made."""
    from trafficdesk.store.database import Database, file_url
    from trafficdesk.store.migrations import bring_up_to_date

    database = Database(file_url(tmp_path / "history.db"))
    bring_up_to_date(database)
    old, young, other = (
        tmp_path / name for name in ("history.db.version-1", "history.db.version-2", "else.db.version-1")
    )
    for path in (old, young, other):
        path.write_bytes(b"x")
    os.utime(old, (NOON_S, time.time() - 31 * 86_400))
    Retention().apply(database)
    assert [path.exists() for path in (old, young, other)] == [False, True, True]
    forget_everything(database, tmp_path)
    assert [path.exists() for path in (young, other)] == [False, True]
    database.close()
