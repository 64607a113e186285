"""`helper.py`: one page, the standard library only, one argument; it trusts nobody but the user who asked."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from trafficdesk.capture import helper

SOURCE = Path(helper.__file__)
PAGE_LINES = 90
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packet sockets are Linux's")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: packet sockets")


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(SOURCE), *arguments],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], **environment},
        timeout=240,
        check=False,
    )


def test_it_is_one_page_of_the_standard_library() -> None:
    """Whoever gives it rights can read it first, and nothing of ours or of others is loaded with it."""
    text = SOURCE.read_text()
    assert len(text.splitlines()) <= PAGE_LINES
    imported = {
        alias.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(ast.parse(text)))
    assert imported <= {"ctypes", "os", "signal", "socket", "stat", "struct", "sys"}
    assert imported <= sys.stdlib_module_names


def test_it_calls_nothing_that_reads_or_attaches() -> None:
    """No bind, no filter, no ring, no packet read, no other program, no file opened."""
    attributes = {
        node.attr for node in ast.walk(ast.parse(SOURCE.read_text())) if isinstance(node, ast.Attribute)
    }
    names = {node.id for node in ast.walk(ast.parse(SOURCE.read_text())) if isinstance(node, ast.Name)}
    assert not attributes & {
        "bind",
        "setsockopt",
        "recvfrom",
        "recvmsg",
        "system",
        "popen",
        "execv",
        "fork",
        "listen",
    }
    assert not names & {"open", "exec", "eval", "compile", "__import__"}


@pytest.mark.parametrize("arguments", [(), ("a", "b"), ("--help", "x", "y")])
def test_other_arguments_are_refused(arguments: tuple[str, ...]) -> None:
    """Exactly one, before anything is opened."""
    done = start(*arguments)
    assert done.returncode == 2
    assert "usage" in done.stderr


@pytest.mark.root
@needs_root
def test_what_is_no_socket_is_refused(tmp_path: Path) -> None:
    """Files, folders, links to sockets, nothing at all."""
    file, link, real = tmp_path / "file", tmp_path / "link", tmp_path / "real"
    file.touch()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(real))
        listener.listen()
        link.symlink_to(real)
        for path in (file, link, tmp_path, tmp_path / "nothing", "", "\n", "x" * 300):
            done = start(str(path))
            assert done.returncode == 3, path
            assert done.stderr.count("\n") == 1 or path == "\n"


@pytest.mark.root
@needs_root
def test_who_asked_is_told_by_pkexec_and_sudo_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """pkexec's word before sudo's; a plain user's environment says nothing."""
    monkeypatch.setenv("SUDO_UID", "1001")
    assert helper.invoking_user() == 1001
    monkeypatch.setenv("PKEXEC_UID", "1002")
    assert helper.invoking_user() == 1002
    monkeypatch.setenv("PKEXEC_UID", "-1")
    assert helper.invoking_user() == 1001
    monkeypatch.setattr(os, "getuid", lambda: 1003)
    assert helper.invoking_user() == 1003


@pytest.mark.root
@needs_root
def test_rights_are_gone_before_the_socket_is_touched() -> None:
    """From the moment it looks at the path it is the user who asked: no capability, no group, no way back."""
    program = (
        "import os, runpy, sys\n"
        f"helper = runpy.run_path({str(SOURCE)!r})\n"
        "helper['drop_rights'](65534)\n"
        "status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "print(status['Uid'].split(), status['Gid'].split(), status['Groups'].split())\n"
        "print(*(status[name].strip() for name in ('CapPrm', 'CapEff', 'CapInh', 'CapAmb')))\n"
        "try:\n    os.setuid(0)\nexcept PermissionError:\n    print('no way back')\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    who, rights, back = done.stdout.splitlines()
    assert who == f"{['65534'] * 4} {['65534'] * 4} []"
    assert rights == " ".join(["0" * 16] * 4)
    assert back == "no way back"


def test_without_rights_it_says_so(tmp_path: Path) -> None:
    """Started by a plain user it opens nothing and ends with a sentence."""
    program = (
        "import ctypes, runpy, struct, sys\n"
        "ctypes.CDLL(None).capset(struct.pack('=Ii', 0x20080522, 0), bytes(24))\n"
        f"sys.exit(runpy.run_path({str(SOURCE)!r})['main']([{str(tmp_path)!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert (
        done.stderr
        == "trafficdesk-capture-helper: Packet sockets can't be opened: Operation not permitted.\n"
    )
