"""`kill -9` while the history is written at 50,000 packets/s: does it open clean, and how much of the end is missing?

A process records made-up packets, row by row and in sums, as a live capture does; it is killed at a random moment, again
and again, into the same store. Afterwards every packet up to some moment must be there, once; what came after that
moment is missing, in seconds of traffic. On a server what waits on disk is sent by the next start: there, too.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sql
from _support import row, working_folder

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.helpers.mariadb import MariaDb, missing
from tests.helpers.stored import NOON_S, NS, random_batch
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.settings import HistorySettings
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.keeping import FILE, Keeping
from trafficdesk.store.schema import PACKET, VOLUME_MINUTE

ROOT = Path(__file__).parent.parent
STEP_S = 0.05
PATIENCE_S = 120.0
WANTED_S = 1.0


def main() -> int:
    """Exit code: 0 as promised, 1 not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rate", type=int, default=50_000, help="packets/s")
    parser.add_argument(
        "--server", action="store_true", help="into a MariaDB started for it, not into a file"
    )
    parser.add_argument("--record", nargs=3, metavar=("URL", "FOLDER", "FIRST"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.record:
        url, folder, first = chosen.record
        return record(url, Path(folder), int(first), chosen.rate)
    with working_folder() as folder:
        if not chosen.server:
            return killed(file_url(folder / FILE), folder, chosen.kills, chosen.rate)
        if why := missing():
            print(why)
            return 1
        place = Path(tempfile.mkdtemp(prefix="tdmaria"))
        server = MariaDb(place)
        try:
            server.start()
            return killed(server.create("killed"), folder, chosen.kills, chosen.rate)
        finally:
            server.kill()
            shutil.rmtree(place)


def record(url: str, folder: Path, first: int, rate: int) -> int:
    """Record until killed; says after every step how many packets there were."""
    keeping = keeping_of(url, folder)
    keeping.recorder.begin("eth0")
    rows, number = int(rate * STEP_S), first
    batch = random_batch(rows, 1, hosts=200, peers=5, span_s=STEP_S)
    due = time.monotonic()
    while True:
        columns = dict(batch.columns)
        columns["timestamp_ns"] = NOON_S * NS + number * NS // rate + columns["timestamp_ns"] % (NS // 20)
        keeping.recorder.add(PacketBatch(number, columns, batch.text))
        number += rows
        print(number, keeping.recorder.missed, keeping.state.lost_rows, flush=True)
        due += STEP_S
        time.sleep(max(0.0, due - time.monotonic()))


def keeping_of(url: str, folder: Path) -> Keeping:
    """As the program keeps its history, every packet too."""
    embedded = url.startswith("sqlite")
    settings = HistorySettings(url="" if embedded else url, packets=True, days=36_500, fine_days=3_650)
    return Keeping(settings, folder, lambda _server, _user: "")


def killed(url: str, folder: Path, kills: int, rate: int) -> int:
    """Kill so many times; exit code."""
    random.seed(1)
    first, worst, said_lost = 0, 0.0, 0
    expected: list[range] = []
    for _ in range(kills):
        said, lost = one_kill(url, folder, first, rate)
        said_lost += lost
        if url.startswith("sqlite"):
            check_file(folder / FILE)
        else:
            send_rest(url, folder)
        stored = packets_within(url, first, said)
        late = (said - first - stored) / rate
        print(f"  {late:.2f} s missing of {(said - first) / rate:.1f}", flush=True)
        worst = max(worst, late)
        expected.append(range(first, first + stored))
        first = said + 1_000_000
    good = all(packets_within(url, span.start, span.stop) == len(span) for span in expected)
    every = sum(map(len, expected))
    sums = summed(url)
    row(
        f"{kills} kills at {rate:,} packets/s",
        f"{worst:.2f} s missing at most",
        f"{every:,} packets kept, {said_lost:,} found no room",
    )
    row(
        "whole up to that moment, none twice", "yes" if good and sums == every else "NO", f"sums say {sums:,}"
    )
    return 0 if good and sums == every and worst <= WANTED_S else 1


def one_kill(url: str, folder: Path, first: int, rate: int) -> tuple[int, int]:
    """Packet number up to which the process had recorded when it was killed, and rows it could not keep."""
    command = [sys.executable, __file__, "--rate", str(rate), "--record", url, str(folder), str(first)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as process:
        process.stdout.readline()
        time.sleep(random.uniform(1.0, 4.0))
        process.send_signal(signal.SIGKILL)
        lines = [
            line.split() for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")
        ]
    number, unseen, lost = map(int, lines[-1])
    return number, unseen + lost


def check_file(path: Path) -> None:
    """The file opens and is whole."""
    with sqlite3.connect(path) as file:
        (told,) = file.execute("PRAGMA quick_check").fetchone()
    file.close()
    assert told == "ok", told


def send_rest(url: str, folder: Path) -> None:
    """What waits on disk, as the next start does."""
    keeping = keeping_of(url, folder)
    deadline = time.monotonic() + PATIENCE_S
    while keeping.state.waiting_parcels and time.monotonic() < deadline:
        time.sleep(0.05)
    keeping.close()


def packets_within(url: str, first: int, stop: int) -> int:
    """Packets from `first` without a hole."""
    query = sql.select(PACKET.c.number).where((PACKET.c.number >= first) & (PACKET.c.number < stop))
    database = Database(url)
    with database.reading() as connection:
        numbers = sorted(connection.execute(query).scalars())
    database.close()
    whole = next((at for at, number in enumerate(numbers) if number != first + at), len(numbers))
    assert whole == len(numbers), "a hole"
    return whole


def summed(url: str) -> int:
    """Packets in the sums by minute."""
    database = Database(url)
    with database.reading() as connection:
        total = connection.execute(sql.select(sql.func.sum(VOLUME_MINUTE.c.packets))).scalar()
    database.close()
    return int(total or 0)


if __name__ == "__main__":
    sys.exit(main())
