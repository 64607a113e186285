"""The history: rows written a second (the embedded store, and a MariaDB server started for it), and questions to
10 million rows.

Peer of the same run: sqlite3's own `executemany` of the packet rows alone, without anything that is added up.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from _support import row, working_folder

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.helpers.mariadb import MariaDb, missing
from tests.helpers.stored import NOON_S, random_batch
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.history import History, Span
from trafficdesk.store.migrations import bring_up_to_date
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.rollup import RollUp
from trafficdesk.store.schema import HOST_HOUR, HOST_MINUTE, PACKET
from trafficdesk.store.writer import HistoryWriter

RATE = 50_000
STEP = 25_000
"""Half a second of traffic: what the recorder adds up at once."""
WANTED_ROWS = 50_000
WANTED_MS = 300.0
HOSTS, DAYS = 240, 31


def main() -> int:
    """Exit code: 0 fast enough, 1 not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="of traffic at 50,000 packets/s")
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the store that is asked")
    chosen = parser.parse_args()
    with working_folder() as folder:
        parcels = parcels_of(chosen.seconds, packets=True)
        rows = sum(parcel.rows for parcel in parcels)
        print(f"History: {chosen.seconds} s of traffic at {RATE:,} packets/s, {rows:,} rows")
        embedded = written(file_url(folder / "history.db"), folder, parcels)
        row(
            "the embedded store",
            f"{embedded:,.0f} rows/s",
            f"peer, sqlite3 alone: {alone(folder, parcels):,.0f}",
        )
        server = on_server(folder, parcels_of(chosen.seconds, packets=False))
        slowest = asked(folder, chosen.rows)
    good = embedded >= WANTED_ROWS and slowest <= WANTED_MS and (server is None or server >= WANTED_ROWS)
    return 0 if good else 1


def parcels_of(seconds: int, *, packets: bool) -> list[Parcel]:
    """What the recorder would hand over."""
    roll_up, parcels = RollUp(7, packets=packets), []
    for number in range(seconds * RATE // STEP):
        batch = random_batch(
            STEP,
            number,
            span_s=0.5,
            hosts=200,
            peers=5,
            first_id=number * STEP,
            start_s=NOON_S + number // 2,
        )
        parcel = Parcel()
        roll_up.add(batch, NOON_S, parcel)
        parcels.append(parcel)
    return parcels


def written(url: str, folder: Path, parcels: list[Parcel]) -> float:
    """Rows written a second, until the last is in the store."""
    writer = HistoryWriter(url, folder / "backlog.db")
    writer.start()
    begin = time.perf_counter()
    for parcel in parcels:
        while not writer.put(parcel):
            time.sleep(0.01)
    while writer.state.waiting_rows or writer.state.waiting_parcels:
        time.sleep(0.01)
    seconds = time.perf_counter() - begin
    writer.close()
    return sum(parcel.rows for parcel in parcels) / seconds


def alone(folder: Path, parcels: list[Parcel]) -> float:
    """Packet rows by sqlite3 itself."""
    connection = sqlite3.connect(folder / "alone.db")
    connection.execute("PRAGMA journal_mode=WAL")
    columns = ",".join(column.name for column in PACKET.columns)
    connection.execute(
        f"CREATE TABLE packet ({columns}, PRIMARY KEY (timestamp_ns, sensor, capture, number)) WITHOUT ROWID"
    )
    marks = ",".join("?" * len(PACKET.columns))
    begin, rows = time.perf_counter(), 0
    for parcel in parcels:
        lines = list(zip(*parcel.tables["packet"], strict=True))
        with connection:
            connection.executemany(f"INSERT INTO packet VALUES ({marks})", lines)
        rows += len(lines)
    seconds = time.perf_counter() - begin
    connection.close()
    return rows / seconds


def on_server(folder: Path, parcels: list[Parcel]) -> float | None:
    """Sums (no packets) into a MariaDB server of our own; None where there is none."""
    if why := missing():
        print(f"  MariaDB: {why}; not measured")
        return None
    place = Path(tempfile.mkdtemp(prefix="tdmaria"))
    server = MariaDb(place)
    try:
        server.start()
        rate = written(server.create("history"), folder, parcels)
    finally:
        server.kill()
        shutil.rmtree(place)
    row("MariaDB on loopback, sums", f"{rate:,.0f} rows/s", "through the backlog on disk")
    return rate


def asked(folder: Path, rows: int) -> float:
    """Milliseconds of the slowest question to a store of `rows` rows: a month of hosts by minute and by hour."""
    database = Database(file_url(folder / "month.db"))
    bring_up_to_date(database)
    random, filled = np.random.default_rng(1), 0
    minutes = DAYS * 1_440
    hosts = max(1, rows // minutes)
    addresses = [bytes(10) + b"\xff\xff" + bytes([10, 0, at // 250, at % 250 + 1]) for at in range(hosts)]
    for table, span, count in ((HOST_MINUTE, 60, minutes), (HOST_HOUR, 3_600, DAYS * 24)):
        for start in range(0, count, 500):
            stop = min(start + 500, count)
            at = np.repeat(NOON_S + np.arange(start, stop) * span, hosts)
            values = random.integers(1, 1_000_000, (4, len(at)))
            with database.transaction() as connection:
                database.merge(
                    connection,
                    table,
                    [at.tolist(), [7] * len(at), addresses * (stop - start), *values.tolist()],
                )
            filled += len(at)
    history, end = History(database), NOON_S + minutes * 60
    questions = {
        "top talkers of the last hour": lambda: history.talkers(Span(end - 3_600, end)),
        "top talkers of the month": lambda: history.talkers(Span(NOON_S, end)),
        "this host's month": lambda: history.host("10.0.0.9", Span(NOON_S, end)),
        "this host's last hours": lambda: history.host("10.0.0.9", Span(end - 8 * 3_600, end)),
    }
    slowest = 0.0
    for name, question in questions.items():
        times = []
        for _ in range(3):
            begin = time.perf_counter()
            question()
            times.append((time.perf_counter() - begin) * 1_000)
        row(name, f"{min(times):,.0f} ms", f"{max(times):,.0f} ms the first time, of {filled:,} rows")
        slowest = max(slowest, min(times))
    database.close()
    return slowest


if __name__ == "__main__":
    sys.exit(main())
