"""Conversations, endpoints, seconds, hierarchy and lengths of many captures, row by row against tshark's.

Prints how many rows agree and which captures differ; also what counting costs a packet, in the window's thread and
beside it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from _support import big_capture, has, row, working_folder

from tests.helpers.statistics_comparison import compare
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import decode
from trafficdesk.errors import TrafficDeskError
from trafficdesk.metrics import TrafficMetrics
from trafficdesk.metrics.tables import TrafficTables

ENDINGS = (".pcap", ".pcapng", ".cap")


def main() -> int:
    """Exit code: 0 whatever differs: tunnels differ by design."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*", help="captures to compare")
    parser.add_argument("--every", type=int, default=1, help="of the captures found, each n-th")
    parser.add_argument("--packets", type=int, default=300_000, help="of the capture for timing")
    chosen = parser.parse_args()
    with working_folder() as folder:
        costs(big_capture(folder / "big.pcap", chosen.packets))
    found = [
        path for folder in chosen.folders for path in sorted(folder.rglob("*")) if path.suffix in ENDINGS
    ]
    if found and has("tshark"):
        report(found[:: chosen.every])
    return 0


def costs(capture: Path) -> None:
    """Nanoseconds a packet."""
    with CaptureFile(capture) as file:
        batches = [decode(block) for block in file.blocks()]
    packets = sum(map(len, batches))
    for name, made in (("in the window's thread", TrafficMetrics()), ("tables, beside it", TrafficTables())):
        begin = time.perf_counter()
        for batch in batches:
            made.add(batch)
        row(name, f"{(time.perf_counter() - begin) / packets * 1e9:,.0f} ns/packet")


def report(paths: list[Path]) -> None:
    """Rows that agree, over all captures."""
    agreeing: Counter[str] = Counter()
    theirs: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    read = 0
    for path in paths:
        try:
            found = compare(path)
        except TrafficDeskError:
            continue
        read += 1
        different = []
        for name, (same, said, ours) in found.items():
            agreeing[name] += same
            theirs[name] += said
            whole[name] += same == said == ours
            if not same == said == ours:
                different.append(f"{name} {same}/{said} (ours {ours})")
        if different:
            print(f"  {path}: {', '.join(different)}", flush=True)
    for name in theirs:
        share = agreeing[name] / max(theirs[name], 1)
        row(
            name,
            f"{agreeing[name]:,} of {theirs[name]:,}",
            f"{share:.2%} of rows, {whole[name]:,} of {read:,} captures whole",
        )


if __name__ == "__main__":
    sys.exit(main())
