"""Two network namespaces with a cable between them, for the benchmarks that send real traffic."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from _support import has

if TYPE_CHECKING:
    from collections.abc import Iterator

LINK = "v0"


def unable() -> str:
    """Why it can't be done here; empty = it can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "needs root on Linux (network namespaces)"
    return "" if has("ip") and has("tcpreplay") else "needs ip and tcpreplay"


@contextmanager
def namespaces() -> Iterator[tuple[str, str]]:
    """Two namespaces of our own with a veth pair between them, without IPv6's own chatter."""
    names = tuple(f"tdbench{os.getpid()}{letter}" for letter in "ab")
    try:
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
            quiet = "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e $f ] || echo 1 > $f; done"
            subprocess.run(["ip", "netns", "exec", name, "sh", "-c", quiet], check=False)
        pair = ["type", "veth", "peer", "name", LINK, "netns", names[1]]
        subprocess.run(["ip", "link", "add", LINK, "netns", names[0], *pair], check=True)
        for name in names:
            subprocess.run(["ip", "-n", name, "link", "set", LINK, "up"], check=True)
        yield names[0], names[1]
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


def within(namespace: str, command: list[str]) -> subprocess.Popen[str]:
    """A command inside a namespace; windows are drawn offscreen."""
    environment = dict(os.environ, PYTHONPATH=str(Path(__file__).parent.parent))
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    return subprocess.Popen(
        ["ip", "netns", "exec", namespace, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
