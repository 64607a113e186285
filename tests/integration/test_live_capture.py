"""Live capture from the cable to decoded batches: a burst, a vanishing interface, no permission."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from tests.helpers.namespaces import WITHOUT_CAPABILITIES, cable, inside, needs_namespaces
from tests.helpers.wire import ARP_REQUEST, HTTP_GET, TCP_SYN, UDP_6
from trafficdesk.capture.frame_store import RecentFrames
from trafficdesk.capture.live import open_live
from trafficdesk.capture.pump import CapturePump, CreditGate
from trafficdesk.errors import CaptureError
from trafficdesk.packets.batch import PacketBatch  # noqa: TC001  # names the list below
from trafficdesk.packets.protocol import Protocol
from trafficdesk.settings.declared import CaptureSettings

pytestmark = [pytest.mark.root, needs_namespaces]


class Capture:
    """A capture in a thread of its own, as the window and the terminal run it."""

    def __init__(self, namespace: str, settings: CaptureSettings) -> None:
        with inside(namespace):
            self.source = open_live("v0", settings)
        self.frames = RecentFrames(64 << 20)
        self.batches: list[PacketBatch] = []
        self.error: CaptureError | None = None
        self.stop = threading.Event()
        self.gate = CreditGate(8)
        self.pump = CapturePump(gate=self.gate, stop=self.stop, emit=self._take)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def rows(self) -> int:
        return sum(map(len, self.batches))

    def wait(self, rows: int) -> None:
        deadline = time.monotonic() + 60
        while self.rows < rows and time.monotonic() < deadline:
            time.sleep(0.02)

    def end(self) -> None:
        self.stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        self.source.close()

    def _take(self, batch: PacketBatch) -> None:
        self.batches.append(batch)
        self.gate.release()

    def _run(self) -> None:
        try:
            self.pump.run_live(self.source, self.frames)
        except CaptureError as error:
            self.error = error


def test_a_burst_arrives_whole_and_decoded() -> None:
    """Every frame sent is a row, in order, nothing dropped, and its bytes are kept under its number."""
    sent = [TCP_SYN, HTTP_GET, UDP_6, ARP_REQUEST] * 5_000
    with cable() as wire:
        capture = Capture(wire.near, CaptureSettings(ring_mib=32))
        wire.send(*sent)
        capture.wait(len(sent))
        capture.end()
    statistics = capture.pump.statistics
    assert (statistics.received, statistics.dropped_kernel, statistics.dropped_queue) == (len(sent), 0, 0)
    assert [int(number) for batch in capture.batches for number in batch.ids] == list(range(len(sent)))
    lengths = [int(length) for batch in capture.batches for length in batch["length"]]
    assert lengths == list(map(len, sent))
    assert capture.batches[0]["protocol"][:4].tolist()[1::2] == [Protocol.HTTP, Protocol.ARP]
    frame = capture.frames.frame(len(sent) - 2)
    assert frame is not None
    assert frame.data == UDP_6


def test_a_vanished_interface_ends_the_run_with_a_sentence() -> None:
    """The rows from before are there, and the error says what happened and what to do."""
    with cable() as wire:
        capture = Capture(wire.near, CaptureSettings(ring_mib=4))
        wire.send(TCP_SYN)
        capture.wait(1)
        wire.ip("link", "del", "v0")
        deadline = time.monotonic() + 60
        while capture.error is None and time.monotonic() < deadline:
            time.sleep(0.02)
        capture.end()
    assert capture.rows == 1
    assert capture.error is not None
    assert "v0 has gone" in capture.error.title
    assert capture.error.hint


def test_without_permission_nothing_opens_and_the_remedy_is_named() -> None:
    """Somebody without capabilities is told why and the exact command; checking a filter still works."""
    program = (
        "from trafficdesk.capture.bpf import check_filter\n"
        "from trafficdesk.capture.interfaces import list_interfaces\n"
        "from trafficdesk.capture.live import open_live\n"
        "from trafficdesk.capture.permission import explain\n"
        "from trafficdesk.errors import PermissionDenied\n"
        "from trafficdesk.settings.declared import CaptureSettings\n"
        + WITHOUT_CAPABILITIES
        + "try:\n    open_live('lo', CaptureSettings(capture_filter='tcp'))\n"
        "except PermissionDenied as error:\n    print(error.title, '|', explain().command in error.hint)\n"
        "print(any(info.permitted for info in list_interfaces()), check_filter('tcp'))\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    title, permitted = answer.stdout.splitlines()
    assert title.startswith("This program may not read network traffic")
    assert title.endswith("| True")
    assert permitted == "False None"
