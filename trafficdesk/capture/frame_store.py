"""`RecentFrames`: the newest raw frames of a live capture, for details and exports."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from trafficdesk.capture.source import Frame

if TYPE_CHECKING:
    from trafficdesk.packets.block import FrameBlock


class RecentFrames:
    """Whole blocks of frames, the oldest leaving first; may be used from several threads.

    Parameters
    ----------
    max_bytes : of raw frames; the newest block stays even if it alone is larger.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._blocks: deque[FrameBlock] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def kept_bytes(self) -> int:
        """Bytes kept now."""
        return self._bytes

    def add(self, block: FrameBlock) -> None:
        """Keep `block`, whose numbers follow those of the block before."""
        if not len(block):
            return
        with self._lock:
            self._blocks.append(block)
            self._bytes += _size(block)
            while self._bytes > self._max_bytes and len(self._blocks) > 1:
                self._bytes -= _size(self._blocks.popleft())

    def frame(self, packet_id: int) -> Frame | None:
        """The frame, or None when it has left or never was."""
        with self._lock:
            block = self._block_of(packet_id)
        if block is None:
            return None
        row = packet_id - block.first_id
        return Frame(
            block.frame(row),
            int(block.timestamps_ns[row]),
            int(block.wire_lengths[row]),
            int(block.link_types[row]),
            int(block.interfaces[row]),
        )

    def clear(self) -> None:
        """Forget all frames."""
        with self._lock:
            self._blocks.clear()
            self._bytes = 0

    def _block_of(self, packet_id: int) -> FrameBlock | None:
        # Newest first: that is what people look at; a deque can't be bisected in less than this.
        for block in reversed(self._blocks):
            if packet_id >= block.first_id:
                return block if packet_id < block.first_id + len(block) else None
        return None


def _size(block: FrameBlock) -> int:
    arrays = (block.data, block.offsets, block.captured_lengths, block.wire_lengths, block.timestamps_ns)
    return sum(array.nbytes for array in arrays)
