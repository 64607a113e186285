"""The pump: numbering, credits, bounded waiting, counted losses, faults after what came before."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.helpers.capture_bytes import pcap
from tests.helpers.wire import ARP_REPLY, HTTP_GET, TCP_SYN, block_of
from trafficdesk.capture import live_reader, pump
from trafficdesk.capture.frame_store import RecentFrames
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.capture.pump import CapturePump, CreditGate
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.errors import BadCaptureFile, CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.block import FrameBlock


class Scripted:
    """A live source that delivers given blocks, then `then` happens."""

    name = "script0"
    interfaces = ("script0",)

    def __init__(self, *blocks: FrameBlock, then: Callable[[], None]) -> None:
        self._blocks = list(blocks)
        self._then = then
        self._received = 0

    def read(self, _timeout_s: float) -> FrameBlock | None:
        if not self._blocks:
            self._then()
            return None
        block = self._blocks.pop(0)
        self._received += len(block)
        return block

    def statistics(self) -> CaptureStatistics:
        return CaptureStatistics(received=self._received, dropped_kernel=5)

    def close(self) -> None:
        """Nothing to close."""


class Receiver:
    """Collects batches; gives credits back at once unless told not to."""

    def __init__(self, credit: int = 4, *, release: bool = True) -> None:
        self.gate, self.stop = CreditGate(credit), threading.Event()
        self.batches: list[PacketBatch] = []
        self._release = release
        self.pump = CapturePump(gate=self.gate, stop=self.stop, emit=self.take)

    def take(self, batch: PacketBatch) -> None:
        self.batches.append(batch)
        if self._release:
            self.gate.release()

    @property
    def ids(self) -> list[int]:
        return [int(number) for batch in self.batches for number in batch.ids]

    @property
    def lengths(self) -> list[int]:
        return [int(length) for batch in self.batches for length in batch["length"]]


def test_a_file_is_emitted_whole_and_counted(tmp_path: Path) -> None:
    """All packets in order, numbered from 0."""
    (tmp_path / "x").write_bytes(pcap(TCP_SYN, HTTP_GET, ARP_REPLY))
    to = Receiver()
    with CaptureFile(tmp_path / "x") as file:
        to.pump.run_file(file)
    assert to.ids == [0, 1, 2]
    assert to.pump.statistics == CaptureStatistics(received=3)
    assert to.pump.read_s > 0 < to.pump.decode_s


def test_a_broken_file_fails_after_what_precedes(tmp_path: Path) -> None:
    """The packets before the fault are emitted, then it is raised."""
    (tmp_path / "x").write_bytes(pcap(TCP_SYN, HTTP_GET)[:-1])
    to = Receiver()
    with CaptureFile(tmp_path / "x") as file, pytest.raises(BadCaptureFile):
        to.pump.run_file(file)
    assert to.ids == [0]


def test_a_file_waits_for_credits_and_for_nothing_after_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a credit nothing is emitted, and a stop is seen while waiting."""
    monkeypatch.setattr(CaptureFile.blocks, "__defaults__", (1,))
    (tmp_path / "x").write_bytes(pcap(TCP_SYN, HTTP_GET, ARP_REPLY))
    to = Receiver(2, release=False)
    threading.Timer(0.2, to.stop.set).start()
    with CaptureFile(tmp_path / "x") as file:
        to.pump.run_file(file)
    assert to.ids == [0, 1]


def test_live_frames_are_numbered_joined_and_kept() -> None:
    """Blocks that arrive together become one batch; each frame is found again under its number."""
    to, recent = Receiver(0), RecentFrames(1 << 20)

    def both_are_there() -> None:
        to.gate.release()
        to.stop.set()

    source = Scripted(block_of(TCP_SYN, HTTP_GET), block_of(ARP_REPLY), then=both_are_there)
    to.pump.run_live(source, recent)
    assert [len(batch) for batch in to.batches] == [3]
    assert to.lengths == [len(TCP_SYN), len(HTTP_GET), len(ARP_REPLY)]
    assert [frame.data for number in to.ids if (frame := recent.frame(number))] == [
        TCP_SYN,
        HTTP_GET,
        ARP_REPLY,
    ]
    assert to.pump.statistics == CaptureStatistics(received=3, dropped_kernel=5)


