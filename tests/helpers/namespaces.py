"""Two network namespaces joined by a cable, for tests that capture real traffic; made and deleted by each test."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET."""
UNTIL_THE_NEXT_PROGRAM = (
    "import ctypes, struct\n"
    "assert ctypes.CDLL(None).capset(struct.pack('=Ii', 0x20080522, 0), bytes(24)) == 0\n"
)
"""Lines of Python that give up what root may (capset(2), linux/capability.h version 3) but not its files; a program
that is then run gets it back, as pkexec and sudo give it."""
WITHOUT_CAPABILITIES = UNTIL_THE_NEXT_PROGRAM + (
    "assert ctypes.CDLL(None).prctl(38, 1, 0, 0, 0) == 0\n"  # PR_SET_NO_NEW_PRIVS
)
"""The same for good, so that dumpcap may not capture either."""
WITHOUT_DUMPCAP = (
    "from trafficdesk.capture import dumpcap_program\ndumpcap_program.permitted_program = lambda: None\n"
)
"""Lines of Python after which no dumpcap is found."""
_numbers = iter(range(1_000_000))

Value = TypeVar("Value")


def why_not() -> str:
    """Why namespaces can't be made here; empty = they can."""
    if os.name != "posix" or not hasattr(socket, "AF_PACKET"):
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs root: network namespaces"
    if shutil.which("ip") is None:
        return "needs the ip command (iproute2)"
    probe = f"tdt{os.getpid()}probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces can't be made here: {made.stderr.strip()}"
    # In a chroot that is no mount point they can be made, but not entered.
    entered = subprocess.run(
        ["ip", "netns", "exec", probe, "true"], capture_output=True, text=True, check=False
    )
    subprocess.run(["ip", "netns", "del", probe], check=True)
    return f"network namespaces can't be entered here: {entered.stderr.strip()}" if entered.returncode else ""


needs_namespaces = pytest.mark.skipif(bool(reason := why_not()), reason=reason or "-")


@dataclass(frozen=True)
class Cable:
    """Interface `v0` in namespace `near`, where we capture, is joined with `v0` in namespace `far`."""

    near: str
    far: str

    def ip(self, *arguments: str, far: bool = False) -> None:
        """Run `ip` in one of the namespaces."""
        subprocess.run(["ip", "-n", self.far if far else self.near, *arguments], check=True)

    def send(self, *frames: bytes) -> None:
        """Put frames on the cable at its far end."""
        with inside(self.far), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
            sender.bind(("v0", 0))
            for frame in frames:
                sender.send(frame)


@contextlib.contextmanager
def cable() -> Iterator[Cable]:
    """Make the namespaces and the cable, both ends up, without IPv6 chatter."""
    number = next(_numbers)
    near, far = (f"tdt{os.getpid()}{end}{number}" for end in "nf")
    made = Cable(near, far)
    try:
        for name in (near, far):
            subprocess.run(["ip", "netns", "add", name], check=True)
            for scope in ("all", "default"):
                _write(name, f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6", "1")
        subprocess.run(
            ["ip", "link", "add", "v0", "netns", near, "type", "veth", "peer", "name", "v0", "netns", far],
            check=True,
        )
        made.ip("link", "set", "lo", "up")
        made.ip("link", "set", "v0", "up")
        made.ip("link", "set", "v0", "up", far=True)
        yield made
    finally:
        for name in (near, far):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Let this thread see the network of `namespace`; sockets keep theirs after leaving."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    with (
        Path("/proc/thread-self/ns/net").open("rb") as home,
        Path("/var/run/netns", namespace).open("rb") as there,
    ):
        if libc.setns(there.fileno(), _NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            assert libc.setns(home.fileno(), _NEW_NETWORK) == 0


def within(namespace: str, action: Callable[[], Value]) -> Value:
    """Run `action` in a thread inside `namespace`."""
    results: list[Value] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            with inside(namespace):
                results.append(action())
        except BaseException as error:  # noqa: BLE001  # handed to the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    if errors:
        raise errors[0]
    return results[0]


def _write(namespace: str, path: str, value: str) -> None:
    subprocess.run(
        ["ip", "netns", "exec", namespace, "sh", "-c", f"[ ! -e {path} ] || echo {value} > {path}"],
        check=True,
    )
