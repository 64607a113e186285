"""Endurance: MINUTES of RATE packets/s into the desktop, its spool on: is memory flat, is anything lost?

Needs root: two network namespaces of its own. Says the window's memory every ten seconds, alone and with its analysis
process; compares its end with what it was after five minutes (a quarter of a shorter run).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
from _namespaces import LINK, namespaces, unable, within
from _support import OURS, big_capture, row, working_folder

if TYPE_CHECKING:
    from pathlib import Path

LEAD_S = 8.0
"""Time for the window to be ready."""
AFTER_S = 8.0
EVERY_S = 10.0
SETTLED_S = 300.0
ALLOWED = 0.05
BURST = 50
"""Packets sent at once: one sleep for each keeps a whole processor busy."""
PART = 100_000


def main() -> int:
    """Exit code: 0 nothing lost and memory flat, 1 not, 3 this machine can't run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=2.0)
    parser.add_argument("rate", type=int, nargs="?", default=50_000, help="packets/s")
    chosen = parser.parse_args()
    if why := unable():
        print(f"Endurance: {why}; not measured.")
        return 3
    with working_folder() as folder, namespaces() as ends:
        capture = big_capture(folder / "part.pcap", PART)
        print(f"Endurance: {chosen.minutes:g} min at {chosen.rate:,} packets/s into the desktop")
        return soak(ends, folder, capture, seconds=chosen.minutes * 60, rate=chosen.rate)


def soak(ends: tuple[str, str], folder: Path, capture: Path, *, seconds: float, rate: int) -> int:
    """Run and judge."""
    result = folder / "diagnostics.json"
    lasts = LEAD_S + seconds + AFTER_S
    command = [*OURS, "--capture", LINK, "--quit-after", str(lasts), "--diagnostics", str(result)]
    here, there = ends
    desktop = within(there, command)
    sender = None
    try:
        time.sleep(LEAD_S)
        sending = ["tcpreplay", "-q", "-K", f"--pps={rate}", f"--pps-multi={BURST}", "--loop"]
        sender = within(here, [*sending, str(max(1, round(seconds * rate / PART))), "-i", LINK, str(capture)])
        used = watch(desktop, sender)
        sent = int(re.search(r"Successful packets:\s*(\d+)", sender.communicate(timeout=60)[0])[1])
        output, _ = desktop.communicate(timeout=120)
    finally:
        for process in (sender, desktop):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
    if not result.exists():
        print(f"  the desktop left nothing: {output.strip()[-300:]}")
        return 1
    return judge(json.loads(result.read_text(encoding="utf-8")), used, sent)


def watch(watched: subprocess.Popen[str], sender: subprocess.Popen[str]) -> list[tuple[float, float, float]]:
    """(seconds, MiB of the process, MiB of those it has started) while packets are sent."""
    process, began, used = psutil.Process(watched.pid), time.monotonic(), []
    while sender.poll() is None and watched.poll() is None:
        now = time.monotonic() - began
        own = process.memory_info().rss / 2**20
        children = sum(child.memory_info().rss for child in process.children(recursive=True)) / 2**20
        used.append((now, own, children))
        print(f"  {now:6.0f} s {own:8,.0f} MiB, other processes {children:,.0f} MiB", flush=True)
        try:
            sender.wait(EVERY_S)
        except subprocess.TimeoutExpired:
            continue
    return used


def growth_of(used: list[tuple[float, float, float]], settled_at: float, which: int = 1) -> float:
    """By which share memory has grown since then."""
    settled = next(row[which] for row in used if row[0] >= settled_at)
    return used[-1][which] / max(settled, 1) - 1


def judge(said: dict, used: list[tuple[float, float, float]], sent: int) -> int:
    """Print what counts; the exit code."""
    settled_at = min(SETTLED_S, used[-1][0] / 4)
    growth = growth_of(used, settled_at)
    lost, missed = sum(said["dropped"].values()), sent - said["packets"]
    scored = said["scored"] / max(1, said["packets"])
    stalls = said["event_loop_stall_ms"]
    row("packets seen", f"{said['packets']:,}", f"of {sent:,} sent; dropped {said['dropped']}")
    row("scored", f"{scored:.0%}", f"{said['unscored']:,} left out")
    row(
        "memory at the end",
        f"{used[-1][1]:,.0f} MiB",
        f"{growth:+.1%} since {settled_at:.0f} s (allowed 5 %)",
    )
    row(
        "event loop stalls",
        f"{stalls['p999']} ms",
        f"at 99.9 %, {stalls['p99']} at 99 %, longest {stalls['max']}",
    )
    return 0 if not lost and missed <= 0 and growth <= ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())
