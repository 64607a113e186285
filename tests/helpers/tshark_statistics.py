"""What `tshark -q -z …` says of a capture, as Python values."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PREFERENCES: Final = ("-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE")
"""Each fragment is counted where it is, as ours are."""
_TITLE: Final = re.compile(
    r"^(?:\| )?((?:\S+ (?:Conversations|Endpoints))|IO Statistics|Protocol Hierarchy Statistics|Packet Lengths)\b"
)
_CONVERSATION: Final = re.compile(
    r"^(\S+)\s+<->\s+(\S+)\s+(\d+) (\d+ \w+)\s+(\d+) (\d+ \w+)\s+(\d+) (\d+ \w+)\s+(-?[\d.]+)\s+([\d.]+)$"
)


def statistics(path: Path | str, *which: str) -> dict[str, list[str]]:
    """Lines of each statistic by its title ("IPv4 Conversations", "IO Statistics", …), read in one run."""
    asked = [word for name in which for word in ("-z", name)]
    done = subprocess.run(
        ["tshark", "-n", "-q", *PREFERENCES, *asked, "-r", str(path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found: dict[str, list[str]] = {}
    title = ""
    for line in done.stdout.splitlines():
        match = _TITLE.match(line)
        if match:
            title = match[1]
        found.setdefault(title, []).append(line)
    return found


def printed_size(octets: int) -> str:
    """Bytes as tshark 4.0 prints them in conversations: whole thousands from ten of them on."""
    for power, unit in ((3, "GB"), (2, "MB"), (1, "kB")):
        if octets >= 10 * 1_000**power:
            return f"{octets // 1_000**power} {unit}"
    return f"{octets} bytes"


def conversations(lines: Sequence[str]) -> list[tuple[Any, ...]]:
    """(address, address, frames ->, size ->, frames <-, size <-, start s, duration s) of each line."""
    rows = []
    for line in lines:
        match = _CONVERSATION.match(line)
        if match:
            first, second, back, back_size, there, there_size, _, _, start, duration = match.groups()
            rows.append((first, second, int(there), there_size, int(back), back_size, start, duration))
    return rows


def endpoints(lines: Sequence[str]) -> dict[Any, tuple[int, ...]]:
    """Address (and port) to packets, bytes, sent packets, sent bytes, received packets, received bytes."""
    rows: dict[Any, tuple[int, ...]] = {}
    for line in lines:
        parts = line.split()
        if len(parts) >= 7 and all(part.isdigit() for part in parts[-6:]):
            key = parts[0] if len(parts) == 7 else (parts[0], parts[1])
            rows[key] = tuple(map(int, parts[-6:]))
    return rows


def seconds(lines: Sequence[str]) -> list[tuple[int, int]]:
    """(frames, bytes) of each second of `io,stat,1`."""
    found = []
    for line in lines:
        match = re.match(r"^\|\s*[\d.]+ <>\s*(?:[\d.]+|Dur)\s*\|\s*(\d+) \|\s*(\d+) \|$", line)
        if match:
            found.append((int(match[1]), int(match[2])))
    return found


def hierarchy(lines: Sequence[str]) -> dict[tuple[str, ...], tuple[int, int]]:
    """Path of protocol names to (frames, bytes) of `io,phs`."""
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    path: list[str] = []
    for line in lines:
        match = re.match(r"^( *)(\S+)\s+frames:(\d+) bytes:(\d+)$", line)
        if match:
            path = [*path[: len(match[1]) // 2], match[2]]
            found[tuple(path)] = (int(match[3]), int(match[4]))
    return found


def lengths(lines: Sequence[str]) -> list[int]:
    """Packets of each class of `plen,tree`."""
    found = []
    for line in lines:
        match = re.match(r"^ (?:\d+-\d+|5120 and greater)\s+(\d+)\s", line)
        if match:
            found.append(int(match[1]))
    return found
