"""A program that spools at full speed is killed at any moment: what is on disk is whole, and at most a second is missing."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.namespaces import cable, needs_namespaces
from tests.helpers.wire import UDP_TICK
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.capture.pcap_writer import write_pcapng
from trafficdesk.capture.source import Frame
from trafficdesk.capture.spool.folder import abandoned_captures, spool_dir
from trafficdesk.capture.spool.spooled_capture import SpooledCapture

if TYPE_CHECKING:
    from trafficdesk.capture.spool.folder import Abandoned

ROUNDS = 20
RATE = 50_000
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX's kill")


def spool_and_kill(root: Path, after_s: float) -> tuple[int, int]:
    """Frames given to the spool a second before the kill (more on a busy machine), and in all."""
    command = [sys.executable, "-m", "tests.helpers.spooler", str(root), str(RATE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline()]
            time.sleep(after_s)
        finally:
            allowed_s = 1 + waited_s(process.pid)
            process.send_signal(signal.SIGKILL)
            killed_at = time.monotonic()
            rest, said = process.communicate(timeout=240)
    assert said == ""
    lines += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    given = [(int(total), float(at)) for total, at, dropped in map(str.split, lines) if dropped == "0"]
    assert len(given) == len(lines), "the disk kept up"
    return max([0, *(total for total, at in given if at <= killed_at - allowed_s)]), given[-1][0]


def waited_s(pid: int) -> float:
    """How long its threads wanted a processor that others had, all together; 0 where the kernel does not tell."""
    told = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(waited) for _, waited, _ in told) / 1e9


def tshark_count(path: Path) -> int:
    command = ["tshark", "-r", path, "-T", "fields", "-e", "frame.number"]
    return len(subprocess.run(command, check=True, capture_output=True).stdout.splitlines())


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """Twenty times: every file is valid to us and to Wireshark, and only the last second may be missing."""
    moments = random.Random(7)
    for number in range(ROUNDS):
        root = tmp_path / f"spool{number}"
        a_second_ago, given = spool_and_kill(root, moments.uniform(0.2, 2.0))
        visible = [path for path in root.rglob("*.pcapng") if not path.name.startswith(".")]
        for path in visible:
            with CaptureFile(path) as file:
                assert sum(map(len, file.blocks())) == int(path.stem.rsplit("-", 1)[1])
        if shutil.which("capinfos") and visible:
            subprocess.run(["capinfos", "-c", *visible], check=True, stdout=subprocess.DEVNULL)
        abandoned = abandoned_captures(root)
        frames = sum(capture.frames for capture in abandoned)
        assert a_second_ago <= frames <= given + RATE // 100
        assert [capture.title for capture in abandoned] == (["test0"] if frames else [])
        if number % 5 == 0 and shutil.which("tshark"):
            pieces = [piece for capture in abandoned for piece in capture.pieces]
            assert sum(tshark_count(piece.path) for piece in pieces) == frames
        shutil.rmtree(root, ignore_errors=True)


@pytest.mark.root
@needs_namespaces
@pytest.mark.skipif(shutil.which("tcpreplay") is None, reason="needs tcpreplay")
def test_a_live_capture_is_killed(tmp_path: Path) -> None:
    """`monitor` on a cable with 50,000 packets/s: the newest frame on disk is at most a second older than the kill."""
    source = tmp_path / "source.pcapng"
    with source.open("wb") as stream:
        write_pcapng(stream, [Frame(UDP_TICK + bytes(450), number, 500, 1) for number in range(1_000)])
    root = spool_dir()
    with cable() as wire:
        replay = ["tcpreplay", "-q", "-K", "-i", "v0", "--loop", "0", "--pps", str(RATE), str(source)]
        sender = subprocess.Popen(
            ["ip", "netns", "exec", wire.far, *replay], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            for after_s in (1.3, 2.1, 2.9):
                killed_ns, allowed_s = monitor_and_kill(wire.near, after_s)
                (abandoned, *_) = abandoned_captures(root)
                assert abandoned.title == "v0"
                assert killed_ns - newest_frame(abandoned) < allowed_s * 1e9
                shutil.rmtree(abandoned.folder)
        finally:
            sender.kill()
            sender.wait()


def monitor_and_kill(namespace: str, after_s: float) -> tuple[int, float]:
    """When it was killed, nanoseconds since the epoch, and the seconds that may be missing."""
    command = [
        "ip",
        "netns",
        "exec",
        namespace,
        sys.executable,
        "-m",
        "trafficdesk",
        "monitor",
        "--interface",
        "v0",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Monitoring v0")
            time.sleep(after_s)
        finally:
            allowed_s = 1 + waited_s(process.pid)
            process.send_signal(signal.SIGKILL)
            killed_ns = time.time_ns()
            process.communicate(timeout=240)
    return killed_ns, allowed_s


def newest_frame(abandoned: Abandoned) -> int:
    """Time of the last frame, all pieces read strictly, nanoseconds since the epoch."""
    capture, newest, frames = SpooledCapture(abandoned.pieces), 0, 0
    for block in capture.blocks():
        newest, frames = max(newest, int(block.timestamps_ns[-1])), frames + len(block)
    capture.close()
    assert frames == abandoned.frames
    return newest
