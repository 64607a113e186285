"""`Reception`: who may come in and what is taken, shown with real sockets, real processes and real descriptors."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trafficdesk.capture import reception as reception_module
from trafficdesk.capture.helper import EACH, GREETING
from trafficdesk.capture.reception import Reception, Refused, Visitor, check_visitor, descends
from trafficdesk.capture.socket_pool import SocketPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packet sockets are Linux's")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: packet sockets")


@pytest.fixture
def pool() -> Iterator[SocketPool]:
    made = SocketPool()
    yield made
    made.empty()


@pytest.fixture
def reception(pool: SocketPool) -> Iterator[Reception]:
    with Reception(pool) as made:
        yield made


def packet_sockets(each: int = EACH) -> list[socket.socket]:
    kinds = (socket.SOCK_RAW,) * each + (socket.SOCK_DGRAM,) * each
    return [socket.socket(socket.AF_PACKET, kind, 0) for kind in kinds]


def all_but_one() -> list[socket.socket]:
    first, *others = packet_sockets()
    first.close()
    return others


def hand_over(
    path: str, passed: list[socket.socket], words: bytes = GREETING, more: bytes = b"", *, end: bool = True
) -> bytes:
    """What a helper does; returns the answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
        wire.settimeout(60)
        wire.connect(path)
        socket.send_fds(wire, [words], [each.fileno() for each in passed])
        for each in passed:
            each.close()
        if more:
            wire.send(more)
        if end:
            wire.shutdown(socket.SHUT_WR)
        return wire.recv(1)


def received(reception: Reception, visit: Callable[[], object]) -> bool:
    """What `receive` makes of a visit from another thread."""
    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if reception.receive():
                return True
        return False
    finally:
        visitor.join(60)


def descriptors() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def test_only_we_can_enter_where_sockets_are_handed_over(reception: Reception) -> None:
    """The folder is new and private, and goes with the reception."""
    folder = Path(reception.path).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.stat().st_uid == os.geteuid()
    reception.close()
    reception.close()
    assert not folder.exists()


def test_a_runtime_folder_too_long_for_a_socket_is_passed_by(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A Unix socket's path has 107 bytes."""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    with Reception(SocketPool()) as made:
        assert not made.path.startswith(str(long))
        assert len(os.fsencode(made.path)) <= 107


@pytest.mark.root
@needs_root
def test_the_agreed_sockets_fill_the_pool(reception: Reception, pool: SocketPool) -> None:
    """Eight of each kind, the helper is told, and none of them survives an exec of ours."""
    answers: list[bytes] = []
    assert received(reception, lambda: answers.append(hand_over(reception.path, packet_sockets())))
    assert answers == [b"+"]
    assert pool.resting == (EACH, EACH)
    taken = pool.take(socket.SOCK_RAW)
    assert taken is not None
    assert not taken.get_inheritable()
    taken.close()


def regular_file() -> list[socket.socket]:
    class File:
        def __init__(self) -> None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `hand_over`
            self.fileno, self.close = self._file.fileno, self._file.close

    return [File()]  # type: ignore[list-item]


def bound() -> list[socket.socket]:
    sockets = packet_sockets()
    sockets[3].bind(("lo", 3))
    return sockets


def listening() -> list[socket.socket]:
    return [*all_but_one(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))]


