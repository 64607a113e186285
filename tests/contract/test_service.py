"""The systemd unit: what it runs is understood by us, what it says is understood by systemd, and its rights suffice."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.helpers.monitoring import until_recorded
from tests.helpers.namespaces import cable, needs_namespaces
from tests.helpers.wire import UDP_TICK
from trafficdesk.cli.arguments import parser

if TYPE_CHECKING:
    from pathlib import Path

UNIT = ROOT / "resources" / "linux" / "trafficdesk-monitor@.service"
SPECIFIERS = {"%i": "eth0", "%L": "/var/log", "%S": "/var/lib"}


def values(key: str) -> list[str]:
    """What the unit says of a key, its specifiers replaced as systemd does for the instance eth0."""
    said = [
        line.partition("=")[2].strip()
        for line in UNIT.read_text(encoding="utf-8").splitlines()
        if line.startswith(f"{key}=")
    ]
    for specifier, value in SPECIFIERS.items():
        said = [one.replace(specifier, value) for one in said]
    return said


@pytest.mark.parametrize("options", ["", "--alerts", "--alerts --capture-filter 'not port 22'"])
def test_what_it_runs_is_our_command_line(options: str) -> None:
    """Also with the options that INSTALL.md names."""
    (command,) = values("ExecStart")
    program, *words = shlex.split(command.replace("$TRAFFICDESK_OPTIONS", options))
    assert program == "/opt/trafficdesk/trafficdesk"
    said = parser().parse_args(words)
    assert (said.command, said.interface, said.plain) == ("monitor", ["eth0"], True)
    assert said.jsonl == "/var/log/trafficdesk/eth0.jsonl"
    assert said.alerts == bool(options)


def test_it_is_given_one_right_and_ends_gently() -> None:
    """Nothing but CAP_NET_RAW; the monitor alone is asked to end, so that the analysis keeps what it learned."""
    assert values("AmbientCapabilities") == values("CapabilityBoundingSet") == ["CAP_NET_RAW"]
    assert values("NoNewPrivileges") == ["yes"]
    assert values("ProtectSystem") == ["strict"]
    assert values("KillMode") == ["mixed"]
    assert values("ExecReload") == ["/bin/kill -HUP $MAINPID"]
    assert values("Environment") == ["TRAFFICDESK_HOME=/var/lib/trafficdesk"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_it(tmp_path: Path) -> None:
    """No unknown key, no bad value, with a program and a page that are there."""
    text = UNIT.read_text(encoding="utf-8").replace("/opt/trafficdesk/trafficdesk", sys.executable)
    (tmp_path / "trafficdesk-monitor@eth0.service").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "trafficdesk-monitor@eth0.service")],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.root
@needs_namespaces
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs the setpriv command (util-linux)")
def test_its_rights_suffice(tmp_path: Path) -> None:
    """With CAP_NET_RAW, no other capability and no way to gain one, every packet is seen and the end is clean."""
    lines, summary = tmp_path / "x.jsonl", tmp_path / "summary.json"
    rights = ["setpriv", "--no-new-privs", "--bounding-set=-all,+net_raw", "--inh-caps=-all"]
    command = [sys.executable, "-m", "trafficdesk", "monitor", "--interface", "v0", "--plain"]
    with cable() as wire:
        process = subprocess.Popen(
            ["ip", "netns", "exec", wire.near, *rights, *command, "--jsonl", lines, "--json", summary],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=os.environ | {"TRAFFICDESK_HOME": str(tmp_path / "home")},
        )
        try:
            assert process.stdout
            assert process.stdout.readline().startswith("Monitoring v0")
            wire.send(*[UDP_TICK] * 100)
            until_recorded(100, tmp_path / "home")
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=240)
        finally:
            process.kill()
            process.wait()
    assert (process.returncode, err) == (0, "")
    assert json.loads(summary.read_text(encoding="utf-8"))["packets"] == 100
    kinds = [json.loads(line)["kind"] for line in lines.read_text(encoding="ascii").splitlines()]
    assert kinds == ["start", "stop"]
