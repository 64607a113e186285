"""`monitor` in a terminal: says which command, asks, and sudo starts the helper; without a terminal it refuses."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.namespaces import UNTIL_THE_NEXT_PROGRAM, WITHOUT_DUMPCAP
from trafficdesk.capture import helper

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0, reason="needs root, who stands in for sudo's"
    ),
]
PROGRAM = (
    "from trafficdesk.capture.live import open_live\n"
    "from trafficdesk.cli.exit_codes import ended\n"
    "from trafficdesk.cli.permission import with_permission\n"
    "from trafficdesk.settings.declared import CaptureSettings\n"
    + WITHOUT_DUMPCAP
    + UNTIL_THE_NEXT_PROGRAM
    + "def command():\n"
    "    source = with_permission(lambda: open_live('lo', CaptureSettings(ring_mib=1)))\n"
    "    print('opened', type(source).__name__)\n"
    "    source.close()\n"
    "    return 0\n"
    "raise SystemExit(ended(command))\n"
)


@pytest.fixture
def sudo(tmp_path: Path) -> Path:
    """Stands in for sudo: root without capabilities gets them back by running a program."""
    program = tmp_path / "sudo"
    program.write_text('#!/bin/sh\necho "$@" > "$0.asked"\nSUDO_UID=0 exec "$@"\n')
    program.chmod(0o755)
    return program


def in_terminal(answer: bytes, folder: Path) -> tuple[int, str]:
    ours, theirs = pty.openpty()
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    shown, answered = b"", False
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                shown += os.read(ours, 4_096)
            except OSError:  # the terminal's other end is closed
                break
        if b"[Y/n]" in shown and not answered:
            os.write(ours, answer)
            answered = True
    os.close(ours)
    return child.wait(60), shown.decode()


def test_yes_lets_sudo_start_the_helper(sudo: Path) -> None:
    """The command is shown before it is run, and the capture opens without a right of our own."""
    code, shown = in_terminal(b"\n", sudo.parent)
    assert code == 0, shown
    assert "opened PacketRing" in shown
    assert f"{sudo} {Path(sys.executable).resolve()} -I {helper.__file__} SOCKET" in shown.replace(
        "\r\n", "\n"
    )
    assert Path(f"{sudo}.asked").read_text().startswith(f"{Path(sys.executable).resolve()} -I ")


@pytest.mark.parametrize("answer", [b"n\n", b"whatever\n", b"\x04"])
def test_anything_else_is_a_no(sudo: Path, answer: bytes) -> None:
    """Exit 3 with the sentence, and nothing was run."""
    code, shown = in_terminal(answer, sudo.parent)
    assert code == 3, shown
    assert "CAP_NET_RAW" in shown
    assert not Path(f"{sudo}.asked").exists()


def test_sudo_that_refuses_is_a_sentence(tmp_path: Path) -> None:
    """A wrong password ends with exit 3, too."""
    (tmp_path / "sudo").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "sudo").chmod(0o755)
    code, shown = in_terminal(b"y\n", tmp_path)
    assert code == 3, shown
    assert "sudo did not run the capture helper" in shown


@pytest.mark.parametrize("shut", ["", "import sys\nsys.stdin = None\n"], ids=["empty", "closed"])
def test_without_a_terminal_nobody_is_asked(sudo: Path, shut: str) -> None:
    """A service gets the sentence and exit 3 at once, also one whose standard input is closed."""
    done = subprocess.run(
        [sys.executable, "-c", shut + PROGRAM],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": f"{sudo.parent}{os.pathsep}{os.environ['PATH']}"},
        timeout=240,
        check=False,
    )
    assert done.returncode == 3
    assert "CAP_NET_RAW" in done.stderr
    assert "[Y/n]" not in done.stderr
    assert not Path(f"{sudo}.asked").exists()
