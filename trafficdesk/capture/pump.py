"""`CapturePump`: from a source of frames to decoded batches, no faster than they are taken.

The loop belongs to no thread in particular: the window runs it in a QThread, the terminal in a plain one. Nothing
queues without bound: each batch costs a credit that the receiver gives back, and live frames that find no credit wait
in a bounded buffer, beyond which they are counted as dropped.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.live_reader import LiveReader
from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.decode import Conversations, decode_named
from trafficdesk.errors import BadCaptureFile
from trafficdesk.packets.block import FrameBlock

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.capture.limits import StopLimits
    from trafficdesk.capture.pcap_file import CaptureFile
    from trafficdesk.capture.source import FrameSink, FrameStore, Gap, LiveSource
    from trafficdesk.capture.spool.spooled_capture import SpooledCapture
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.packets.batch import PacketBatch

_POLL_S: Final = 0.1
"""How long a request to stop may go unseen."""
_EMIT_S: Final = 0.05
"""At most 20 batches/s: more would only cost the receiver time, and a person sees no difference."""
_STAND_BACK_S: Final = 0.005
"""How long decoding stands back at once while the reader is behind: both need the interpreter."""
_BATCH_FRAMES: Final = 32_768
"""Frames decoded at once live."""
_FLUSH_S: Final = 1.0
"""How long the last frames may wait for credits after the end."""


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
    warn : told what goes wrong without ending the capture, from any thread; None = nobody is.
    """

    def __init__(
        self,
        *,
        gate: CreditGate,
        stop: threading.Event,
        emit: Callable[[PacketBatch], None],
        warn: Callable[[TrafficDeskError], None] | None = None,
    ) -> None:
        self._gate = gate
        self._stop = stop
        self._emit = emit
        self._warn = warn
        self._statistics = CaptureStatistics()
        self._reader: LiveReader | None = None
        self._conversations = Conversations()
        self.frames: FrameStore | None = None
        """Where the bytes of what was emitted are kept, for whoever asks; None = nowhere."""
        self.read_s = 0.0
        """Seconds spent reading frames; live without the time spent waiting for them."""
        self.decode_s = 0.0
        """Seconds spent decoding them."""

    @property
    def statistics(self) -> CaptureStatistics:
        """What was received and lost so far."""
        return self._statistics

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Spans in which an interface could not be captured on; those before a batch are here before it."""
        return self._reader.gaps if self._reader else ()

    @property
    def waiting_for(self) -> str:
        """Which interfaces are waited for, and why; empty = none."""
        return self._reader.waiting_for if self._reader else ""

    @property
    def stop_reason(self) -> str:
        """The limit that ended the capture, as a sentence; empty = none."""
        return self._reader.stop_reason if self._reader else ""

    def warn(self, error: TrafficDeskError) -> None:
        """Tell the person of something that does not end the capture."""
        if self._warn is not None:
            self._warn(error)

    def run_file(self, file: CaptureFile | SpooledCapture) -> None:
        """Emit all of `file`; returns at its end or after `stop`.

        Raises
        ------
        BadCaptureFile
            After the batches before a fault.
        """
        blocks = file.blocks()
        self.frames = file
        while not self._stop.is_set():
            started = time.perf_counter()
            block = next(blocks, None)
            self.read_s += time.perf_counter() - started
            if block is None:
                self._say_left_out(file)
                return
            batch = self._decode(block, file.interfaces)
            self._statistics = CaptureStatistics(received=batch.first_id + len(batch))
            while not self._gate.acquire(_POLL_S):
                if self._stop.is_set():
                    return
            self._emit(batch)

    def _say_left_out(self, file: CaptureFile | SpooledCapture) -> None:
        if file.comments_left_out:
            self.warn(
                BadCaptureFile(
                    f"{file.comments_left_out:,} packets' comments are left out: the file has too many.",
                    "Save a part of its packets to keep theirs.",
                )
            )

    def run_live(self, source: LiveSource, frames: FrameSink, limits: StopLimits | None = None) -> None:
        """Emit what `source` delivers until `stop` or a limit, and close it; raw frames go into `frames`.

        Raises
        ------
        CaptureError
            If the interface has gone; what came before has been emitted.
        """
        reader = LiveReader(source, frames, limits)
        self._reader = reader
        reader.start()
        try:
            self._pass_on(reader)
        finally:
            fault = reader.join()
        self._flush(reader)
        source.close()
        reader.recount()
        self._count(reader)
        if fault is not None:
            raise fault

    def _pass_on(self, reader: LiveReader) -> None:
        """Emit until `stop`, or until reading has ended and nothing waits."""
        next_at = 0.0
        while not self._stop.is_set() and not (reader.ended and not reader.waiting_frames):
            reader.wait(_POLL_S)
            self._count(reader)
            pause = next_at - time.monotonic()
            if reader.needs_way:
                self._stop.wait(_STAND_BACK_S)
            elif pause > 0 and reader.waiting_frames < _BATCH_FRAMES:
                self._stop.wait(pause)
            elif reader.waiting_frames and self._gate.acquire(_POLL_S):
                self._emit_one(reader)
                next_at = time.monotonic() + _EMIT_S

    def _flush(self, reader: LiveReader) -> None:
        deadline = time.monotonic() + _FLUSH_S
        while reader.waiting_frames and self._gate.acquire(deadline - time.monotonic()):
            self._emit_one(reader)
        reader.drop_waiting()

    def _emit_one(self, reader: LiveReader) -> None:
        blocks = reader.take(_BATCH_FRAMES)
        self._emit(self._decode(FrameBlock.joined(blocks), reader.interfaces))

    def _decode(self, block: FrameBlock, interfaces: tuple[str, ...]) -> PacketBatch:
        started = time.perf_counter()
        batch = replace(self._conversations.follow(decode_named(block)), interfaces=interfaces)
        self.decode_s += time.perf_counter() - started
        return batch

    def _count(self, reader: LiveReader) -> None:
        self._statistics = reader.statistics
        self.read_s = reader.read_s
