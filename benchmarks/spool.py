"""Keeping raw frames: microseconds of processor time per packet that the spool takes, beside dumpcap writing the same.

The spool is given the frames as blocks, the way a packet ring delivers them, at a fixed rate; dumpcap reads them from a
pipe. Both write pcapng to the same disk. What reading the pipe costs dumpcap is in its number; what reading the ring
costs us is not in ours (see live.py).
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from _support import big_capture, has, row, working_folder

from trafficdesk.capture.formats.pcapng_blocks import InterfaceTable, encode
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.capture.spool.room import SpoolLimits
from trafficdesk.capture.spool.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

    from trafficdesk.packets.block import FrameBlock

BLOCK_FRAMES = 2_048
"""What a ring of 1 MiB blocks holds of packets of 500 bytes."""


def main() -> int:
    """Exit code: 0 nothing was lost, 1 the spool lost frames."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=500_000)
    parser.add_argument("--rate", type=int, default=100_000, help="packets/s")
    chosen = parser.parse_args()
    with working_folder() as folder:
        path = big_capture(folder / "big.pcap", chosen.packets)
        size = path.stat().st_size / chosen.packets - 16
        print(f"{chosen.packets:,} packets of {size:.0f} bytes")
        with CaptureFile(path) as file:
            blocks = [in_memory(block) for block in file.blocks(BLOCK_FRAMES)]
            layout(blocks, chosen.packets)
            spent, lost = spool(blocks, folder, chosen.packets, chosen.rate)
        if has("dumpcap"):
            folder.chmod(0o777)
            theirs = dumpcap(path, folder, chosen.packets)
            row("ratio", f"{spent / theirs:.2f}", "of dumpcap's processor time")
    return 1 if lost else 0


def in_memory(block: FrameBlock) -> FrameBlock:
    """The block with a buffer of its own, as a packet ring's has."""
    start, stop = int(block.offsets[0]), int(block.offsets[-1] + block.captured_lengths[-1])
    return replace(block, data=block.data[start:stop].copy(), offsets=block.offsets - start)


def layout(blocks: list[FrameBlock], packets: int) -> None:
    """Laying frames out as pcapng, without writing them; the best of three."""
    best = float("inf")
    for _ in range(3):
        table, began = InterfaceTable(), time.thread_time()
        for block in blocks:
            encode(block, table.number(block, ("bench0",))[0])
        best = min(best, time.thread_time() - began)
    row("laid out as pcapng", f"{best / packets * 1e6:.2f} us/packet")


def spool(blocks: list[FrameBlock], folder: Path, packets: int, rate: int) -> tuple[float, int]:
    """Processor time per packet in microseconds, and frames lost; merging and deleting included."""
    kept = Spool(
        folder / "spool",
        "bench0",
        names=lambda: ("bench0",),
        warn=print,
        limits=SpoolLimits(reserve_bytes=0),
    )
    cpu, began, total = _cpu(resource.RUSAGE_SELF), time.monotonic(), 0
    for block in blocks:
        kept.add(replace(block, first_id=total))
        total += len(block)
        time.sleep(max(0.0, began + total / rate - time.monotonic()))
    kept.finish()
    took, spent = time.monotonic() - began, (_cpu(resource.RUSAGE_SELF) - cpu) / packets * 1e6
    row("spooled", f"{spent:.2f} us/packet", f"at {packets / took:,.0f}/s, {kept.dropped:,} lost")
    kept.close()
    return spent, kept.dropped


def dumpcap(path: Path, folder: Path, packets: int) -> float:
    """Processor time per packet in microseconds."""
    target = folder / "dumpcap.pcapng"
    before = _cpu(resource.RUSAGE_CHILDREN)
    with path.open("rb") as source:
        subprocess.run(
            ["dumpcap", "-q", "-i", "-", "-w", target], stdin=source, check=True, stderr=subprocess.DEVNULL
        )
    spent = (_cpu(resource.RUSAGE_CHILDREN) - before) / packets * 1e6
    row("dumpcap from a pipe", f"{spent:.2f} us/packet")
    shutil.rmtree(folder / "spool", ignore_errors=True)
    return spent


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
