"""`monitor` as a process of its own, on one end of a cable."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
