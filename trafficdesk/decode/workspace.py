"""`Workspace`: the mutable columns one `decode` call fills, and bounds-checked big-endian gathers over its frames.

Every stage (link, network, transport, applications) reads bytes through this class, so that no stage can read outside
a frame: a gather beyond a frame's captured end gives 0 and `has` says which rows really had the bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.packets.fields import empty_columns
from trafficdesk.packets.protocol import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.block import FrameBlock


class Workspace:
    """Columns in the making.

    Positions are absolute bytes in `data`, int64; `rows` arguments are int64 row indices and every other argument
    is aligned with them.
    """

    def __init__(self, block: FrameBlock) -> None:
        self.data: NDArray[np.uint8] = block.data
        """(bytes,) the block's buffer."""
        self.starts: NDArray[np.int64] = block.offsets
        """(frames,) first byte of each frame."""
        self.ends: NDArray[np.int64] = block.offsets + block.captured_lengths
        """(frames,) one past the last captured byte."""
        self.limits: NDArray[np.int64] = block.offsets + block.wire_lengths
        """(frames,) one past the last byte on the wire, narrowed by network headers' own lengths."""
        self.columns: dict[str, NDArray] = empty_columns(len(block))
        self.columns["timestamp_ns"][:] = block.timestamps_ns
        self.columns["length"][:] = block.wire_lengths
        self.columns["captured_length"][:] = block.captured_lengths
        self.columns["link_type"][:] = block.link_types
        self.text: list[NDArray[np.uint8]] = []
        """Pieces of the text arena; see `add_text`."""
        self.text_bytes = 0

    def __len__(self) -> int:
        return len(self.starts)

    def has(self, rows: NDArray[np.int64], at: NDArray[np.int64], size: NDArray[np.int64] | int) -> NDArray[np.bool_]:
        """Whether `size` bytes from `at` were captured."""
        return (at >= self.starts[rows]) & (at + size <= self.ends[rows])

    def u8(self, rows: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.uint8]:
        """One byte each, 0 where it was not captured."""
        inside = self.has(rows, at, 1)
        return np.where(inside, self._raw(at), np.uint8(0))

    def be16(self, rows: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.uint16]:
        """Two bytes each, network order, 0 where not captured."""
        value = (self._raw(at).astype(np.uint16) << np.uint16(8)) | self._raw(at + 1)
        return np.where(self.has(rows, at, 2), value, np.uint16(0))

    def be32(self, rows: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Four bytes each, network order, 0 where not captured."""
        value = self._raw(at).astype(np.uint32)
        for step in range(1, 4):
            value = (value << np.uint32(8)) | self._raw(at + step)
        return np.where(self.has(rows, at, 4), value, np.uint32(0))

    def window(self, rows: NDArray[np.int64], at: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
        """(rows, width) bytes from `at`, zero-filled beyond each frame's captured end."""
        index = at[:, None] + np.arange(width)
        inside = index < self.ends[rows][:, None]
        inside &= index >= self.starts[rows][:, None]
        return np.where(inside, self._raw(index), np.uint8(0))

    def add_text(
        self, rows: NDArray[np.int64], text: NDArray[np.uint8], lengths: NDArray[np.int64]
    ) -> None:
        """Give `rows` their application text: `text` holds the pieces end to end, `lengths` bytes each."""
        starts = np.cumsum(lengths) - lengths + self.text_bytes
        self.columns["text_start"][rows] = starts
        self.columns["text_length"][rows] = lengths
        self.text.append(text)
        self.text_bytes += len(text)

    def mark(self, rows: NDArray[np.int64], status: Status) -> None:
        """Lower the status of `rows`; the first fault found stays."""
        column = self.columns["status"]
        column[rows] = np.where(column[rows] == Status.COMPLETE, np.uint8(status), column[rows])

    def _raw(self, at: NDArray[np.int64]) -> NDArray[np.uint8]:
        if not len(self.data):
            return np.zeros(at.shape, np.uint8)
        return self.data[np.clip(at, 0, len(self.data) - 1)]
