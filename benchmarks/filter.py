"""Display filters on a million rows: `PacketLog.select` against `tshark -Y` on the same capture and expression.

Given folders of captures, it also counts what filters let through in each, beside tshark.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from _support import best_of, big_capture, has, row, working_folder

from tests.helpers.filter_comparison import EXPRESSIONS, different
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import decode
from trafficdesk.decode.conversations import Conversations
from trafficdesk.errors import TrafficDeskError
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.fields import empty_columns
from trafficdesk.packets.log import PacketLog
from trafficdesk.packets.protocols import Protocol

SEARCHES = ("contains", "matches", 'name == "', 'method == "', "len(")
NEEDED_S = {False: 0.1, True: 0.3}
"""Longest for a million rows, without and with a search of text."""
NEEDED_RATIO = 100.0
SEARCHED = (
    'dns.qry.name contains "Host77."',
    'dns.qry.name == "00000000.Host0.example.com"',
    'dns.qry.name matches "host77"',
    'lower(dns.qry.name) contains "host77"',
    'dns.qry.name[0:3] == "abc"',
    'dns.qry.name matches "^[a-f]+0"',
    'dns.qry.name matches "(host7|host9)[0-9]+\\.example"',
    'dns.qry.name matches "^([0-9a-f]+)+$"',
    'dns.qry.name matches "\\.(net|org|edu|info|io)$"',
)
"""The last four have choices; backtracking would try some of them for longer than anybody waits."""
COMPARED = (
    "tcp.port == 443 && ip.addr == 10.0.0.0/8",
    "frame.len > 500",
    "!(dns) && ip.ttl < 64 || ipv6",
    'dns.qry.name contains "example"',
    'tls.handshake.extensions_server_name matches "^www"',
)
"""tshark takes some ten seconds for each."""
ENDINGS = (".pcap", ".pcapng", ".cap")


def main() -> int:
    """Exit code: 0 fast enough, 1 not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*", help="captures to compare counts on")
    parser.add_argument("--every", type=int, default=1, help="of the captures found, each n-th")
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--all", action="store_true", help="print every expression")
    chosen = parser.parse_args()
    with working_folder() as folder:
        capture = big_capture(folder / "big.pcap", chosen.packets)
        log = filled(capture, chosen.packets)
        reached = durations(log, chosen.times, everything=chosen.all)
        if has("tshark"):
            reached &= ratios(log, capture, chosen.times)
    del log
    reached &= hardest(chosen.packets, chosen.times)
    found = [path for one in chosen.folders for path in sorted(one.rglob("*")) if path.suffix in ENDINGS]
    if found and has("tshark"):
        counts(found[:: chosen.every])
    return 0 if reached else 1


def filled(capture: Path, packets: int) -> PacketLog:
    """A log of the whole capture."""
    log, conversations = PacketLog(packets), Conversations()
    with CaptureFile(capture) as file:
        for block in file.blocks():
            log.append(conversations.follow(decode(block)))
    print(f"Filtering {len(log):,} rows")
    return log


def durations(log: PacketLog, times: int, *, everything: bool) -> bool:
    """Every expression of the comparison with tshark; whether the slowest of each kind is fast enough."""
    reached = True
    slowest: dict[bool, tuple[float, str]] = {False: (0.0, ""), True: (0.0, "")}
    for expression in EXPRESSIONS:
        took = best_time(log, expression, times)
        searches = any(word in expression for word in SEARCHES)
        slowest[searches] = max(slowest[searches], (took, expression))
        if everything:
            row(expression[:44], f"{took * 1e3:,.1f} ms")
    for searches, (took, expression) in slowest.items():
        needed = NEEDED_S[searches] * len(log) / 1e6
        row(
            "slowest with a search" if searches else f"slowest of {len(EXPRESSIONS)}",
            f"{took * 1e3:,.1f} ms",
            f"{expression} (needed {needed * 1e3:,.0f} ms)",
        )
        reached &= took <= needed
    return reached


def hardest(rows: int, times: int) -> bool:
    """A search among rows that all have a text, no two the same; whether all are fast enough."""
    names = [
        b"%08x.Host%d.example.com" % (number * 2_654_435_761 % 2**32, number % 1_000)
        for number in range(rows)
    ]
    columns = empty_columns(rows)
    lengths = np.array([len(name) for name in names])
    columns["text_length"][:] = lengths
    columns["text_start"][:] = np.cumsum(lengths) - lengths
    columns["name_hash"][:] = np.arange(1, rows + 1)
    columns["protocol"][:] = Protocol.DNS
    columns["captured_length"][:] = lengths + 60
    log = PacketLog(rows)
    log.append(PacketBatch(0, columns, np.frombuffer(b"".join(names), np.uint8)))
    print(f"Searching {rows:,} names, each another one")
    reached = True
    for expression in SEARCHED:
        took = best_time(log, expression, times)
        row(expression, f"{took * 1e3:,.1f} ms")
        reached &= took <= NEEDED_S[True] * rows / 1e6
    return reached


def best_time(log: PacketLog, expression: str, times: int) -> float:
    """Shortest time in seconds, compiling included."""
    best = float("inf")
    for _ in range(times):
        begin = time.perf_counter()
        log.select(compile_filter(expression).mask)
        best = min(best, time.perf_counter() - begin)
    return best


def ratios(log: PacketLog, capture: Path, times: int) -> bool:
    """Against `tshark -Y` that prints the numbers of the frames; whether all are high enough."""
    reached = True
    for expression in COMPARED:
        command = ["tshark", "-n", "-r", str(capture), "-Y", expression, "-T", "fields", "-e", "frame.number"]
        peer = best_of(command, 1)
        if peer is None:
            continue
        ours = best_time(log, expression, times)
        reached &= peer / ours >= NEEDED_RATIO
        row(
            expression[:44],
            f"{ours * 1e3:,.1f} ms",
            f"{peer / ours:,.0f} times tshark (needed {NEEDED_RATIO:.0f})",
        )
    return reached


def counts(paths: list[Path]) -> None:
    """Captures and expressions whose counts are tshark's, and which are not."""
    differing: Counter[str] = Counter()
    compared = left_out = 0
    for path in paths:
        try:
            found = different(path)
        except (OSError, ValueError, TrafficDeskError, subprocess.SubprocessError):
            left_out += 1
            continue
        compared += 1
        for expression, theirs, ours in found:
            differing[expression] += 1
            print(f"  {path}: {expression}: tshark {theirs:,}, here {ours:,}")
    whole = compared * len(EXPRESSIONS)
    row(
        "equal counts",
        f"{whole - differing.total():,} of {whole:,}",
        f"{compared:,} captures, {left_out:,} more of no duration or not read by tshark",
    )
    for expression, captures in differing.most_common():
        row(expression[:44], f"{captures:,} differ")


if __name__ == "__main__":
    sys.exit(main())
