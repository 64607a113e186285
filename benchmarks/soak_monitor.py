"""Endurance of `monitor`: MINUTES of RATE packets/s: is memory flat, is anything lost, is there a gap, does history keep up?

Needs root: two network namespaces of its own. Two hours as issue 6 asks for: soak_monitor.py 120 20000. Says the memory
of the monitor and of its analysis every ten seconds. The reasons of flagged packets are the last to be as many as are
kept, at this rate after some fifteen minutes: of a run of 40 minutes or more the end is compared with its middle, and 5 %
are allowed; of a shorter one with its first quarter, and 25 % are (fewer packets are kept, so that their table is full).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from _namespaces import LINK, namespaces, unable, within
from _support import OURS, big_capture, row, working_folder
from soak import ALLOWED, BURST, PART, growth_of, watch

from trafficdesk.settings import CaptureSettings, Settings
from trafficdesk.settings.file import save

if TYPE_CHECKING:
    import subprocess

READY_S = 60.0
"""How long the monitor may take to begin."""
CAUGHT_UP_S = 5.0
LAG_S = 10.0
"""What the history may be behind."""
FULL_S = 1_200.0
"""All that is kept is as much as it may be."""
ALLOWED_AT_FIRST = 0.25
_FEWEST_ROWS = 131_072


def main() -> int:
    """Exit code: 0 nothing lost, no gap and memory flat, 1 not, 3 this machine can't run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=2.0)
    parser.add_argument("rate", type=int, nargs="?", default=20_000, help="packets/s")
    chosen = parser.parse_args()
    if why := unable():
        print(f"Endurance of monitor: {why}; not measured.")
        return 3
    with working_folder() as folder, namespaces() as ends:
        capture = big_capture(folder / "part.pcap", PART)
        print(f"Endurance of monitor: {chosen.minutes:g} min at {chosen.rate:,} packets/s, its history on")
        return soak(ends, folder, capture, seconds=chosen.minutes * 60, rate=chosen.rate)


def soak(ends: tuple[str, str], folder: Path, capture: Path, *, seconds: float, rate: int) -> int:
    """Run and judge."""
    summary, lines = folder / "summary.json", folder / "monitor.jsonl"
    rows = CaptureSettings().kept_rows
    if seconds < 2 * FULL_S:
        rows = max(_FEWEST_ROWS, min(rows, round(rate * seconds / 8)))
    save(Settings(capture=CaptureSettings(kept_rows=rows)))
    here, there = ends
    command = [
        *OURS,
        "monitor",
        "--interface",
        LINK,
        "--plain",
        "--json",
        str(summary),
        "--jsonl",
        str(lines),
    ]
    # What it says goes into a file: a pipe that nobody empties would stop it.
    monitor = within(there, ["sh", "-c", 'exec "$@" > "$0" 2>&1', str(folder / "said"), *command])
    sender = None
    try:
        if not begun(monitor, lines):
            print(f"  the monitor did not begin: {(folder / 'said').read_text()[-300:]}")
            return 1
        sending = ["tcpreplay", "-q", "-K", f"--pps={rate}", f"--pps-multi={BURST}", "--loop"]
        sender = within(here, [*sending, str(max(1, round(seconds * rate / PART))), "-i", LINK, str(capture)])
        used = watch(monitor, sender)
        sent = int(re.search(r"Successful packets:\s*(\d+)", sender.communicate(timeout=60)[0])[1])
        time.sleep(CAUGHT_UP_S)
        monitor.send_signal(signal.SIGTERM)
        monitor.wait(120)
    finally:
        for process in (sender, monitor):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
            if process is not None and process.stdout:
                process.stdout.close()
    if not summary.exists():
        print(f"  the monitor left nothing: {(folder / 'said').read_text()[-300:]}")
        return 1
    told = [json.loads(line) for line in lines.read_text(encoding="ascii").splitlines()]
    history = Path(os.environ["TRAFFICDESK_HOME"], "data", "history.db").stat().st_size
    return judge(json.loads(summary.read_text(encoding="utf-8")), told, used, sent=sent, history=history)


def begun(monitor: subprocess.Popen[str], lines: Path) -> bool:
    """Wait until the first line says that it captures."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until and monitor.poll() is None:
        if lines.exists() and lines.stat().st_size:
            return True
        time.sleep(0.1)
    return False


def judge(
    said: dict, told: list[dict], used: list[tuple[float, float, float]], *, sent: int, history: int
) -> int:
    """Print what counts; the exit code."""
    lasted = used[-1][0]
    is_long = lasted >= 1.95 * FULL_S
    settled_at, allowed = (lasted / 2, ALLOWED) if is_long else (lasted / 4, ALLOWED_AT_FIRST)
    growth, analysis = growth_of(used, settled_at), growth_of(used, settled_at, 2)
    lost, missed = sum(said["dropped"].values()), sent - said["packets"]
    minutes = [line for line in told if line["kind"] in {"status", "stop"}]
    lag = max(line["history"]["lag_s"] for line in minutes)
    unwritten = minutes[-1]["history"]["lost_rows"]
    row("packets seen", f"{said['packets']:,}", f"of {sent:,} sent; dropped {said['dropped']}")
    row("gaps", f"{len(said['gaps'])}", f"and {len(minutes) - 1} lines of status")
    row("scored", f"{said['scored'] / max(1, said['packets']):.0%}", f"{said['unscored']:,} left out")
    row("history", f"{history / 1e6:,.0f} MB", f"at most {lag:.1f} s behind, {unwritten:,} rows lost")
    row(
        "memory at the end",
        f"{used[-1][1]:,.0f} MiB",
        f"{growth:+.1%} since {settled_at:.0f} s (allowed {allowed:.0%}); analysis {used[-1][2]:,.0f} MiB, {analysis:+.1%}",
    )
    flat = max(growth, analysis) <= allowed
    good = not lost and missed <= 0 and not said["gaps"] and flat and lag <= LAG_S and not unwritten
    print(f"  {'held' if good else 'NOT held'}: nothing lost, no gap, memory flat, history in time")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
