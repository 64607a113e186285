"""Opening a file in the window: seconds until the last row is shown, and memory, against Wireshark.

Ours says so itself (`--diagnostics`). Wireshark does not: it counts as done when its processor time last grew.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
from _support import OURS, big_capture, has, row, working_folder

if TYPE_CHECKING:
    from pathlib import Path

IDLE_S = 3.0
"""Processor time that has not grown for so long is a program that is done."""
IDLE_SHARE = 0.05
"""Share of one processor that a window at rest may use."""
LONGEST_S = 300.0
NEEDED = {"load": 5.0, "memory": 4.0}
"""Times less than Wireshark."""
STALL_MS = 33.0


def main() -> int:
    """Exit code: 0 all reached or no peer, 1 not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long our window stays open")
    chosen = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with working_folder() as folder:
        capture = big_capture(folder / "big.pcap", chosen.packets)
        print(
            f"Opening {chosen.packets:,} packets, {capture.stat().st_size / 1e6:,.0f} MB, {os.environ['QT_QPA_PLATFORM']}"
        )
        mine = ours(capture, folder / "diagnostics.json", chosen.seconds)
        peer = wireshark(capture) if has("wireshark") else None
    return report(mine, peer)


def ours(capture: Path, diagnostics: Path, seconds: float) -> dict[str, float] | None:
    """Open the file and read what the program measured of itself."""
    command = [*OURS, str(capture), "--quit-after", str(seconds), "--diagnostics", str(diagnostics)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120, check=False)
    if done.returncode or not diagnostics.exists():
        print(f"  trafficdesk failed ({done.returncode}): {done.stderr.strip()[-300:]}")
        return None
    said = json.loads(diagnostics.read_text(encoding="utf-8"))
    return {
        "load": float(said["load_s"] or LONGEST_S),
        "memory": float(said["rss_mb"]["max"]),
        "stall": float(said["event_loop_stall_ms"]["p999"]),
        "first": float(said["first_window_s"]),
    }


def wireshark(capture: Path) -> dict[str, float] | None:
    """Open the file and watch the process from outside."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        ["wireshark", "-n", "-r", str(capture)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    watched = psutil.Process(process.pid)
    busy_until = used = most = 0.0
    try:
        while process.poll() is None and time.perf_counter() - begin < LONGEST_S:
            time.sleep(0.25)
            now = time.perf_counter() - begin
            spent = sum(watched.cpu_times()[:2])
            most = max(most, watched.memory_info().rss / 2**20)
            if spent - used > IDLE_SHARE * 0.25:
                busy_until = now
            used = spent
            if now - busy_until > IDLE_S:
                return {"load": busy_until, "memory": most}
    finally:
        process.terminate()
        process.wait(20)
    print("  wireshark left or never came to rest: nothing to compare with.")
    return None


def report(mine: dict[str, float] | None, peer: dict[str, float] | None) -> int:
    """Print both and the ratios."""
    if mine is None:
        return 1
    reached = mine["stall"] <= STALL_MS
    for name, unit in (("load", "s"), ("memory", "MB")):
        ratio = ""
        if peer:
            times = peer[name] / mine[name]
            reached &= times >= NEEDED[name]
            ratio = f"Wireshark {peer[name]:,.1f} {unit}: {times:.1f} times (needed {NEEDED[name]:.0f})"
        row(name, f"{mine[name]:,.1f} {unit}", ratio)
    row("event loop stalls, 99.9 %", f"{mine['stall']:.1f} ms", f"(allowed {STALL_MS:.0f})")
    row("first window", f"{mine['first']:.2f} s")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
