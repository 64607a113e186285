"""Decoding a file: `trafficdesk packets` against `tshark -T fields`, best of three on the same file; scapy on a part."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING

from _support import OURS, best_of, big_capture, has, row, working_folder

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = ("frame.time_epoch", "ip.src", "ip.dst", "ip.proto", "tcp.srcport", "tcp.dstport", "frame.len")
SCAPY_PACKETS = 20_000
NEEDED = {"summary": 30.0, "csv": 8.0}
"""Times tshark's rate, below which this benchmark fails."""


def main() -> int:
    """Exit code: 0 both rates reached or no peer, 1 not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    chosen = parser.parse_args()
    with working_folder() as folder:
        capture = big_capture(folder / "big.pcap", chosen.packets)
        print(f"Decoding {chosen.packets:,} packets, {capture.stat().st_size / 1e6:,.0f} MB")
        return compare(capture, chosen.packets, chosen.times)


def compare(capture: Path, packets: int, times: int) -> int:
    """Measure all on one file."""
    peer = None
    if has("tshark"):
        fields = [word for name in FIELDS for word in ("-e", name)]
        peer = best_of(["tshark", "-n", "-r", str(capture), "-T", "fields", *fields], times)
    if peer:
        row("tshark -T fields", f"{packets / peer:,.0f} packets/s")
    reached = True
    for name, more in (("summary", []), ("csv", ["--csv", os.devnull])):
        took = best_of([*OURS, "packets", str(capture), *more], times)
        if took is None:
            reached = False
            continue
        ratio = f"{peer / took:.1f} times tshark (needed {NEEDED[name]:.0f})" if peer else ""
        row(f"trafficdesk packets, {name}", f"{packets / took:,.0f} packets/s", ratio)
        reached &= not peer or peer / took >= NEEDED[name]
    scapy_rate(capture, min(packets, SCAPY_PACKETS))
    return 0 if reached else 1


def scapy_rate(capture: Path, packets: int) -> None:
    """scapy on the first packets, for orientation."""
    try:
        # All of it: without its layers scapy would read the frames as raw bytes.
        from scapy.all import PcapReader
    except ImportError:
        print("  scapy is not installed: nothing to compare with.")
        return
    begin = time.perf_counter()
    with PcapReader(str(capture)) as reader:
        for count, _ in enumerate(reader, 1):
            if count >= packets:
                break
    row(f"scapy, first {packets:,}", f"{packets / (time.perf_counter() - begin):,.0f} packets/s")


if __name__ == "__main__":
    sys.exit(main())
