"""`monitor` on a real cable: what is sent is seen, and every way to end it is clean."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.helpers.monitoring import monitoring, until_recorded
from tests.helpers.namespaces import cable, inside, needs_namespaces
from tests.helpers.wire import UDP_TICK

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.root, needs_namespaces]

FRAMES = 500


def seen(path: Path) -> int:
    return json.loads(path.read_text(encoding="utf-8"))["packets"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_signals_end_it_with_a_summary(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Every frame sent before the signal is counted, analysed or said to be not, and nothing is dropped."""
    path = tmp_path / "summary.json"
    with cable() as wire, monitoring(wire, "--json", path) as process:
        wire.send(*[UDP_TICK] * FRAMES)
        until_recorded(FRAMES)
        process.send_signal(number)
        out, err = process.communicate(timeout=240)
    assert (process.returncode, err) == (code, "")
    assert f"{FRAMES:,} packets" in out
    summary = json.loads(path.read_text(encoding="utf-8"))
    assert summary["packets"] == FRAMES
    assert summary["scored"] + summary["unscored"] == FRAMES
    assert summary["dropped"] == {"kernel": 0, "queue": 0, "disk": 0}


def test_count_ends_it(tmp_path: Path) -> None:
    """`--count` is exact on a live interface, too, and everything is analysed."""
    path = tmp_path / "summary.json"
    with cable() as wire, monitoring(wire, "--count", 100, "--json", path) as process:
        wire.send(*[UDP_TICK] * FRAMES)
        process.communicate(timeout=240)
    assert process.returncode == 0
    summary = json.loads(path.read_text(encoding="utf-8"))
    assert (summary["packets"], summary["unscored"]) == (100, 0)


def test_capture_filter_is_obeyed(tmp_path: Path) -> None:
    """The kernel lets through what the filter says."""
    path = tmp_path / "summary.json"
    with (
        cable() as wire,
        monitoring(wire, "--duration", 2, "--capture-filter", "tcp", "--json", path) as process,
    ):
        wire.send(*[UDP_TICK] * FRAMES)
        process.communicate(timeout=240)
    assert seen(path) == 0


def test_a_removed_interface_is_waited_for(tmp_path: Path) -> None:
    """It says so, goes on when the interface is back, and nothing from before or after is missing."""
    path = tmp_path / "summary.json"
    with cable() as wire, monitoring(wire, "--count", 2 * FRAMES, "--json", path) as process:
        assert process.stdout
        wire.send(*[UDP_TICK] * FRAMES)
        until_recorded(FRAMES)
        wire.ip("link", "del", "v0")
        assert "v0 was removed" in process.stdout.readline()
        wire.ip("link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns", wire.far)
        wire.ip("link", "set", "v0", "up")
        wire.ip("link", "set", "v0", "up", far=True)
        assert "capturing on v0 again" in process.stdout.readline()
        wire.send(*[UDP_TICK] * FRAMES)
        out, err = process.communicate(timeout=240)
    assert (process.returncode, err) == (0, "")
    assert f"Ended: {2 * FRAMES:,} packets were captured." in out
    summary = json.loads(path.read_text(encoding="utf-8"))
    assert summary["packets"] == 2 * FRAMES
    assert [(gap["interface"], gap["reason"]) for gap in summary["gaps"]] == [("v0", "v0 was removed")]
    assert summary["incidents"] == []


def test_a_killed_analysis_begins_anew(tmp_path: Path) -> None:
    """Packets go on being captured, those that follow are scored by a new process, and every one is accounted for."""
    path = tmp_path / "summary.json"
    with cable() as wire, monitoring(wire, "--count", 3 * FRAMES, "--json", path) as process:
        wire.send(*[UDP_TICK] * FRAMES)
        until_recorded(FRAMES)
        first = analysis_of(process.pid)
        assert first is not None
        first.kill()  # nobody asks after it before there is something to analyse
        wire.send(*[UDP_TICK] * FRAMES)
        until = time.monotonic() + 60
        while analysis_of(process.pid) in {None, first} and time.monotonic() < until:
            time.sleep(0.1)
        # Ended by its count, it waits for its analysis longer than after a signal.
        wire.send(*[UDP_TICK] * FRAMES)
        out, err = process.communicate(timeout=240)
    assert (process.returncode, err) == (0, "")
    assert "It begins anew and learns again" in out
    summary = json.loads(path.read_text(encoding="utf-8"))
    assert summary["packets"] == 3 * FRAMES
    assert summary["scored"] + summary["unscored"] == 3 * FRAMES
    assert summary["scored"] >= FRAMES


def analysis_of(monitor: int) -> psutil.Process | None:
    """The monitor's analysis process while it lives; the others keep track of resources."""
    for child in psutil.Process(monitor).children():
        # One that was killed stays as a zombie until the monitor asks after it.
        with contextlib.suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(child.cmdline()):
                return child
    return None


def test_megabytes_over_two_interfaces_end_it(tmp_path: Path) -> None:
    """The frame that reaches the limit is the last, on whichever interface it comes."""
    path, frame = tmp_path / "summary.json", UDP_TICK.ljust(1_500, b"\0")
    with cable() as wire:
        for name in ("v0", "v1"):
            if name == "v1":
                wire.ip("link", "add", name, "type", "veth", "peer", "name", name, "netns", wire.far)
            wire.ip("link", "set", name, "up")
            wire.ip("link", "set", name, "up", far=True)
        with monitoring(wire, "--interface", "v1", "--megabytes", 1, "--json", path) as process:
            wire.send(*[frame] * 400)
            time.sleep(0.3)
            assert process.poll() is None
            with inside(wire.far), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
                sender.bind(("v1", 0))
                for _ in range(400):
                    sender.send(frame)
            out, err = process.communicate(timeout=240)
    assert (process.returncode, err) == (0, "")
    assert "Ended: 1 MB were captured." in out
    assert seen(path) == 667  # of 1,500 bytes each
