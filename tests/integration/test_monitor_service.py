"""`monitor` as a service: read again on SIGHUP, moved files, a terminal that is closed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.helpers.monitoring import monitoring, until_recorded
from tests.helpers.namespaces import cable, needs_namespaces
from tests.helpers.wire import TCP_SYN, UDP_TICK
from trafficdesk.logs import log_path
from trafficdesk.paths import data_dir
from trafficdesk.settings import CaptureSettings, DetectionSettings, HistorySettings, Settings
from trafficdesk.settings.file import save

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.root, needs_namespaces]


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_hang_up_changes_filter_and_budget_and_begins_the_files_anew(tmp_path: Path) -> None:
    """The packets after it are those of the new filter, the lines and the log go on under their names."""
    path, summary = tmp_path / "x.jsonl", tmp_path / "summary.json"
    with cable() as wire, monitoring(wire, "--jsonl", path, "--json", summary) as process:
        assert process.stdout
        wire.send(*[UDP_TICK] * 10, *[TCP_SYN] * 10)
        until_recorded(20)
        path.rename(tmp_path / "moved.jsonl")
        log_path().rename(tmp_path / "moved.log")
        save(
            Settings(
                capture=CaptureSettings(capture_filter="tcp"),
                detection=DetectionSettings(incidents_per_day=5),
                history=HistorySettings(days=90),
            )
        )
        process.send_signal(signal.SIGHUP)
        said = process.stdout.readline()
        assert "alert budget 10 → 5" in said
        assert "keep for 400 → 90" in said
        assert "capture filter “” → “tcp”" in said
        wire.send(*[UDP_TICK] * 10, *[TCP_SYN] * 10)
        until_recorded(30)
        # An interface that comes back has the filter of that time.
        wire.ip("link", "del", "v0")
        assert "v0 was removed" in process.stdout.readline()
        wire.ip("link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns", wire.far)
        wire.ip("link", "set", "v0", "up")
        wire.ip("link", "set", "v0", "up", far=True)
        assert "capturing on v0 again" in process.stdout.readline()
        wire.send(*[UDP_TICK] * 10, *[TCP_SYN] * 10)
        until_recorded(40)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=240)
    assert (process.returncode, err) == (0, "")
    assert json.loads(summary.read_text(encoding="utf-8"))["packets"] == 20 + 10 + 10
    assert [line["kind"] for line in lines_of(tmp_path / "moved.jsonl")] == ["start"]
    assert [line["kind"] for line in lines_of(path)] == ["reload", "gap", "gap", "stop"]
    with contextlib.closing(sqlite3.connect(data_dir() / "history.db")) as history:
        ((recorded,),) = history.execute("SELECT SUM(packets) FROM volume_minute")
    assert recorded == 20 + 10 + 10
    assert "read again" in log_path().read_text(encoding="utf-8")


def test_a_terminal_that_is_closed_ends_it_with_its_summary(tmp_path: Path) -> None:
    """Nobody looks on any more: no process is left behind, and what was seen is written."""
    summary = tmp_path / "summary.json"
    ours, theirs = os.openpty()
    with cable() as wire:
        command = [
            sys.executable,
            "-m",
            "trafficdesk",
            "monitor",
            "--interface",
            "v0",
            "--json",
            str(summary),
        ]
        process = subprocess.Popen(
            ["ip", "netns", "exec", wire.near, *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        try:
            os.close(theirs)
            shown = b""
            while b"Monitoring v0" not in shown:
                shown += os.read(ours, 10_000)
            wire.send(*[UDP_TICK] * 10)
            while b"10 packets, " not in shown:
                shown += os.read(ours, 10_000)
            os.close(ours)
            process.send_signal(signal.SIGHUP)
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()
    assert json.loads(summary.read_text(encoding="utf-8"))["packets"] == 10
