"""Nothing is sent or looked up that nobody asked for: every Python of ours runs under an audit hook (PEP 578)."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

HOOK = '''
import os, socket, sys

WATCHED = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
           "socket.gethostbyaddr", "socket.getnameinfo", "urllib.Request", "http.client.connect", "smtplib.connect"}

def numeric(host):
    """An address is parsed where it is, nobody is asked for it."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in str(host) else socket.AF_INET, str(host))
    except OSError:
        return False
    return True

def note(event, arguments):
    if event in WATCHED:
        shown = arguments[1:] if event.startswith("socket.") and hasattr(arguments[0], "fileno") else arguments
        local = event in {"socket.connect", "socket.sendmsg"} and getattr(arguments[0], "family", 0) == 1
        if not local and not (event == "socket.getaddrinfo" and numeric(arguments[0])):
            with open(os.environ["TRAFFICDESK_TEST_CALLS"], "a") as out:
                out.write(f"{event} {shown}\\n")

sys.addaudithook(note)
'''
ROUTE_PROBES = ("192.0.2.1", "2001:db8::1")
"""Documentation addresses: connecting a UDP socket there sends nothing, it tells which interface leads outside."""


def calls(folder: Path, *arguments: str) -> list[str]:
    (folder / "sitecustomize.py").write_text(HOOK)
    noted = folder / "calls"
    noted.touch()
    done = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ
        | {
            "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
            "TRAFFICDESK_TEST_CALLS": str(noted),
            "QT_QPA_PLATFORM": "offscreen",
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [
        line for line in noted.read_text().splitlines() if not any(probe in line for probe in ROUTE_PROBES)
    ]


def test_the_hook_would_see_it(tmp_path: Path) -> None:
    """A name looked up and a datagram sent are noted, so silence below means something."""
    program = (
        "import socket\n"
        "socket.getaddrinfo('localhost', 80)\n"
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))\n"
    )
    noted = calls(tmp_path, "-W", "ignore", "-c", program)
    assert [line.split()[0] for line in noted] == ["socket.getaddrinfo", "socket.sendto"]


def test_the_command_line_connects_to_nobody(tmp_path: Path) -> None:
    """The sample is analysed to the end, the analysis process included."""
    program = (
        "from trafficdesk.__main__ import main\n"
        "from trafficdesk.paths import sample_capture\n"
        "if __name__ == '__main__':\n"
        "    raise SystemExit(main(['analyze', str(sample_capture()), '--report', 'report.html']))\n"
    )
    (tmp_path / "run.py").write_text(program)
    assert calls(tmp_path, "run.py") == []
    assert (tmp_path / "report.html").stat().st_size > 1_000


@pytest.mark.display
def test_the_window_connects_to_nobody(tmp_path: Path) -> None:
    """Opened with the sample and left alone, it lists interfaces, analyses and shows, and calls nobody."""
    program = (
        "from trafficdesk.__main__ import main\n"
        "from trafficdesk.paths import sample_capture\n"
        "if __name__ == '__main__':\n"
        "    raise SystemExit(main([str(sample_capture()), '--quit-after', '6']))\n"
    )
    (tmp_path / "run.py").write_text(program)
    assert calls(tmp_path, "run.py") == []
