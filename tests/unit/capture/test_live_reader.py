"""The reader's thread: everything read is numbered and kept; what nobody takes is bounded and counted."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.helpers.wire import HTTP_GET, TCP_SYN, UDP_TICK, block_of
from tests.unit.capture.test_pump import Scripted
from trafficdesk.capture import live_reader
from trafficdesk.capture.frame_store import RecentFrames
from trafficdesk.capture.live_reader import LiveReader
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.errors import CaptureError

if TYPE_CHECKING:
    from trafficdesk.packets.block import FrameBlock


def vanish() -> None:
    raise CaptureError("gone")


def run(*blocks: object, kept: int = 1 << 20) -> tuple[LiveReader, RecentFrames, CaptureError | None]:
    """Read all of `blocks`, after which the interface vanishes."""
    frames = RecentFrames(kept)
    reader = LiveReader(Scripted(*blocks, then=vanish), frames)  # type: ignore[arg-type]
    reader.start()
    while not reader.ended:
        reader.wait(0.05)
        time.sleep(0.01)
    return reader, frames, reader.join()


def test_blocks_are_numbered_kept_and_handed_on_in_order() -> None:
    """Whole blocks as far as the bound allows, else the first part of one."""
    reader, frames, fault = run(block_of(TCP_SYN, HTTP_GET), block_of(UDP_TICK), block_of(*[TCP_SYN] * 5))
    assert fault is not None
    assert reader.waiting_frames == 8
    taken = [reader.take(4), reader.take(2), reader.take(100), reader.take(1)]
    assert [[(block.first_id, len(block)) for block in blocks] for blocks in taken] == [
        [(0, 2), (2, 1)],
        [(3, 2)],
        [(5, 3)],
        [],
    ]
    assert taken[0][0].frame(1) == HTTP_GET
    assert frames.frame(2).data == UDP_TICK  # type: ignore[union-attr]


def test_beyond_the_bound_frames_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take no number; those that wait at the end can be given up, and count, too."""
    one = block_of(bytes(1_000))
    monkeypatch.setattr(live_reader, "WAITING_BYTES", 2 * one.data.nbytes)
    reader, frames, _ = run(*[one] * 5)
    assert reader.statistics == CaptureStatistics(received=5, dropped_kernel=5, dropped_queue=3)
    assert [frames.frame(number) is not None for number in range(3)] == [True, True, False]
    assert len(reader.take(1)) == 1
    reader.drop_waiting()
    assert reader.statistics.dropped_queue == 4
    assert reader.waiting_frames == 0


def test_taking_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that keeps up loses nothing, however much passes."""
    one = block_of(bytes(1_000))
    monkeypatch.setattr(live_reader, "WAITING_BYTES", one.data.nbytes)
    taken, more = [], threading.Semaphore(1)

    class Polite(Scripted):
        def read(self, timeout_s: float) -> object:  # type: ignore[override]
            if not more.acquire(timeout=timeout_s):
                return None
            return super().read(timeout_s)

    reader = LiveReader(Polite(*[one] * 20, then=vanish), RecentFrames(1 << 20))  # type: ignore[arg-type]
    reader.start()
    while not reader.ended:
        reader.wait(0.5)
        if blocks := reader.take(10):
            taken += blocks
            more.release()
        elif len(taken) == 20:
            more.release()
    reader.join()
    assert [block.first_id for block in taken] == list(range(20))
    assert reader.statistics.dropped_queue == 0


def test_stopping_is_no_fault() -> None:
    """`join` ends a reader that would read for ever, and what had arrived still counts."""
    reader = LiveReader(Scripted(block_of(TCP_SYN), then=lambda: time.sleep(0.01)), RecentFrames(1 << 20))
    reader.start()
    reader.stop()
    assert reader.join() is None
    assert reader.ended
    assert reader.waiting_frames == 1


def test_our_own_mistake_is_not_hidden() -> None:
    """An exception that is no capture error comes out of `join`."""

    def mistake() -> None:
        raise ZeroDivisionError

    reader = LiveReader(Scripted(then=mistake), RecentFrames(1 << 20))
    reader.start()
    with pytest.raises(ZeroDivisionError):
        reader.join()


def test_a_reader_that_finds_much_at_once_needs_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is behind and what it read can be kept, decoding stands back; when it has ended or much waits, not."""
    one = block_of(bytes(1_000))
    size = one.data.nbytes
    monkeypatch.setattr(live_reader, "_BEHIND_BYTES", size)
    monkeypatch.setattr(live_reader, "_HOLD_BYTES", 3 * size)
    asked: list[bool] = []

    class Watched(Scripted):
        def read(self, timeout_s: float) -> FrameBlock | None:
            asked.append(reader.needs_way)
            return super().read(timeout_s)

    reader = LiveReader(Watched(*[one] * 4, then=vanish), RecentFrames(1 << 20))
    reader.start()
    while not reader.ended:
        time.sleep(0.01)
    reader.join()
    # Before the first reading nothing is known; after the third three wait, which is enough.
    assert asked == [False, True, True, False, False]
    assert not reader.needs_way
