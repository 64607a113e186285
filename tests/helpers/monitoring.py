"""`monitor` as a process of its own, on one end of a cable."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trafficdesk.paths import data_dir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.helpers.namespaces import Cable


@contextmanager
def monitoring(wire: Cable, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A monitor that has begun to capture."""
    command = [
        "ip",
        "netns",
        "exec",
        wire.near,
        sys.executable,
        "-m",
        "trafficdesk",
        "monitor",
        "--interface",
        "v0",
    ]
    process = subprocess.Popen(
        [*command, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        assert process.stdout
        assert process.stdout.readline().startswith("Monitoring v0")
        yield process
    finally:
        process.kill()
        process.communicate()


def until_recorded(packets: int, home: Path | None = None) -> None:
    """Return when the monitor's history has so many packets, or after a minute."""
    deadline = time.monotonic() + 60
    history = (home / "data" if home else data_dir()) / "history.db"
    while time.monotonic() < deadline:
        if history.exists():
            with (
                contextlib.suppress(sqlite3.OperationalError),
                contextlib.closing(sqlite3.connect(f"{history.as_uri()}?mode=ro", uri=True)) as file,
            ):
                ((recorded,),) = file.execute("SELECT SUM(packets) FROM volume_second")
                if (recorded or 0) >= packets:
                    return
        time.sleep(0.05)