def test_large_blocks_are_parted_and_batches_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No batch is longer than the bound, whatever the source delivers at once."""
    monkeypatch.setattr(pump, "_BATCH_FRAMES", 4)
    to = Receiver(100)
    sizes = (3, 3, 9, 1)
    source = Scripted(*[block_of(*[TCP_SYN] * size) for size in sizes], then=to.stop.set)
    to.pump.run_live(source, RecentFrames(1 << 20))
    assert to.ids == list(range(16))
    assert max(map(len, to.batches)) <= 4


def test_without_credits_frames_wait_then_are_counted_as_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The buffer is bounded; what does not fit is dropped, counted, and takes no number."""
    monkeypatch.setattr(pump, "_FLUSH_S", 0.05)
    frame = bytes(1_000)
    monkeypatch.setattr(live_reader, "WAITING_BYTES", 3 * (len(frame) + 16))
    to, recent = Receiver(1, release=False), RecentFrames(1 << 20)
    source = Scripted(*[block_of(frame) for _ in range(10)], then=to.stop.set)
    to.pump.run_live(source, recent)
    statistics = to.pump.statistics
    assert statistics.received == 10
    assert statistics.dropped_queue == 10 - len(to.ids)
    assert 1 <= len(to.ids) <= 3
    assert to.ids == list(range(len(to.ids)))


def test_waiting_frames_are_emitted_when_credits_come_back() -> None:
    """A receiver that pauses loses nothing."""
    to, done = Receiver(1, release=False), threading.Event()
    blocks = [block_of(TCP_SYN) for _ in range(5)]
    source = Scripted(*blocks, then=lambda: time.sleep(0.01))
    thread = threading.Thread(target=lambda: (to.pump.run_live(source, RecentFrames(1 << 20)), done.set()))
    thread.start()
    deadline = time.monotonic() + 60
    while len(to.ids) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
        to.gate.release()
    to.stop.set()
    thread.join(60)
    assert done.is_set()
    assert to.ids == list(range(5))
    assert to.pump.statistics.dropped_queue == 0


def test_a_vanished_interface_is_raised_after_what_came_before() -> None:
    """The frames read before the fault are emitted first."""

    def vanish() -> None:
        raise CaptureError("gone")

    to = Receiver()
    with pytest.raises(CaptureError, match="gone"):
        to.pump.run_live(Scripted(block_of(TCP_SYN), block_of(HTTP_GET), then=vanish), RecentFrames(1 << 20))
    assert to.ids == [0, 1]


def test_batches_come_at_most_twenty_a_second() -> None:
    """Frames that trickle in are collected for a while."""
    to = Receiver()
    blocks = [block_of(TCP_SYN) for _ in range(60)]
    times: list[float] = []
    taken = to.take

    def trickle() -> None:
        to.stop.set()

    class Slow(Scripted):
        def read(self, timeout_s: float) -> FrameBlock | None:
            time.sleep(0.003)
            return super().read(timeout_s)

    to.pump = CapturePump(
        gate=to.gate, stop=to.stop, emit=lambda batch: (times.append(time.monotonic()), taken(batch))[0]
    )
    to.pump.run_live(Slow(*blocks, then=trickle), RecentFrames(1 << 20))
    assert to.ids == list(range(60))
    gaps = [later - earlier for earlier, later in pairwise(times[:-1])]
    assert all(gap >= 0.045 for gap in gaps)


def test_credits_are_counted() -> None:
    """As many as given, until given back."""
    gate = CreditGate(2)
    assert gate.acquire(0)
    assert gate.acquire(0)
    assert not gate.acquire(0.01)
    gate.release()
    assert gate.acquire(-1)


def test_what_a_source_tells_only_at_its_end_is_counted() -> None:
    """dumpcap says after it was told to end what the kernel dropped."""
    receiver = Receiver()

    class Talkative(Scripted):
        ended = False

        def statistics(self) -> CaptureStatistics:
            return CaptureStatistics(received=self._received, dropped_kernel=17 if self.ended else 0)

        def close(self) -> None:
            self.ended = True

    receiver.pump.run_live(Talkative(then=receiver.stop.set), RecentFrames(1 << 20))
    assert receiver.pump.statistics.dropped_kernel == 17
