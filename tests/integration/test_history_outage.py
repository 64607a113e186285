"""The history's server dies in the middle and comes back: no row lost, none twice; and so when we die ourselves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sql

from tests.helpers.mariadb import MariaDb, missing
from tests.helpers.stored import NOON_S
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.schema import VOLUME_SECOND
from trafficdesk.store.writer import HistoryWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = int(os.environ.get("TRAFFICDESK_KILLS", "4"))
"""Kills; `benchmarks/history_kills.py` does it at full rate."""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server() -> Iterator[MariaDb]:
    """A server of this test's own: it is killed."""
    if why := missing():
        pytest.skip(why)
    folder = Path(tempfile.mkdtemp(prefix="tdmaria"))
    server = MariaDb(folder)
    server.start()
    yield server
    server.kill()
    shutil.rmtree(folder)


def parcel_of(number: int) -> Parcel:
    parcel = Parcel()
    parcel.add(VOLUME_SECOND, [NOON_S + number * 20 + at for at in range(20)], [7] * 20, [1] * 20, [100] * 20)
    return parcel


def sums_of(url: str) -> tuple[int, int]:
    database = Database(url)
    try:
        with database.reading() as connection:
            query = sql.select(sql.func.count(), sql.func.sum(VOLUME_SECOND.c.packets))
            rows, packets = connection.execute(query.select_from(VOLUME_SECOND)).one()
    finally:
        database.close()
    return int(rows), int(packets or 0)


def test_a_killed_server_costs_nothing(server: MariaDb, tmp_path: Path) -> None:
    """Killed and started again while it is written to: afterwards every row is there, once."""
    url = server.create("outage")
    writer = HistoryWriter(url, tmp_path / "backlog.db")
    writer.start()
    sent = 0
    for _ in range(3):
        for _ in range(60):
            assert writer.put(parcel_of(sent))
            sent += 1
            time.sleep(0.002)
        server.kill()
        for _ in range(20):
            assert writer.put(parcel_of(sent))
            sent += 1
        server.start()
    deadline = time.monotonic() + 90
    while (writer.state.waiting_parcels or writer.state.waiting_rows) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert writer.state.lost_rows == 0
    writer.close()
    assert sums_of(url) == (sent * 20, sent * 20)


_WRITE = """
import sys, time
from pathlib import Path
from tests.integration.test_history_outage import parcel_of
from trafficdesk.store.writer import HistoryWriter
writer = HistoryWriter(sys.argv[1], Path(sys.argv[2]))
writer.start()
for number in range(int(sys.argv[3]), 1_000_000):
    writer.put(parcel_of(number))
    if not number % 20:
        print(number, writer.state.written_rows, flush=True)
    time.sleep(0.0005)
"""


@pytest.mark.parametrize("kind", ["embedded", "server"])
def test_killed_ourselves_everything_written_stays(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """kill -9 while writing, again and again: the store opens, holds all that was said to be written, and nothing twice."""
    if kind == "embedded":
        url = file_url(tmp_path / "history.db")
    else:
        url = request.getfixturevalue("server").create("killed")
    first, written = 0, 0
    for round_number in range(ROUNDS):
        command = [sys.executable, "-c", _WRITE, url, str(tmp_path / "backlog.db"), str(first)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
        with process:
            end = time.monotonic() + 60
            said = (first, 0)
            while time.monotonic() < end:
                said = tuple(map(int, process.stdout.readline().split()))
                if said[1] > 2_000 + 500 * round_number:
                    break
            process.send_signal(signal.SIGKILL)
            last = [line for line in process.stdout.read().splitlines() if line.count(" ") == 1]
        number, rows = map(int, last[-1].split()) if last else said
        written += rows
        first = max(number, said[0]) + 2_000
    if kind == "server":
        # What was on its way is sent by the next start.
        writer = HistoryWriter(url, tmp_path / "backlog.db")
        writer.start()
        while writer.state.waiting_parcels:
            time.sleep(0.05)
        writer.close()
    rows, packets = sums_of(url)
    assert packets == rows
    assert rows >= written
    assert rows % 20 == 0