@pytest.mark.root
@needs_root
@pytest.mark.parametrize(
    ("passed", "words", "more", "why"),
    [
        (list, GREETING, b"", "0 descriptors"),
        (all_but_one, GREETING, b"", "15 descriptors"),
        (lambda: packet_sockets(EACH + 1), GREETING, b"", "18 descriptors"),
        (lambda: packet_sockets(40), GREETING, b"", "descriptors"),
        (packet_sockets, b"Hello, I am the helper, let me in now\n", b"", "greet"),
        (packet_sockets, GREETING + b"x", b"", "greet"),
        (packet_sockets, GREETING[:-1], b"", "greet"),
        (packet_sockets, GREETING, b"more", "more follows|greet"),
        (lambda: all_but_one() + regular_file(), GREETING, b"", "no socket"),
        (lambda: [*all_but_one(), socket.socket()], GREETING, b"", "no packet socket"),
        (lambda: [*all_but_one(), socket.socket(socket.AF_UNIX)], GREETING, b"", "no packet socket"),
        (bound, GREETING, b"", "bound already"),
        (listening, GREETING, b"", "bound already"),
    ],
)
def test_anything_but_the_agreed_sockets_is_refused_and_closed(
    reception: Reception,
    pool: SocketPool,
    passed: Callable[[], list[socket.socket]],
    words: bytes,
    more: bytes,
    why: str,
) -> None:
    """Too few, too many, files, other sockets, bound ones, other words, more data: refused, and no descriptor stays."""
    before = descriptors()
    answers: list[bytes] = []
    with pytest.raises(Refused, match=why):
        received(reception, lambda: answers.append(_answer(reception.path, passed(), words, more)))
    assert answers == [b""]
    assert pool.resting == (0, 0)
    assert descriptors() <= before  # those of earlier tests may go meanwhile


def _answer(path: str, passed: list[socket.socket], words: bytes, more: bytes) -> bytes:
    try:
        return hand_over(path, passed, words, more)
    except (ConnectionResetError, BrokenPipeError):
        return b""


@pytest.mark.root
@needs_root
def test_one_kind_alone_is_refused(reception: Reception, pool: SocketPool) -> None:
    """A capture may need either kind, so the numbers of both are fixed."""
    raw = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) for _ in range(2 * EACH)]
    with pytest.raises(Refused, match="kinds"):
        received(reception, lambda: _answer(reception.path, raw, GREETING, b""))
    assert pool.resting == (0, 0)


def test_a_silent_visitor_is_sent_away(reception: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever connects and says nothing keeps nobody waiting."""
    monkeypatch.setattr(reception_module, "_HAND_OVER_S", 0.05)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.connect(reception.path)
        with pytest.raises(Refused, match="broke off"):
            reception.receive()


@pytest.mark.root
@needs_root
def test_after_an_intruder_the_helper_may_still_come(reception: Reception, pool: SocketPool) -> None:
    """A refusal does not end the waiting."""
    results: list[bool] = []
    waiting = threading.Thread(target=lambda: results.append(reception.wait(threading.Event())))
    waiting.start()
    assert _answer(reception.path, [socket.socket()], GREETING, b"") == b""
    assert hand_over(reception.path, packet_sockets()) == b"+"
    waiting.join(60)
    assert results == [True]
    assert pool.ready


def test_waiting_ends_when_told(reception: Reception) -> None:
    """The window closes without waiting for a command that nobody types."""
    stop = threading.Event()
    stop.set()
    assert reception.wait(stop) is False


def test_a_foreign_user_is_not_let_in() -> None:
    """Only ourselves and root."""
    check_visitor(Visitor(os.getpid(), os.geteuid()), None)
    check_visitor(Visitor(1, 0), None)
    with pytest.raises(Refused, match="neither us nor root"):
        check_visitor(Visitor(os.getpid(), 12_345), None)


def test_a_process_that_we_did_not_start_is_not_let_in() -> None:
    """Where we started the helper, nobody else of the same user may answer in its place."""
    child = subprocess.Popen(["sleep", "20"])
    try:
        check_visitor(Visitor(child.pid, os.geteuid()), child.pid)
        with pytest.raises(Refused, match="not started by us"):
            check_visitor(Visitor(os.getpid(), os.geteuid()), child.pid)
        assert descends(child.pid, os.getpid())
        assert not descends(os.getpid(), child.pid)
        assert not descends(0, child.pid)
    finally:
        child.kill()
        child.wait()
