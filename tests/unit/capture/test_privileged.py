"""`run_helper`: the helper's end, told as a sentence; real processes stand in for pkexec and sudo."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from trafficdesk.capture import helper as helper_module
from trafficdesk.capture.privileged import failure, run_helper
from trafficdesk.capture.socket_pool import SocketPool
from trafficdesk.errors import PermissionDenied

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packet sockets are Linux's")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: packet sockets")
HELPER = (sys.executable, "-I", helper_module.__file__)


def script(folder: Path, name: str, body: str) -> tuple[str, ...]:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return (str(path),)


def run(command: tuple[str, ...], stop: threading.Event | None = None) -> SocketPool:
    pool = SocketPool()
    run_helper(command, pool=pool, stop=stop or threading.Event())
    return pool


@pytest.mark.root
@needs_root
def test_the_helper_fills_the_pool(tmp_path: Path) -> None:
    """Started by us, also through another program that runs it, as sudo does."""
    for command in (HELPER, (*script(tmp_path, "sudo", '"$@"; exit $?'), *HELPER)):
        pool = run(command)
        assert pool.resting == (8, 8)
        pool.empty()


@pytest.mark.parametrize(
    ("name", "body", "title"),
    [
        ("pkexec", "exit 126", "authentication was cancelled"),
        ("pkexec", "echo 'Not authorized' >&2; exit 127", "did not authorise"),
        ("pkexec", "echo 'Error: No authentication agent found.' >&2; exit 127", "no polkit agent"),
        ("sudo", "exit 1", "sudo did not run"),
        ("helper", "echo 'trafficdesk-capture-helper: No right.' >&2; exit 4", "gave up: No right."),
        ("helper", "printf 'a\\033[2Jb' >&2; exit 4", r"gave up: a\\x1b\[2Jb"),
        ("helper", "exit 5", "gave up: exit code 5"),
    ],
)
def test_how_it_ended_is_said(tmp_path: Path, name: str, body: str, title: str) -> None:
    """Cancelled, not authorised, nobody to ask, the helper's own words: each is one sentence, fit to be shown."""
    with pytest.raises(PermissionDenied, match=title) as caught:
        run(script(tmp_path, name, body))
    assert caught.value.hint


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The packaged folder may have been moved away under us."""
    with pytest.raises(PermissionDenied, match="can't be started"):
        run((str(tmp_path / "nothing"),))


def test_asking_can_be_given_up(tmp_path: Path) -> None:
    """Closing the window does not wait for a dialog, and nothing is left running."""
    stop = threading.Event()
    told = tmp_path / "pid"

    def give_up() -> None:
        while not (told.exists() and told.read_text().endswith("\n")):
            time.sleep(0.02)
        stop.set()

    threading.Thread(target=give_up).start()
    with pytest.raises(PermissionDenied, match="given up"):
        run(script(tmp_path, "pkexec", f"echo $$ > {told}; exec sleep 60"), stop)
    process = int(told.read_text())
    deadline = time.monotonic() + 60
    while Path(f"/proc/{process}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{process}").exists()


def test_what_the_helper_must_not_bring_is_refused(tmp_path: Path) -> None:
    """A program that passes an ordinary socket instead fails with that sentence, and the pool stays empty."""
    forger = tmp_path / "forger.py"
    forger.write_text(
        "import socket, sys\n"
        "from trafficdesk.capture.helper import GREETING\n"
        "wire = socket.socket(socket.AF_UNIX)\n"
        "wire.connect(sys.argv[1])\n"
        "other = socket.socket()\n"
        "socket.send_fds(wire, [GREETING], [other.fileno()] * 16)\n"
        "wire.shutdown(socket.SHUT_WR)\n"
        "sys.exit(0 if wire.recv(1) == b'+' else 3)\n"
    )
    pool = SocketPool()
    with pytest.raises(PermissionDenied, match="no packet socket"):
        run_helper((sys.executable, "-P", str(forger)), pool=pool, stop=threading.Event())
    assert pool.resting == (0, 0)


@pytest.mark.root
@needs_root
def test_somebody_else_cannot_answer_for_the_helper(tmp_path: Path) -> None:
    """Another process of the same user hands sockets over first: refused, the helper's own come through."""
    intruder = (
        "import socket, sys\n"
        "from trafficdesk.capture.helper import GREETING\n"
        "wire = socket.socket(socket.AF_UNIX)\n"
        "wire.connect(sys.argv[1])\n"
        "kinds = [socket.SOCK_RAW] * 8 + [socket.SOCK_DGRAM] * 8\n"
        "made = [socket.socket(socket.AF_PACKET, kind, 0) for kind in kinds]\n"
        "try:\n"
        "    socket.send_fds(wire, [GREETING], [each.fileno() for each in made])\n"
        "    wire.shutdown(socket.SHUT_WR)\n"
        "    answer = wire.recv(1)\n"
        "except OSError:\n"
        "    answer = b''\n"
        "open(sys.argv[2], 'wb').write(answer or b'refused')\n"
    )
    (tmp_path / "intruder.py").write_text(intruder)
    answer = tmp_path / "answer"
    # Forked twice, so that it belongs to init and not to what we started.
    detached = (
        f'(setsid {sys.executable} {tmp_path}/intruder.py "$1" {answer} &)\n'
        f"while [ ! -s {answer} ]; do sleep 0.05; done\n"
        f'exec {" ".join(HELPER)} "$1"'
    )
    pool = run(script(tmp_path, "start", detached))
    assert answer.read_bytes() == b"refused"
    assert pool.resting == (8, 8)
    pool.empty()


def test_a_path_is_never_read_by_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders named like commands stay folders: the socket's path arrives as one argument, as it is."""
    hostile = Path(tempfile.mkdtemp(prefix="a;touch b $(touch b) `touch b` '"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(hostile))
    monkeypatch.chdir(tmp_path)
    try:
        with pytest.raises(PermissionDenied):
            run(script(tmp_path, "helper", f'printf "%s\\n" "$#" "$1" > "{tmp_path}/asked"; exit 3'))
        count, path = (tmp_path / "asked").read_text().splitlines()
        assert count == "1"
        assert path.startswith(str(hostile))
        assert not list(tmp_path.rglob("b"))
    finally:
        hostile.rmdir()


def test_an_unknown_end_has_a_code() -> None:
    """Even without a word."""
    assert "exit code 77" in failure("/x/helper", 77, "").title
