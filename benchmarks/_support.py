"""What the benchmarks share: a capture to work on, peers that may be missing, best times and ratios."""

from __future__ import annotations

import compileall
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import trafficdesk
from trafficdesk.capture.synthetic import generate

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = [sys.executable, "-m", "trafficdesk"]
# As installed: from a shell that forbids it to be kept, every start would compile our source anew, in half a second.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
compileall.compile_dir(Path(trafficdesk.__file__).parent, quiet=2)

SECOND_NS = 1_000_000_000
FILLER = bytes(range(256)) * 6
"""Stands for the payload that the sample leaves out, so that a big capture weighs about what a real one does."""
ETHERNET_BYTES = 1_514
"""Longest untagged frame on the wire, without its check sequence (IEEE 802.3)."""


def big_capture(path: Path, packets: int) -> Path:
    """Nanosecond pcap of `packets` frames: the sample's half hour again and again.

    The sample is cut to be small; here every frame is whole, its payload filled up. Those that a network card would
    have had to split are left out.
    """
    bodies = []
    for frame in generate().frames:
        if frame.wire_length <= ETHERNET_BYTES:
            data = frame.data + FILLER[: frame.wire_length - len(frame.data)]
            bodies.append((frame.timestamp_ns, struct.pack("<II", len(data), len(data)) + data))
    span_ns = bodies[-1][0] - bodies[0][0] + SECOND_NS
    with path.open("wb") as stream:
        stream.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65_535, 1))
        for number in range(packets):
            round_number, row = divmod(number, len(bodies))
            stamp, body = bodies[row]
            stream.write(struct.pack("<II", *divmod(stamp + round_number * span_ns, SECOND_NS)) + body)
    return path


@contextmanager
def working_folder() -> Iterator[Path]:
    """A folder for captures and a home for settings, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="trafficdesk-bench-") as name:
        os.environ["TRAFFICDESK_HOME"] = str(Path(name) / "home")
        yield Path(name)


def has(program: str) -> bool:
    """Whether a peer is installed; says so if it is not."""
    if shutil.which(program):
        return True
    print(f"  {program} is not installed: nothing to compare with.")
    return False


def best_of(command: list[str], times: int, timeout_s: float = 600.0) -> float | None:
    """Shortest wall time of a command in seconds; None (and its last words) if it fails."""
    best = None
    for _ in range(times):
        begin = time.perf_counter()
        done = subprocess.run(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=timeout_s,
            check=False,
            text=True,
        )
        took = time.perf_counter() - begin
        if done.returncode:
            print(f"  {Path(command[0]).name} failed ({done.returncode}): {done.stderr.strip()[-300:]}")
            return None
        best = took if best is None else min(best, took)
    return best


def row(name: str, value: str, ratio: str = "") -> None:
    """One line of a result."""
    print(f"  {name:<44}{value:>18}   {ratio}")
