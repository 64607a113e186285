"""`Spool`: a thread that keeps the raw frames of a live capture on disk and never makes the capture wait.

What was captured up to a second ago is there however the program ends (power loss aside: nothing is forced to the
disk, which would take it a tenth of a second each time). A disk that is too slow, full or may not be written costs
frames of the spool, counted as such, and never frames of the capture.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.spool.folder import Marker, discard, new_folder, pieces_in, trim
from trafficdesk.capture.spool.pieces import SpoolPieces
from trafficdesk.capture.spool.room import SpoolLimits, check_room, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from trafficdesk.capture.spool.index import Run
    from trafficdesk.errors import SpoolError
    from trafficdesk.packets.block import FrameBlock

_log = logging.getLogger(__name__)

FLUSH_S: Final = 0.5
"""How old a frame may become before it is safe: half of the second that may be missing after a kill."""
QUEUE_BYTES: Final = 128 << 20
"""Frames that may wait for the disk: some 5 s of 50,000 packets/s."""
RETRY_S: Final = 10.0
"""After a failure the disk is tried again this often."""
_TRIM_S: Final = 30.0
_LARGEST_SEGMENT: Final = 64 << 20
_SEGMENTS: Final = 16
"""At least so many fit into the size cap: what leaves at its end, or is beyond it for a moment, is a small part."""


class Spool:
    """Takes blocks by `add`, from any thread, until `finish`; its frames can be read until `close` and while adding.

    Parameters
    ----------
    root : folder of all captures' folders.
    title : what is captured on, for who finds the capture abandoned.
    names : interfaces' names by number, asked for with each block.
    warn : told once, in the spool's thread, that frames are not kept any more, and why.
    """

    def __init__(
        self,
        root: Path,
        title: str,
        *,
        names: Callable[[], Sequence[str]],
        warn: Callable[[SpoolError], None],
        limits: SpoolLimits | None = None,
        capture_filter: str = "",
    ) -> None:
        self._root = root
        self._title = title
        self._names = names
        self._warn = warn
        self._limits = limits or SpoolLimits()
        self._capture_filter = capture_filter
        self._pieces: SpoolPieces | None = None
        self._marker: Marker | None = None
        self._news = threading.Condition()
        self._queue: deque[FrameBlock] = deque()
        self._queued_bytes = 0
        self._paused = False
        self._warned: set[int] = set()
        self._dropped = 0
        self._ended = False
        self._retry_at = self._trim_at = self._publish_at = 0.0
        self._untrimmed = 0
        """Bytes published since the caps were looked after."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._run = self._thread.submit(self._work)

    @property
    def folder(self) -> Path | None:
        """Where the pieces lie; None while there are none."""
        pieces = self._pieces
        return pieces.folder if pieces else None

    @property
    def dropped(self) -> int:
        """Frames that were not kept."""
        return self._dropped

    @property
    def first_id(self) -> int | None:
        """The oldest kept frame's packet_id."""
        pieces = self._pieces
        return pieces.first_id if pieces else None

    def add(self, block: FrameBlock) -> None:
        """Keep a block, or count it; returns at once."""
        with self._news:
            if self._paused or self._ended or self._queued_bytes + block.data.nbytes > QUEUE_BYTES:
                self._dropped += len(block)
                return
            self._queue.append(block)
            self._queued_bytes += block.data.nbytes
            self._news.notify_all()

    def run(self, packet_id: int) -> Run | None:
        """Where a frame lies; see `SpoolIndex`."""
        pieces = self._pieces
        return pieces.run(packet_id) if pieces else None

    def following(self, packet_id: int) -> int | None:
        """The first packet_id beyond `packet_id` that is kept behind a hole."""
        pieces = self._pieces
        return pieces.following(packet_id) if pieces else None

    def read(self, run: Run) -> FrameBlock | None:
        """The frames of a run; None if they have left."""
        pieces = self._pieces
        return pieces.read(run) if pieces else None

    def finish(self) -> None:
        """The capture has ended: write what waits. May be called twice."""
        with self._news:
            self._ended = True
            self._news.notify_all()
        self._run.result()
        self._thread.shutdown()

    def close(self) -> None:
        """Leave the frames to the caps: this capture was ended on purpose. May be called twice."""
        self.finish()
        if self._marker is not None:
            self._marker.release()
            self._marker = None
            if self._pieces is not None and not pieces_in(self._pieces.folder)[0]:
                discard(self._pieces.folder)

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._queue or self._ended, self._pause())
                blocks, ended = list(self._queue), self._ended
                self._queue.clear()
            try:
                self._step(blocks, last=ended)
            except OSError as error:
                self._fail(error, blocks)
            with self._news:
                self._queued_bytes = sum(block.data.nbytes for block in self._queue)
            if ended:
                return

    def _pause(self) -> float:
        """Seconds until something is to be done though nothing came."""
        due = [self._trim_at]
        if self._paused:
            due.append(self._retry_at)
        elif self._pieces is not None and self._pieces.unpublished:
            due.append(self._publish_at)
        return max(0.01, min(due) - time.monotonic())

    def _step(self, blocks: list[FrameBlock], *, last: bool) -> None:
        now = time.monotonic()
        if self._paused:
            if now < self._retry_at or last:
                return
            check_room(self._root, self._limits.reserve_bytes)
            self._paused = False
        pieces = self._open() if blocks else self._pieces
        while blocks:
            assert pieces is not None
            if not pieces.unpublished:
                self._publish_at = time.monotonic() + FLUSH_S
            pieces.write(blocks[0], self._names())
            del blocks[0]
            self._publish_if_due(pieces, last=False)
        if pieces is not None:
            self._publish_if_due(pieces, last=last)
        if now >= self._trim_at:
            self._trim()

    def _publish_if_due(self, pieces: SpoolPieces, *, last: bool) -> None:
        full = pieces.unpublished >= self._segment_bytes
        if pieces.unpublished and (last or full or time.monotonic() >= self._publish_at):
            self._untrimmed += pieces.unpublished
            pieces.publish()
            pieces.merge()
            if self._untrimmed >= self._segment_bytes:
                self._trim_at = 0.0
            check_room(self._root, self._limits.reserve_bytes)

    @property
    def _segment_bytes(self) -> int:
        return min(_LARGEST_SEGMENT, self._limits.max_bytes // _SEGMENTS)

    def _open(self) -> SpoolPieces:
        if self._pieces is None:
            self._trim()
            folder = new_folder(self._root, time.time())
            self._marker = Marker(folder, self._title)
            self._pieces = SpoolPieces(
                folder, segment_bytes=self._segment_bytes, capture_filter=self._capture_filter
            )
            check_room(self._root, self._limits.reserve_bytes)
        return self._pieces

    def _trim(self) -> None:
        self._trim_at = time.monotonic() + _TRIM_S
        self._untrimmed = 0
        pieces = self._pieces
        leaving = trim(
            self._root,
            pieces.folder if pieces else None,
            max_bytes=self._limits.max_bytes,
            max_age_s=self._limits.max_age_s,
            own_pieces=pieces.pieces() if pieces else (),
        )
        if pieces and leaving:
            pieces.forget(leaving)

    def _fail(self, error: OSError, blocks: list[FrameBlock]) -> None:
        """Stop keeping for a while; the blocks that were not written are counted."""
        lost = self._pieces.give_up() if self._pieces else 0
        told = refusal(self.folder or self._root, error)
        if self._pieces is not None and not self._pieces.folder.exists():
            self._begin_anew()
        with self._news:
            blocks += self._queue
            self._queue.clear()
            self._paused = True
            self._retry_at = time.monotonic() + RETRY_S
            self._dropped += lost + sum(map(len, blocks))
        _log.warning("%s", told)
        number = error.errno or 0
        if number not in self._warned:
            self._warned.add(number)
            self._warn(told)

    def _begin_anew(self) -> None:
        """Somebody deleted the folder: the next frames need another one."""
        self._pieces = None
        if self._marker is not None:
            self._marker.release()
            self._marker = None
