"""Live capture under a flood: packets sent, seen and lost by us, dumpcap and scapy.sniff, one after the other.

Ours twice: as `monitor` and as the desktop. Needs root: two network namespaces of its own, joined by a veth pair, are
made and removed again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from _namespaces import LINK, namespaces, unable, within
from _support import OURS, big_capture, has, row, working_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEAD_S = 5.0
"""Time for a capture to be ready."""
AFTER_S = 5.0
DESKTOP_MORE_S = 3.0
"""The window takes longer to be ready."""
SNIFF = (
    "import sys; from scapy.all import AsyncSniffer; import time\n"
    "seen = [0]\n"
    "def count(_): seen[0] += 1\n"
    "sniffer = AsyncSniffer(iface=sys.argv[1], prn=count, store=False); sniffer.start()\n"
    "time.sleep(float(sys.argv[2])); sniffer.stop(); print(seen[0])\n"
)


def main() -> int:
    """Exit code: 0 we lost nothing, 1 we did, 3 this machine can't run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=500_000)
    chosen = parser.parse_args()
    if why := unable():
        print(f"Live capture: {why}; not measured.")
        return 3
    with working_folder() as folder, namespaces() as (here, there):
        capture = big_capture(folder / "part.pcap", min(chosen.packets, 100_000))
        loops = max(1, chosen.packets // min(chosen.packets, 100_000))
        seconds = LEAD_S + AFTER_S + chosen.packets / 50_000
        lost = measure("trafficdesk monitor", capture, loops, here, lambda: monitor(there, folder, seconds))
        lost += measure("trafficdesk desktop", capture, loops, here, lambda: desktop(there, folder, seconds))
        if has("dumpcap"):
            measure("dumpcap", capture, loops, here, lambda: dumpcap(there, folder, seconds))
        measure("scapy.sniff", capture, loops, here, lambda: scapy(there, seconds))
    return 1 if lost else 0


def measure(
    name: str,
    capture: Path,
    loops: int,
    sender: str,
    start: Callable[[], tuple[subprocess.Popen[str], Callable[[str], str]]],
) -> int:
    """Start a capture, send everything at top speed, and print what it saw; returns how many it missed."""
    process, seen_of = start()
    try:
        time.sleep(LEAD_S)
        command = [
            "ip",
            "netns",
            "exec",
            sender,
            "tcpreplay",
            "-q",
            "-t",
            "-K",
            "--loop",
            str(loops),
            "-i",
            LINK,
            str(capture),
        ]
        said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300).stdout
        sent = int(re.search(r"Successful packets:\s*(\d+)", said)[1])
        rate = float(re.search(r"([\d.]+) pps", said)[1])
        output, _ = process.communicate(timeout=300)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    seen, note = (*seen_of(output).split("|"), "")[:2]
    missed = sent - int(seen)
    row(name, f"{int(seen):,} of {sent:,}", f"sent at {rate:,.0f}/s, missed {missed / sent:.2%} {note}")
    return max(0, missed)


def monitor(
    namespace: str, folder: Path, seconds: float
) -> tuple[subprocess.Popen[str], Callable[[str], str]]:
    """`trafficdesk monitor` for so long."""
    result = folder / "monitor.json"
    command = [*OURS, "monitor", "--interface", LINK, "--duration", str(seconds), "--json", str(result)]
    return within(namespace, command), lambda output: said_of(result, output)


def desktop(
    namespace: str, folder: Path, seconds: float
) -> tuple[subprocess.Popen[str], Callable[[str], str]]:
    """The window, offscreen, for so long."""
    result = folder / "diagnostics.json"
    command = [*OURS, "--capture", LINK, "--quit-after", str(seconds + DESKTOP_MORE_S)]
    command += ["--diagnostics", str(result)]
    return within(namespace, command), lambda output: said_of(result, output)


def said_of(result: Path, output: str) -> str:
    """What a program of ours counted, from the JSON it left."""
    if not result.exists():
        return f"0|(it left nothing: {output.strip()[-200:]})"
    said = json.loads(result.read_text(encoding="utf-8"))
    scored = said["scored"] / max(1, said["scored"] + said["unscored"])
    stalls = said.get("event_loop_stall_ms")
    more = f", stalls {stalls['p999']} ms at 99.9 %" if stalls else ""
    return f"{said['packets']}|dropped {said['dropped']}, scored {scored:.0%}{more}"


def dumpcap(
    namespace: str, folder: Path, seconds: float
) -> tuple[subprocess.Popen[str], Callable[[str], str]]:
    """dumpcap with its default buffer, writing to a file."""
    command = [
        "dumpcap",
        "-q",
        "-i",
        LINK,
        "-a",
        f"duration:{round(seconds)}",
        "-w",
        str(folder / "dumpcap.pcapng"),
    ]
    if os.geteuid() == 0 and shutil.which("dumpcap"):
        folder.chmod(0o777)

    def seen(output: str) -> str:
        found = re.search(r"Packets received/dropped on interface '[^']*': (\d+)/(\d+)", output)
        return f"{found[1]}|" if found else "0|(it did not say)"

    return within(namespace, command), seen


def scapy(namespace: str, seconds: float) -> tuple[subprocess.Popen[str], Callable[[str], str]]:
    """scapy's sniffer, counting only."""
    command = [sys.executable, "-W", "ignore", "-c", SNIFF, LINK, str(seconds)]
    return within(namespace, command), lambda output: f"{output.split()[-1]}|"


if __name__ == "__main__":
    sys.exit(main())
