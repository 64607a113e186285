"""`CapturePump`: from a source of frames to decoded batches, no faster than they are taken.

The loop belongs to no thread in particular: the window runs it in a QThread, the terminal in a plain one. Nothing
queues without bound: each batch costs a credit that the receiver gives back, and live frames that find no credit wait
in a bounded buffer, beyond which they are counted as dropped.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.decode import decode
from trafficdesk.errors import CaptureError
from trafficdesk.packets.block import FrameBlock

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.capture.frame_store import RecentFrames
    from trafficdesk.capture.pcap_file import CaptureFile
    from trafficdesk.capture.source import LiveSource
    from trafficdesk.packets.batch import PacketBatch

_POLL_S: Final = 0.1
"""How long a request to stop may go unseen."""
_EMIT_S: Final = 0.05
"""At most 20 batches/s: more would only cost the receiver time, and a person sees no difference."""
_BATCH_FRAMES: Final = 32_768
"""Frames decoded at once live: some 50 ms, during which the ring must hold what arrives."""
_WAITING_BYTES: Final = 256 << 20
"""Live frames that may wait for credits."""
_FLUSH_S: Final = 1.0
"""How long the last frames may wait for credits after the end."""
_READS_AT_ONCE: Final = 8
"""Readings of the ring, some 8 MiB each, before frames are decoded again."""


class CreditGate:
    """How many batches may be on their way to the receiver."""

    def __init__(self, credits: int) -> None:  # noqa: A002  # the field's word
        self._credits = threading.Semaphore(credits)

    def acquire(self, timeout: float) -> bool:
        """Take one credit, waiting up to `timeout` seconds; False if there was none."""
        return self._credits.acquire(timeout=max(0.0, timeout))

    def release(self) -> None:
        """Give one back: a batch has been taken in."""
        self._credits.release()


class CapturePump:
    """Reads, numbers, decodes and emits until the end, a fault, or `stop`.

    Parameters
    ----------
    gate : the receiver's credits; it releases one for each batch it has taken in.
    stop : set from any thread to end the run.
    emit : receives the batches, in the pump's thread.
    """

    def __init__(
        self, *, gate: CreditGate, stop: threading.Event, emit: Callable[[PacketBatch], None]
    ) -> None:
        self._gate = gate
        self._stop = stop
        self._emit = emit
        self._statistics = CaptureStatistics()
        self._dropped = 0
        self._waiting: deque[FrameBlock] = deque()
        self._waiting_bytes = 0
        self._next_id = 0
        self.read_s = 0.0
        """Seconds spent reading frames; live without the time spent waiting for them."""
        self.decode_s = 0.0
        """Seconds spent decoding them."""

    @property
    def statistics(self) -> CaptureStatistics:
        """What was received and lost so far."""
        return self._statistics

    def run_file(self, file: CaptureFile) -> None:
        """Emit all of `file`; returns at its end or after `stop`.

        Raises
        ------
        BadCaptureFile
            After the batches before a fault.
        """
        blocks = file.blocks()
        while not self._stop.is_set():
            started = time.perf_counter()
            block = next(blocks, None)
            self.read_s += time.perf_counter() - started
            if block is None:
                return
            batch = self._decode(block)
            self._next_id += len(batch)
            self._statistics = CaptureStatistics(received=self._next_id)
            while not self._gate.acquire(_POLL_S):
                if self._stop.is_set():
                    return
            self._emit(batch)

    def run_live(self, source: LiveSource, frames: RecentFrames) -> None:
        """Emit what `source` delivers until `stop`; raw frames go into `frames`.

        Raises
        ------
        CaptureError
            If the interface has gone; what came before has been emitted.
        """
        fault: CaptureError | None = None
        emitted_at = -_EMIT_S
        while fault is None and not self._stop.is_set():
            idle = 0.0 if self._waiting else _POLL_S
            fault = self._drain(source, frames, idle)
            if not self._waiting:
                continue
            pause = emitted_at + _EMIT_S - time.monotonic()
            if pause > 0 and len(self._waiting[0]) < _BATCH_FRAMES:
                self._stop.wait(pause)
                continue
            if self._gate.acquire(0.0):
                emitted_at = time.monotonic()
                self._emit(self._decode(self._take()))
            else:
                self._stop.wait(_EMIT_S / 10)
        if fault is None:
            fault = self._drain(source, frames, 0.0)
        self._flush()
        self._count(source)
        if fault is not None:
            raise fault

    def _drain(self, source: LiveSource, frames: RecentFrames, timeout_s: float) -> CaptureError | None:
        """Take what is ready, until nothing is or there is enough to decode; returns the fault that ended it."""
        started = time.thread_time()
        try:
            for _ in range(_READS_AT_ONCE):
                block = source.read(timeout_s)
                if block is None:
                    break
                timeout_s = 0.0
                self._accept(block, frames)
        except CaptureError as error:
            return error
        finally:
            self.read_s += time.thread_time() - started
            self._count(source)
        return None

    def _accept(self, block: FrameBlock, frames: RecentFrames) -> None:
        if self._waiting_bytes + block.data.nbytes > _WAITING_BYTES:
            self._dropped += len(block)
            return
        numbered = _numbered(block, self._next_id)
        self._next_id += len(numbered)
        frames.add(numbered)
        for start in range(0, len(numbered), _BATCH_FRAMES):
            self._waiting.append(_part(numbered, start, min(len(numbered), start + _BATCH_FRAMES)))
        self._waiting_bytes += block.data.nbytes

    def _take(self) -> FrameBlock:
        """The oldest waiting frames, joined up to a batch."""
        taken = [self._waiting.popleft()]
        count = len(taken[0])
        while self._waiting and count + len(self._waiting[0]) <= _BATCH_FRAMES:
            taken.append(self._waiting.popleft())
            count += len(taken[-1])
        # Parts of one block share its buffer, which counts once.
        self._waiting_bytes = sum({id(block.data): block.data.nbytes for block in self._waiting}.values())
        return _joined(taken)

    def _flush(self) -> None:
        deadline = time.monotonic() + _FLUSH_S
        while self._waiting and self._gate.acquire(deadline - time.monotonic()):
            self._emit(self._decode(self._take()))
        self._dropped += sum(len(block) for block in self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0

    def _decode(self, block: FrameBlock) -> PacketBatch:
        started = time.perf_counter()
        batch = decode(block)
        self.decode_s += time.perf_counter() - started
        return batch

    def _count(self, source: LiveSource) -> None:
        from_source = source.statistics()
        self._statistics = CaptureStatistics(from_source.received, from_source.dropped_kernel, self._dropped)


def _numbered(block: FrameBlock, first_id: int) -> FrameBlock:
    return FrameBlock(
        block.data,
        block.offsets,
        block.captured_lengths,
        block.wire_lengths,
        block.timestamps_ns,
        block.link_types,
        first_id,
    )


def _part(block: FrameBlock, start: int, stop: int) -> FrameBlock:
    if start == 0 and stop == len(block):
        return block
    rows = slice(start, stop)
    return FrameBlock(
        block.data,
        block.offsets[rows],
        block.captured_lengths[rows],
        block.wire_lengths[rows],
        block.timestamps_ns[rows],
        block.link_types[rows],
        block.first_id + start,
    )


def _joined(blocks: list[FrameBlock]) -> FrameBlock:
    """Consecutive blocks as one, their buffers copied end to end."""
    if len(blocks) == 1:
        return blocks[0]
    starts = np.cumsum([0, *(len(block.data) for block in blocks[:-1])])
    return FrameBlock(
        np.concatenate([block.data for block in blocks]),
        np.concatenate([block.offsets + start for block, start in zip(blocks, starts, strict=True)]),
        np.concatenate([block.captured_lengths for block in blocks]),
        np.concatenate([block.wire_lengths for block in blocks]),
        np.concatenate([block.timestamps_ns for block in blocks]),
        np.concatenate([block.link_types for block in blocks]),
        blocks[0].first_id,
    )
