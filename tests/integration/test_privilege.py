"""The helper runs as root, everything else as nobody: real packets come, and without the helper none could."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

import pytest

from tests.conftest import ROOT
from tests.helpers.namespaces import UNTIL_THE_NEXT_PROGRAM, WITHOUT_DUMPCAP, cable, needs_namespaces
from tests.helpers.wire import HTTP_GET, TCP_SYN

pytestmark = [pytest.mark.root, needs_namespaces]

HELPER = ROOT / "trafficdesk" / "capture" / "helper.py"
NOBODY = 65_534
BECOME_NOBODY = (
    "import os\n"
    "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)\n"
    "os.environ.pop('XDG_RUNTIME_DIR', None)\n"
)
IMPORTS = (
    "import re, socket, sys, threading, time\n"
    "import grp, signal, select, tempfile, subprocess, scapy.libs.winpcapy\n"
    "from pathlib import Path\n"
    "from trafficdesk.capture import permission_linux\n"
    "from trafficdesk.capture.dumpcap import DumpcapSource\n"
    "from trafficdesk.capture.live import open_live\n"
    "from trafficdesk.capture.packet_ring import PacketRing\n"
    "from trafficdesk.capture.permission import explain\n"
    "from trafficdesk.capture.privileged import run_helper\n"
    "from trafficdesk.capture.reception import Reception\n"
    "from trafficdesk.capture.socket_pool import POOL\n"
    "from trafficdesk.errors import TrafficDeskError\n"
    "from trafficdesk.settings.declared import CaptureSettings\n"
    "def rights():\n"
    "    return re.findall(r'Cap(?:Prm|Eff):\\s+(\\w+)', Path('/proc/self/status').read_text())\n"
    "def tell(*words):\n"
    "    print(*words, flush=True)\n"
    "def own_socket():\n"
    "    try:\n"
    "        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)\n"
    "    except OSError as error:\n"
    "        return error.errno\n"
    "def captured(source, frames, seconds=60):\n"
    "    end = time.monotonic() + seconds\n"
    "    found = []\n"
    "    while len(found) < frames and time.monotonic() < end:\n"
    "        block = source.read(0.1)\n"
    "        found += [bytes(block.frame(row)) for row in range(len(block))] if block is not None else []\n"
    "    return found\n"
)


class Unprivileged:
    """A Python in a namespace that runs `program`; talks with the test line by line."""

    def __init__(self, namespace: str, program: str, **environment: str) -> None:
        command = ["ip", "netns", "exec", namespace, sys.executable, "-c", program]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | environment,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        assert said or self.process.poll() is None, self.process.stderr.read() if self.process.stderr else ""
        return said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.process.communicate(timeout=60)  # the end of its input lets it clean up
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


def run_helper_as_root(namespace: str, path: str) -> subprocess.CompletedProcess[str]:
    """What `sudo python3 -I helper.py PATH` does, typed by nobody."""
    return subprocess.run(
        ["ip", "netns", "exec", namespace, sys.executable, "-I", str(HELPER), path],
        env={"SUDO_UID": str(NOBODY), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_nobody_captures_with_the_helpers_sockets_and_not_without() -> None:
    """No capability, EPERM for a socket of its own, and yet every frame, twice, with a filter and without."""
    program = (
        IMPORTS + BECOME_NOBODY + "tell(os.getuid(), *rights(), own_socket(), explain().permitted)\n"
        "with Reception() as reception:\n"
        "    tell(reception.path)\n"
        "    tell(reception.wait(threading.Event()), *POOL.resting, explain().case)\n"
        "for settings in (CaptureSettings(ring_mib=4), CaptureSettings(ring_mib=4, capture_filter='tcp[13] == 2')):\n"
        "    source = open_live('v0', settings)\n"
        "    tell(type(source).__name__, *POOL.resting)\n"
        "    found = captured(source, 300)\n"
        "    tell(len(found), source.statistics().dropped_kernel, len(set(found)))\n"
        "    source.close()\n"
        "    tell(*POOL.resting)\n"
        "tell(*rights(), own_socket())\n"
    )
    none = "0" * 16
    with cable() as wire, Unprivileged(wire.near, program) as nobody:
        assert nobody.line() == f"{NOBODY} {none} {none} 1 False"
        path = nobody.line()
        helped = run_helper_as_root(wire.near, path)
        assert (helped.returncode, helped.stderr) == (0, "")
        assert nobody.line() == "True 8 8 sockets from the helper"
        assert not Path(path).exists()
        for frames, kinds in (([TCP_SYN, HTTP_GET] * 150, "2"), ([TCP_SYN, HTTP_GET] * 300, "1")):
            assert nobody.line() == "PacketRing 7 8"
            wire.send(*frames)
            assert nobody.line() == f"300 0 {kinds}"
            assert nobody.line() == "8 8"
        assert nobody.line() == f"{none} {none} 1"


def test_a_foreign_users_socket_is_refused() -> None:
    """The helper goes only where the user who asked it waits: not to root's socket, not to a file, not through a link."""
    with (
        cable() as wire,
        Unprivileged(
            wire.near, IMPORTS + "with Reception() as r:\n    tell(r.path)\n    sys.stdin.read()\n"
        ) as root,
    ):
        path = root.line()
        refused = run_helper_as_root(wire.near, path)
        assert refused.returncode == 3
        assert "Permission denied" in refused.stderr
        open_folder = Path(path).parent
        open_folder.chmod(0o755)
        Path(path).chmod(0o777)
        refused = run_helper_as_root(wire.near, path)
        assert refused.returncode == 3
        assert "no Unix socket of the user" in refused.stderr
        os.lchown(path, NOBODY, NOBODY)
        refused = run_helper_as_root(wire.near, path)
        assert refused.returncode == 3
        assert "Somebody else" in refused.stderr


