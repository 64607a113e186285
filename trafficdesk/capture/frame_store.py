"""Raw frames of a live capture: the newest in memory, older ones on disk."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.capture.source import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from trafficdesk.capture.spool.index import Run
    from trafficdesk.capture.spool.spool import Spool
    from trafficdesk.errors import SpoolError
    from trafficdesk.packets.block import FrameBlock
    from trafficdesk.settings.declared import CaptureSettings

Kept = tuple["NDArray[np.int64]", "FrameBlock"]


class RecentFrames:
    """Whole blocks of frames in memory, the oldest leaving first; may be used from several threads.

    Parameters
    ----------
    max_bytes : of raw frames; the newest block stays even if it alone is larger.
    names : interfaces' names by number, asked for with each block.
    """

    dropped_disk: Final = 0
    """Nothing goes to the disk from here."""

    def __init__(self, max_bytes: int, names: Callable[[], Sequence[str]] = tuple) -> None:
        self._max_bytes = max_bytes
        self._names = names
        self._known_names: tuple[str, ...] = ()
        self._blocks: deque[FrameBlock] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Names by number, as of the newest block: a source that was closed has forgotten them."""
        return self._known_names or tuple(self._names())

    @property
    def first_id(self) -> int:
        """The oldest frame's packet_id."""
        with self._lock:
            return self._blocks[0].first_id if self._blocks else 0

    @property
    def kept_bytes(self) -> int:
        """Bytes kept now."""
        return self._bytes

    def add(self, block: FrameBlock) -> None:
        """Keep `block`, whose numbers are beyond those before."""
        if not len(block):
            return
        self._known_names = tuple(self._names())
        with self._lock:
            self._blocks.append(block)
            self._bytes += _size(block)
            while self._bytes > self._max_bytes and len(self._blocks) > 1:
                self._bytes -= _size(self._blocks.popleft())

    def frame(self, packet_id: int) -> Frame | None:
        """The frame, or None when it has left or never was."""
        with self._lock:
            block = self._block_of(packet_id)
        return None if block is None else frame_of(block, packet_id - block.first_id)

    def kept(self, ids: NDArray[np.int64]) -> Iterator[Kept]:
        """Those of `ids` that are here, a block at a time."""
        for block in self.blocks():
            if len(here := within(ids, block.first_id, len(block))):
                yield here, block.rows(here - block.first_id)

    def blocks(self) -> list[FrameBlock]:
        """All blocks of this moment, oldest first."""
        with self._lock:
            return list(self._blocks)

    def finish(self) -> None:
        """The capture has ended: nothing waits here."""

    def close(self) -> None:
        """Forget all frames: the capture is not looked at any more."""
        with self._lock:
            self._blocks.clear()
            self._bytes = 0

    def _block_of(self, packet_id: int) -> FrameBlock | None:
        # Newest first: that is what people look at; a deque can't be bisected in less than this.
        for block in reversed(self._blocks):
            if packet_id >= block.first_id:
                return block if packet_id < block.first_id + len(block) else None
        return None


class SpooledFrames:
    """The newest frames in memory and, behind them, those of a spool.

    Parameters
    ----------
    spool : ended by `finish` and `close`.
    """

    def __init__(self, recent: RecentFrames, spool: Spool) -> None:
        self._recent = recent
        self._spool = spool
        self._last_run: tuple[Run, FrameBlock] | None = None
        """People look at neighbours."""

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Names by number."""
        return self._recent.interfaces

    @property
    def first_id(self) -> int:
        """The oldest frame's packet_id."""
        spooled = self._spool.first_id
        recent = self._recent.first_id
        return recent if spooled is None else min(recent, spooled)

    @property
    def dropped_disk(self) -> int:
        """Frames that are not on disk though they should be."""
        return self._spool.dropped

    def add(self, block: FrameBlock) -> None:
        """Keep `block` in memory and have it written."""
        self._recent.add(block)
        self._spool.add(block)

    def frame(self, packet_id: int) -> Frame | None:
        """The frame, or None when it has left or never was."""
        found = self._recent.frame(packet_id)
        if found is not None:
            return found
        run = self._spool.run(packet_id)
        if run is None:
            return None
        last = self._last_run
        if last is None or last[0] != run:
            block = self._spool.read(run)
            if block is None:
                return None
            last = self._last_run = run, block
        return frame_of(last[1], packet_id - run.first_id)

    def kept(self, ids: NDArray[np.int64]) -> Iterator[Kept]:
        """Those of `ids` that are on disk, then those that are in memory only."""
        # Taken first: what leaves the memory meanwhile is on disk, but what is on disk only may leave it.
        recent = RecentFrames(1 << 62)
        for block in self._recent.blocks():
            recent.add(block)
        border = recent.first_id if recent.kept_bytes else np.iinfo(np.int64).max
        at, stop = 0, int(np.searchsorted(ids, border))
        while at < stop:
            packet_id = int(ids[at])
            run = self._spool.run(packet_id)
            if run is None:
                following = self._spool.following(packet_id)
                at = stop if following is None else int(np.searchsorted(ids, following))
                continue
            here = within(ids[at:stop], run.first_id, run.frames)
            at += len(here)
            block_read = self._spool.read(run)
            if block_read is not None:
                yield here, block_read.rows(here - run.first_id)
        yield from recent.kept(ids[stop:])

    def finish(self) -> None:
        """The capture has ended: have everything written."""
        self._spool.finish()

    def close(self) -> None:
        """The capture is not looked at any more."""
        self._spool.close()


LiveFrames = RecentFrames | SpooledFrames
"""What keeps the frames of a live capture."""


def open_frames(
    settings: CaptureSettings,
    title: str,
    names: Callable[[], Sequence[str]],
    warn: Callable[[SpoolError], None],
    *,
    in_memory: bool = True,
) -> LiveFrames:
    """Where the frames of a live capture go, as a person has set it; a spool if that is wanted.

    Parameters
    ----------
    title : what is captured on.
    names : interfaces' names by number.
    warn : told once that frames are not kept on disk, and why; from another thread.
    in_memory : whether somebody will look at single packets.
    """
    recent = RecentFrames((settings.kept_bytes_mib << 20) if in_memory else 0, names)
    if not settings.spool:
        return recent
    from trafficdesk.capture.spool.folder import spool_dir
    from trafficdesk.capture.spool.room import SpoolLimits
    from trafficdesk.capture.spool.spool import Spool

    spool = Spool(
        spool_dir(),
        title,
        names=lambda: recent.interfaces,
        warn=warn,
        limits=SpoolLimits.of(settings),
        capture_filter=settings.capture_filter.strip(),
    )
    return SpooledFrames(recent, spool)


def frame_of(block: FrameBlock, row: int) -> Frame:
    """One frame of a block, copied."""
    return Frame(
        block.frame(row),
        int(block.timestamps_ns[row]),
        int(block.wire_lengths[row]),
        int(block.link_types[row]),
        int(block.interfaces[row]),
    )


def within(ids: NDArray[np.int64], first_id: int, count: int) -> NDArray[np.int64]:
    """Those of ascending `ids` that lie in `count` numbers from `first_id` on."""
    start, stop = np.searchsorted(ids, (first_id, first_id + count))
    return ids[start:stop]


def _size(block: FrameBlock) -> int:
    arrays = (block.data, block.offsets, block.captured_lengths, block.wire_lengths, block.timestamps_ns)
    return sum(array.nbytes for array in arrays)
