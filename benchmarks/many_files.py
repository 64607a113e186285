"""Many small captures: one process, one per core, and a Dask cluster of two workers; same results, in what time.

`python3 dev.py bench many_files`; `MANY_FILES=10000` for more.
"""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
from _support import OURS, SECOND_NS, row, working_folder

from trafficdesk.capture.synthetic import generate
from trafficdesk.cli.collection.pool import cores

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = int(os.environ.get("MANY_FILES", "1000"))
PACKETS = 40
_CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, worker_dashboard_address=None
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """What the others are compared with."""

    took_s: float = 0.0
    digest: str = ""


def main() -> int:
    with working_folder() as folder:
        captures = folder / "captures"
        octets = make(captures)
        print(f"{FILES:,} captures of {PACKETS} packets, {octets / 1e6:,.0f} MB, {cores()} cores\n")
        alone = measured(captures, "one process", ["--jobs", "1"], Peer())
        measured(captures, f"{cores()} processes", [], alone)
        with cluster(folder) as address:
            if address:
                measured(captures, "Dask, two workers of one thread", ["--scheduler", address], alone)
            else:
                print("  distributed is not installed: no cluster to compare with.")
    return 0


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Address of its scheduler; empty where there can be none."""
    with subprocess.Popen(
        [sys.executable, "-c", _CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def make(folder: Path) -> int:
    """Every file another stretch of the sample; returns bytes."""
    folder.mkdir()
    frames, octets = generate().frames, 0
    for number in range(FILES):
        begin = number * 337 % (len(frames) - PACKETS)
        parts = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65_535, 1)]
        for frame in frames[begin : begin + PACKETS]:
            parts.append(
                struct.pack(
                    "<IIII", *divmod(frame.timestamp_ns, SECOND_NS), len(frame.data), frame.wire_length
                )
            )
            parts.append(frame.data)
        octets += (folder / f"{number:05d}.pcap").write_bytes(b"".join(parts))
    return octets


def measured(captures: Path, name: str, where: list[str], alone: Peer) -> Peer:
    """Time and result of one way, beside those of one process."""
    out = captures.parent / "out.json"
    begin, largest = time.perf_counter(), 0
    with subprocess.Popen(
        [*OURS, "analyze", str(captures), *where, "--json", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as run:
        while run.poll() is None:
            largest = max(largest, memory(run.pid))
            time.sleep(0.2)
    took = time.perf_counter() - begin
    if run.returncode:
        print(f"  {name} failed with exit code {run.returncode}.")
        return Peer(took)
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    told = f"{largest / 1e6:,.0f} MB at most in a process"
    if alone.digest:
        same = "the same bytes" if digest == alone.digest else "ANOTHER RESULT"
        told = f"{alone.took_s / took:.2f} times as fast, {same}, {told}"
    row(name, f"{took:.1f} s", told)
    return Peer(took, digest)


def memory(pid: int) -> int:
    """Of the largest of a process and those it started."""
    try:
        process = psutil.Process(pid)
        return max(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0


if __name__ == "__main__":
    sys.exit(main())
