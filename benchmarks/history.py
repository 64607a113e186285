"""The history: rows written a second (the embedded store, and a MariaDB server started for it), and questions to
10 million rows.

Peer of the same run: sqlite3's own `executemany` of the packet rows alone, without anything that is added up.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sql
from _support import row, working_folder

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.helpers.mariadb import MariaDb, missing
from tests.helpers.stored import NOON_S, random_batch
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.history import History, Span
from trafficdesk.store.migrations import bring_up_to_date
from trafficdesk.store.parcel import Parcel, joined
from trafficdesk.store.rollup import RollUp
from trafficdesk.store.schema import (
    CONVERSATION,
    HOST_DAY,
    HOST_HOUR,
    HOST_MINUTE,
    METADATA,
    PACKET,
    PROTOCOL_HOUR,
    PROTOCOL_MINUTE,
    VOLUME_MINUTE,
)
from trafficdesk.store.services import Services
from trafficdesk.store.writer import HistoryWriter

RATE = 50_000
STEP = 25_000
"""Half a second of traffic: what the recorder adds up at once."""
WANTED_ROWS = 50_000
WANTED_MS = 300.0
HOSTS, DAYS = 240, 31
SERVERS, SERVERS_A_HOST = 2_000, 50
"""Some 12,000 pairs of hosts a day."""
MONTH_S = NOON_S // 86_400 * 86_400
PROTOCOLS = ("TLS", "DNS", "QUIC", "HTTP", "TCP", "UDP", "ARP", "ICMP", "mDNS", "NTP", "SSH", "DHCP")


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
    """Milliseconds of the slowest question to a store of so many rows, a month of traffic."""
    database = Database(file_url(folder / "month.db"))
    bring_up_to_date(database)
    begin = time.perf_counter()
    filled = month(database, rows)
    print(
        f"Questions to {filled:,} rows ({time.perf_counter() - begin:,.0f} s to fill), at most {WANTED_MS:,.0f} ms"
    )
    history, end = History(database), MONTH_S + DAYS * 86_400
    whole, week, day, hour = (Span(end - span, end) for span in (DAYS * 86_400, 7 * 86_400, 86_400, 3_600))
    questions = {
        "top talkers of the last hour": lambda: history.talkers(hour),
        "top talkers of the week": lambda: history.talkers(week),
        "top talkers of the month": lambda: history.talkers(whole),
        "this host's month": lambda: history.host("10.0.0.9", whole),
        "this host's last hours": lambda: history.host("10.0.0.9", Span(end - 8 * 3_600, end)),
        "protocols of the month": lambda: history.protocols(whole),
        "volume of the month": lambda: history.volume(whole),
        "conversations of the last hour": lambda: history.conversations(hour),
        "conversations of four hours": lambda: history.conversations(Span(end - 4 * 3_600, end)),
        "conversations of the day": lambda: history.conversations(day),
        "conversations of the week": lambda: history.conversations(week),
        "conversations of the month": lambda: history.conversations(whole),
        "this host's conversations of the day": lambda: history.conversations(day, "10.0.0.9"),
        "this host's conversations of the month": lambda: history.conversations(whole, "10.0.0.9"),
    }
    slowest = 0.0
    for name, question in questions.items():
        times = []
        for _ in range(5):
            begin = time.perf_counter()
            found = len(question())
            times.append((time.perf_counter() - begin) * 1_000)
        row(
            name, f"{statistics.median(times):,.0f} ms", f"{times[0]:,.0f} ms the first time, {found:,} lines"
        )
        slowest = max(slowest, statistics.median(times))
    database.close()
    return slowest


def month(database: Database, rows: int) -> int:
    """Fill a store with a month of an office: hosts that open many conversations with the same few servers."""
    random, filled = np.random.default_rng(1), 0
    services = Services(7)
    a_minute, an_hour = max(1, rows * 2 // 10 // (DAYS * 1_440)), max(1, rows * 4 // 10 // (DAYS * 24))
    inside = [_packed(10, 0, at // 250, at % 250 + 1) for at in range(max(HOSTS, a_minute))]
    outside = [_packed(93, at // 250, 7, at % 250 + 1) for at in range(SERVERS)]
    for hour in range(MONTH_S, MONTH_S + DAYS * 86_400, 3_600):
        parcel = Parcel()
        minutes = np.repeat(hour + np.arange(60) * 60, a_minute)
        for table, spans, hosts in (
            (HOST_MINUTE, minutes, inside[:a_minute] * 60),
            (HOST_HOUR, np.full(HOSTS, hour), inside[:HOSTS]),
            (HOST_DAY, np.full(HOSTS, hour // 86_400 * 86_400), inside[:HOSTS]),
        ):
            values = random.integers(1, 1_000_000, (4, len(spans)))
            parcel.add(table, spans, [7] * len(spans), hosts, *values)
        for table, spans in (
            (VOLUME_MINUTE, minutes[::a_minute]),
            (PROTOCOL_MINUTE, minutes[::a_minute]),
            (PROTOCOL_HOUR, np.array([hour])),
        ):
            for name in PROTOCOLS if table is not VOLUME_MINUTE else [None]:
                names = [] if name is None else [[name] * len(spans)]
                parcel.add(
                    table, spans, [7] * len(spans), *names, *random.integers(1, 9_999, (2, len(spans)))
                )
        conversations = _conversations(random, hour, an_hour, inside, outside)
        parcel.add(CONVERSATION, *conversations)
        services.add(conversations, parcel)
        with database.transaction() as connection:
            joined([parcel]).write(database, connection)
    with database.reading() as connection:
        for table in METADATA.tables.values():
            filled += connection.execute(sql.select(sql.func.count()).select_from(table)).scalar() or 0
    return filled


def _conversations(
    random: np.random.Generator, hour: int, count: int, inside: list[bytes], outside: list[bytes]
) -> list[list[Any]]:
    host = random.integers(0, HOSTS, count)
    server = (host * 37 + random.integers(0, SERVERS_A_HOST, count) ** 2) % SERVERS
    port = np.where(server % 5 > 0, 443, 53)
    values = random.integers(1, 100_000, (4, count))
    first = hour * 10**9 + random.integers(0, 3 * 10**12, count)
    names = [f"host{at}.example.org" for at in range(SERVERS)]
    return [
        [hour] * count,
        [7] * count,
        [inside[at] for at in host.tolist()],
        [outside[at] for at in server.tolist()],
        random.integers(32_768, 61_000, count).tolist(),
        port.tolist(),
        np.where(port == 443, 6, 17).tolist(),
        *values.tolist(),
        first.tolist(),
        (first + 10**11).tolist(),
        np.where(port == 443, "TLS", "DNS").tolist(),
        ["firefox"] * count,
        ["seen"] * count,
        [names[at] for at in server.tolist()],
        ["TLS SNI"] * count,
    ]


def _packed(*octets: int) -> bytes:
    return bytes(10) + b"\xff\xff" + bytes(octets)


if __name__ == "__main__":
    sys.exit(main())
