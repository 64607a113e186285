"""Threat lists: a million addresses, a million domains read; a capture matched with them, against plain Python.

The peer is what a script does: `ipaddress` objects in a set, and every ending of every name looked up in a set. Seconds
are of processor time: reading is one thread's work.
"""

from __future__ import annotations

import argparse
import ipaddress
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from _support import big_capture, row, working_folder

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import decode
from trafficdesk.packets.address import address_text
from trafficdesk.packets.identities import Identities
from trafficdesk.threats import Matching, read_list

if TYPE_CHECKING:
    from trafficdesk.packets import PacketBatch
    from trafficdesk.threats import ThreatList

SEED = 5


def main() -> int:
    """Exit code: 0; a speed is a finding, not a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--packets", type=int, default=300_000)
    chosen = parser.parse_args()
    with working_folder() as folder:
        lists = read(folder, chosen.entries)
        match(lists, big_capture(folder / "big.pcap", chosen.packets))
    return 0


def read(folder: Path, entries: int) -> list[ThreatList]:
    """Addresses and domains, each in a file of their own."""
    numbers = np.random.default_rng(SEED).integers(0x0B00_0000, 0xDF00_0000, entries).tolist()
    texts = [str(ipaddress.IPv4Address(number)) for number in numbers]
    (folder / "addresses.txt").write_text("\n".join(texts))
    (folder / "domains.txt").write_text("\n".join(f"host{n}.bad{n % 5_000}.example" for n in range(entries)))
    lists = []
    for name in ("addresses", "domains"):
        begin = time.process_time()
        one = read_list(folder / f"{name}.txt")
        took = time.process_time() - begin
        row(f"read {one.entries:,} {name}", f"{took:.1f} s", f"{one.problem_count:,} refused")
        lists.append(one)
    begin = time.process_time()
    kept = {ipaddress.ip_address(text) for text in texts}
    row(f"plain Python: {len(kept):,} addresses", f"{time.process_time() - begin:.1f} s")
    return lists


def match(lists: list[ThreatList], capture: Path) -> None:
    """Every row with both lists, and a part of them by plain Python."""
    with CaptureFile(capture) as file:
        batches = [decode(block) for block in file.blocks()]
    packets = sum(map(len, batches))
    matching, identities = Matching(lists), Identities()
    begin = time.process_time()
    for batch in batches:
        matching.numbers(batch, np.zeros(len(batch), np.uint32), identities)
    ours = (time.process_time() - begin) / packets
    theirs = plain(batches[0])
    row(f"matched {packets:,} packets", f"{ours * 1e9:,.0f} ns/packet", f"{1 / ours:,.0f} packets/s")
    row("plain Python", f"{theirs * 1e9:,.0f} ns/packet", f"{theirs / ours:,.0f} times as long")


def plain(batch: PacketBatch) -> float:
    """Seconds a packet: both addresses and every ending of its text looked up in sets."""
    addresses: set[object] = {ipaddress.ip_address("203.0.113.250")}
    domains = {"bad.example"}
    rows = min(len(batch), 20_000)
    sides = [[one.tobytes() for one in batch[side][:rows]] for side in ("source", "destination")]
    begin = time.process_time()
    hits = 0
    for at, (source, destination) in enumerate(zip(*sides, strict=True)):
        hits += ipaddress.ip_address(address_text(source)) in addresses
        hits += ipaddress.ip_address(address_text(destination)) in addresses
        labels = batch.text_of(at).decode("latin-1").lower().split(".")
        hits += any(".".join(labels[first:]) in domains for first in range(len(labels)))
    return (time.process_time() - begin) / rows


if __name__ == "__main__":
    raise SystemExit(main())
