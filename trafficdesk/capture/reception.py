"""Where the capture helper hands packet sockets over: who may come in, and what is taken.

A Unix socket in a folder that only we can enter. Source: unix(7), SCM_RIGHTS and SO_PEERCRED; packet(7).
"""

from __future__ import annotations

import array
import contextlib
import logging
import os
import shutil
import socket
import stat
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from trafficdesk.capture.helper import EACH, GREETING
from trafficdesk.capture.socket_pool import POOL
from trafficdesk.errors import PermissionDenied

if TYPE_CHECKING:
    import threading

    from trafficdesk.capture.socket_pool import SocketPool

_log = logging.getLogger(__name__)

_KINDS: Final = (socket.SOCK_RAW, socket.SOCK_DGRAM)
_MOST: Final = len(_KINDS) * EACH
_HAND_OVER_S: Final = 5.0
"""How long whoever has connected may take to hand over."""
_POLL_S: Final = 0.1
_LONGEST_PATH: Final = 107
"""sun_path without its NUL, unix(7)."""


class Refused(Exception):  # noqa: N818  # says what we did, not what went wrong
    """Whoever connected is not the helper, or brought something else than packet sockets."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is at the other end (struct ucred)."""

    process: int
    user: int


class Reception:
    """A Unix socket where the helper hands over packet sockets; its folder exists as long as this does.

    Parameters
    ----------
    pool : takes what was handed over.

    Raises
    ------
    PermissionDenied
        If no private folder can be made.
    """

    def __init__(self, pool: SocketPool = POOL) -> None:
        self._pool = pool
        try:
            self._folder = _private_folder()
            self.path = str(self._folder / "capture")
            self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listener.bind(self.path)
            self._listener.listen(1)
            self._listener.settimeout(_POLL_S)
        except OSError as error:
            raise PermissionDenied(
                f"There is no place to meet the capture helper: {error.strerror or error}.",
                "Make room in the folder for temporary files.",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def receive(self, child: int | None = None) -> bool:
        """Wait a moment for the helper; whether it has filled the pool.

        Parameters
        ----------
        child : process that we started; only it and what it started are let in. None = whoever is us or root.

        Raises
        ------
        Refused
            If somebody came who is not let in, or brought something else; the next one may come.
        """
        try:
            wire, _ = self._listener.accept()
        except TimeoutError:
            return False
        with wire:
            try:
                wire.settimeout(_HAND_OVER_S)
                check_visitor(_visitor(wire), child)
                sockets = _hand_over(wire)
            except OSError as error:
                raise Refused(f"the hand-over broke off: {error}") from error
            self._pool.fill(sockets)
            with contextlib.suppress(OSError):
                wire.send(b"+")
        _log.info("the helper handed over packet sockets: %s", self._pool.resting)
        return True

    def wait(self, stop: threading.Event) -> bool:
        """Wait for a helper that somebody starts by hand; False = `stop` came first."""
        while not stop.is_set():
            try:
                if self.receive():
                    return True
            except Refused as error:
                _log.warning("refused at %s: %s", self.path, error)
        return False

    def close(self) -> None:
        """Take socket and folder away; may be called twice."""
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _private_folder() -> Path:
    """A new folder that only we can enter."""
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    for parent in (runtime, Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108  # a folder of our own in it
        if not parent.is_absolute() or len(os.fsencode(parent)) > _LONGEST_PATH - 40:
            continue
        with contextlib.suppress(OSError):
            return Path(tempfile.mkdtemp(prefix="trafficdesk-", dir=parent))
    raise OSError("no folder for temporary files can be written")


def _visitor(wire: socket.socket) -> Visitor:
    process, user, _group = struct.unpack("3i", wire.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return Visitor(process, user)


def check_visitor(visitor: Visitor, child: int | None) -> None:
    """Let in ourselves and root, and where we started the helper only that.

    Raises
    ------
    Refused
        If it is somebody else.
    """
    if visitor.user not in {0, os.geteuid()}:
        raise Refused(f"process {visitor.process} of user {visitor.user} is neither us nor root")
    if child is not None and not descends(visitor.process, child):
        raise Refused(f"process {visitor.process} was not started by us")


def descends(process: int, ancestor: int) -> bool:
    """Whether `process` is `ancestor` or was started by it, directly or not."""
    for _ in range(64):
        if process == ancestor:
            return True
        try:
            # The name in parentheses may hold anything; the state and the parent follow the last parenthesis.
            fields = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            return False
        process = int(fields[1])
        if process <= 1:
            return False
    return False


def _hand_over(wire: socket.socket) -> list[socket.socket]:
    """The packet sockets that were passed, exactly as many and of the kinds that the helper opens."""
    words, numbers, flags = _received(wire)
    with contextlib.ExitStack() as refused:
        for number in numbers:
            refused.callback(os.close, number)
        _check_message(words, len(numbers), cut=bool(flags & socket.MSG_CTRUNC), more=wire.recv(1))
        kinds = [check_descriptor(number) for number in numbers]
        if sorted(kinds) != sorted(_KINDS * EACH):
            raise Refused("the kinds of the sockets are not as agreed")
        refused.pop_all()
    return [socket.socket(fileno=number) for number in numbers]


def _received(wire: socket.socket) -> tuple[bytes, list[int], int]:
    """Words, descriptors and flags of one message; `socket.recv_fds` of Python 3.11 forgets to pass its flags on."""
    numbers = array.array("i")
    # Room for more than there should be, so that more are noticed instead of cut off.
    room = socket.CMSG_LEN(2 * _MOST * numbers.itemsize)
    words, passed, flags, _ = wire.recvmsg(len(GREETING) + 1, room, socket.MSG_CMSG_CLOEXEC)
    for level, kind, data in passed:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
    return words, list(numbers), flags


def _check_message(words: bytes, descriptors: int, *, cut: bool, more: bytes) -> None:
    if words != GREETING:
        raise Refused("it does not greet as the helper does")
    if cut or descriptors != _MOST:
        raise Refused(f"it passed {descriptors} descriptors instead of {_MOST}")
    if more:
        raise Refused("more follows than the sockets")


def check_descriptor(number: int) -> int:
    """The kind of packet socket that a descriptor is, which must be bound to nothing.

    Raises
    ------
    Refused
        If it is something else.
    """
    if not stat.S_ISSOCK(os.fstat(number).st_mode):
        raise Refused("a descriptor is no socket")
    found = socket.socket(fileno=number)
    try:
        protocol = found.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL)
        kind = found.type
        packets = found.family == socket.AF_PACKET and kind in _KINDS
        name = found.getsockname()
    finally:
        found.detach()
    if not packets:
        raise Refused("a socket is no packet socket")
    if protocol or name[0] or name[1]:
        raise Refused("a packet socket is bound already")
    return kind