def test_pkexec_starts_the_helper_and_its_sockets_work(tmp_path: Path) -> None:
    """The command line that pkexec gets runs the helper; a capture follows without a right of our own.

    Stands in for pkexec: root without capabilities gets them back by running a program, as pkexec gives them.
    """
    pkexec = tmp_path / "pkexec"
    pkexec.write_text(
        '#!/bin/sh\necho "$@" > "$0.asked"\n[ "$1" = --disable-internal-agent ] || exit 127\nshift\nPKEXEC_UID=0 exec "$@"\n'
    )
    pkexec.chmod(0o755)
    program = (
        IMPORTS + WITHOUT_DUMPCAP + UNTIL_THE_NEXT_PROGRAM + "guide = explain()\n"
        "tell(*rights(), own_socket(), guide.case)\n"
        "run_helper(guide.ask, stop=threading.Event())\n"
        "source = open_live('v0', CaptureSettings(ring_mib=4))\n"
        "tell(explain().case, *POOL.resting)\n"
        "tell(len(captured(source, 100)), own_socket())\n"
        "source.close()\n"
    )
    none = "0" * 16
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    with cable() as wire, Unprivileged(wire.near, program, PATH=path) as process:
        assert process.line() == f"{none} {none} 1 the system can ask"
        assert process.line() == "sockets from the helper 7 8"
        wire.send(*[TCP_SYN] * 100)
        assert process.line() == "100 1"
    asked = (tmp_path / "pkexec.asked").read_text().split()
    assert asked[1:4] == [str(Path(sys.executable).resolve()), "-I", str(HELPER)]
    assert len(asked) == 5


@pytest.mark.skipif(
    not (shutil.which("dumpcap") and shutil.which("setcap")), reason="needs dumpcap and setcap"
)
def test_nobody_captures_through_dumpcap_where_it_may_be_run() -> None:
    """As Wireshark sets it up: the program carries the right, this process has none and gets none."""
    folder = Path(tempfile.mkdtemp(prefix="trafficdesk-test-"))
    try:
        folder.chmod(0o755)
        copy = folder / "dumpcap"
        shutil.copy(shutil.which("dumpcap") or "", copy)
        copy.chmod(0o755)
        given = subprocess.run(
            ["setcap", "cap_net_raw,cap_net_admin=ep", copy], capture_output=True, text=True, check=False
        )
        if given.returncode:
            pytest.skip(f"no file capabilities here: {given.stderr.strip()}")
        program = (
            IMPORTS + BECOME_NOBODY + "tell(*rights(), own_socket(), explain().case, explain().permitted)\n"
            "source = open_live('v0', CaptureSettings(ring_mib=4))\n"
            "tell(type(source).__name__)\n"
            "found = captured(source, 200)\n"
            "source.close()\n"
            "tell(len(found), source._child.poll() is not None, own_socket())\n"
        )
        none = "0" * 16
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        with cable() as wire, Unprivileged(wire.near, program, PATH=path) as nobody:
            assert nobody.line() == f"{none} {none} 1 dumpcap True"
            assert nobody.line() == "DumpcapSource"
            wire.send(*[TCP_SYN, HTTP_GET] * 100)
            assert nobody.line() == "200 True 1"
    finally:
        shutil.rmtree(folder)


def test_the_windows_process_never_runs_with_rights() -> None:
    """From sockets handed over to the last frame, no capability appears, and exec'd children get no packet socket."""
    program = (
        IMPORTS + BECOME_NOBODY + "with Reception() as reception:\n"
        "    tell(reception.path)\n"
        "    reception.wait(threading.Event())\n"
        "source = open_live('v0', CaptureSettings(ring_mib=4))\n"
        "tell(*rights())\n"
        "tell(subprocess.run(['/bin/sh', '-c', 'ls -l /proc/self/fd | grep -c socket:'], close_fds=False,"
        " capture_output=True, text=True).stdout)\n"
        "source.close()\n"
    )
    none = "0" * 16
    with cable() as wire, Unprivileged(wire.near, program) as nobody:
        run_helper_as_root(wire.near, nobody.line())
        assert nobody.line() == f"{none} {none}"
        assert nobody.line() == "0"
