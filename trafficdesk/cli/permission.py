"""Asks in a terminal whether sudo may start the capture helper; without a terminal or sudo it stays a refusal."""

from __future__ import annotations

import shlex
import shutil
import sys
import threading
from typing import TYPE_CHECKING, TypeVar

from trafficdesk.errors import PermissionDenied

if TYPE_CHECKING:
    from collections.abc import Callable

Opened = TypeVar("Opened")


def with_permission(open_source: Callable[[], Opened]) -> Opened:
    """What `open_source` returns, after asking for the permission where it was missing.

    Raises
    ------
    PermissionDenied
        If it is not given, or nobody can be asked.
    """
    try:
        return open_source()
    except PermissionDenied as error:
        command = sudo_command()
        if not command or not _is_wanted(error, command):
            raise
    from trafficdesk.capture.privileged import run_helper

    run_helper(command, stop=threading.Event(), in_terminal=True)
    return open_source()


def sudo_command() -> tuple[str, ...]:
    """What hands over packet sockets once sudo has asked for a password; empty = nobody can be asked here."""
    from trafficdesk.capture.permission import explain

    guide = explain()
    sudo = shutil.which("sudo")
    if (
        guide.permitted
        or not guide.helper
        or sudo is None
        # None where they are closed.
        or not (sys.stdin and sys.stdin.isatty())
        or not (sys.stderr and sys.stderr.isatty())
    ):
        return ()
    return (sudo, *guide.helper)


def _is_wanted(error: PermissionDenied, command: tuple[str, ...]) -> bool:
    sys.stderr.write(
        f"{error.title}\nA small helper can open the sockets and hand them over; TrafficDesk itself gets no rights:\n"
        f"  {shlex.join(command)} SOCKET\nRun it now? [Y/n] "
    )
    sys.stderr.flush()
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() in {"", "y", "yes"}
