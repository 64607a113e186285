"""Folders of small captures, and `analyze` on them as a person runs it."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

from trafficdesk.capture.synthetic import generate

if TYPE_CHECKING:
    from pathlib import Path

_NS = 1_000_000_000


@cache
def _records() -> tuple[bytes, ...]:
    return tuple(
        struct.pack("<IIII", *divmod(frame.timestamp_ns, _NS), len(frame.data), frame.wire_length)
        + frame.data
        for frame in generate().frames
    )


def small_captures(folder: Path, files: int, packets: int = 30) -> list[Path]:
    """Each another stretch of the sample's frames."""
    folder.mkdir(parents=True, exist_ok=True)
    records, made = _records(), []
    step = max(1, (len(records) - packets) // files)
    for number in range(files):
        stretch = records[number * step : number * step + packets]
        made.append(capture(folder / f"{number:04d}.pcap", stretch))
    return made


def capture(path: Path, records: tuple[bytes, ...]) -> Path:
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65_535, 1) + b"".join(records))
    return path


def scanning_capture(path: Path) -> Path:
    """The stretch of the sample around its port scan (`sample.incidents.csv`)."""
    return capture(path, _records()[16_500:17_400])


def analyze(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`trafficdesk analyze …` in a process of its own."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=240, check=False, cwd=cwd,
        env=environment(),
    )  # fmt: skip


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "trafficdesk", "analyze", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
