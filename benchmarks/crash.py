"""`kill -9` in the middle of a capture: is every file of the spool whole, and how much is missing?

Numbered frames cross a cable between two network namespaces of our own at a steady rate; `trafficdesk monitor` captures
them and is killed at a random moment, again and again. Needs root, tcpreplay and tshark.
"""

from __future__ import annotations

import argparse
import os
import random
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
from _support import OURS, has, row, working_folder
from live import LINK, namespaces

from trafficdesk.capture.pcap_file import CaptureFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBERED = 400_000
"""Frames of the capture that is sent over and over: eight seconds' worth at the usual rate."""
FRAME_BYTES = 300
HEADERS = 42
LONGEST_S, SHORTEST_S = 3.0, 0.3


def main() -> int:
    """Exit code: 0 every round was whole and missed no more than a second, 1 not so, 3 this machine can't run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=50_000, help="packets/s")
    chosen = parser.parse_args()
    if os.name != "posix" or os.geteuid() != 0:
        print("Crash: needs root on Linux (network namespaces); not measured.")
        return 3
    if not all([has("ip"), has("tcpreplay"), has("tshark")]):
        return 3
    chance = random.Random(1)
    with working_folder() as folder, namespaces() as (there, here), sending(folder, there, chosen.rate):
        rounds = [crash(folder / f"round{number}", here, chance) for number in range(chosen.rounds)]
    missing = max(seconds for _, seconds, _ in rounds)
    frames = sum(count for count, _, _ in rounds)
    bad = [fault for _, _, fault in rounds if fault]
    row("rounds that tshark read without error", f"{len(rounds) - len(bad)} of {len(rounds)}", "; ".join(bad))
    row("frames in their spools", f"{frames:,}")
    row("missing at most", f"{missing:.2f} s", "needed 1.00 s")
    return 1 if bad or missing > 1.0 else 0


class Sending:
    """tcpreplay in the background."""

    def __init__(self, command: list[str]) -> None:
        self._command = command

    def __enter__(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def sending(folder: Path, namespace: str, rate: int) -> Sending:
    """Numbered frames at `rate` for as long as it is entered."""
    capture = numbered_capture(folder / "numbered.pcap")
    # Not through `ip netns exec`, whose child would outlive it.
    command = ["nsenter", f"--net=/var/run/netns/{namespace}", "tcpreplay", "-q", "-K", "--loop", "1000000"]
    return Sending([*command, "--pps", str(rate), "-i", LINK, str(capture)])


def numbered_capture(path: Path) -> Path:
    """UDP frames to the discard port, each with its number as the first bytes of its payload."""
    payload = FRAME_BYTES - HEADERS
    head = (
        bytes.fromhex("020000000002 020000000001 0800".replace(" ", ""))
        + struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + payload, 0, 0, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
        + struct.pack(">HHHH", 9_999, 9, 8 + payload, 0)
    )
    with path.open("wb") as stream:
        stream.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65_535, 1))
        for number in range(NUMBERED):
            body = head + struct.pack(">Q", number) + bytes(payload - 8)
            stream.write(
                struct.pack("<IIII", number // 50_000, number % 50_000 * 20_000, len(body), len(body))
            )
            stream.write(body)
    return path


def crash(home: Path, namespace: str, chance: random.Random) -> tuple[int, float, str]:
    """One round: frames in the spool, seconds missing before the kill, what was wrong."""
    command = ["nsenter", f"--net=/var/run/netns/{namespace}", *OURS, "monitor", "--interface", LINK]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"TRAFFICDESK_HOME": str(home)},
    )
    assert process.stdout is not None
    process.stdout.readline()
    began_ns = time.time_ns()
    time.sleep(chance.uniform(SHORTEST_S, LONGEST_S))
    process.kill()
    killed_ns = time.time_ns()
    process.wait()
    segments = sorted((home / "data" / "spool").glob("*/*.pcapng"))
    faults = [fault for segment in segments if (fault := refused(segment))]
    numbers, last_ns = contents(segments)
    if ((np.diff(numbers) % NUMBERED) != 1).any():
        faults.append("frames are missing in the middle or out of order")
    return len(numbers), (killed_ns - max(last_ns, began_ns)) / 1e9, "; ".join(faults)


def refused(segment: Path) -> str:
    """What tshark has against a file; empty = nothing."""
    done = subprocess.run(
        ["tshark", "-n", "-r", str(segment), "-T", "fields", "-e", "frame.len"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    words = [line for line in done.stderr.splitlines() if "Running as user" not in line]
    return f"{segment.name}: {' '.join(words)}" if done.returncode or words else ""


def contents(segments: list[Path]) -> tuple[np.ndarray, int]:
    """Numbers of all frames in the order of the files, and the time of the last one."""
    numbers, last_ns = [np.empty(0, np.int64)], 0
    for block in blocks(segments):
        at = block.offsets[block.captured_lengths == FRAME_BYTES] + HEADERS
        raw = np.ascontiguousarray(block.data[at[:, None] + np.arange(8)])
        numbers.append(raw.view(">u8").reshape(-1).astype(np.int64))
        last_ns = max(last_ns, int(block.timestamps_ns[-1]))
    return np.concatenate(numbers), last_ns


def blocks(segments: list[Path]) -> Iterator:
    """All blocks of all files."""
    for segment in segments:
        with CaptureFile(segment) as file:
            yield from file.blocks()


if __name__ == "__main__":
    sys.exit(main())
