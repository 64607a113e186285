"""`FrameBlock`: many raw frames in one buffer, which is what every source of frames yields."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class FrameBlock:
    """Consecutive frames of one capture, in capture order.

    The buffer may be a memory-mapped file; a frame's bytes are
    `data[offsets[i] : offsets[i] + captured_lengths[i]]`.

    Raises
    ------
    ValueError
        If the arrays' lengths differ or a frame lies outside the buffer.
    """

    data: NDArray[np.uint8]
    """(bytes,) the flat buffer."""
    offsets: NDArray[np.int64]
    """(frames,) first byte of each frame in `data`."""
    captured_lengths: NDArray[np.int64]
    """(frames,) bytes captured."""
    wire_lengths: NDArray[np.int64]
    """(frames,) bytes on the wire."""
    timestamps_ns: NDArray[np.int64]
    """(frames,) nanoseconds since the Unix epoch, UTC."""
    link_types: NDArray[np.uint16]
    """(frames,) LINKTYPE_ value of each frame's interface."""
    first_id: int = 0
    """packet_id of the first frame; the others follow by one."""
    interfaces: NDArray[np.uint16] = field(default_factory=lambda: np.empty(0, np.uint16))
    """(frames,) number of each frame's interface within its capture; left out, all are of the first."""
    comments: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """By row, what a file says of frames; hostile until made visible. Rows taken singly, or joined, have none."""

    def __post_init__(self) -> None:
        frames = len(self.offsets)
        if not len(self.interfaces):
            object.__setattr__(self, "interfaces", np.zeros(frames, np.uint16))
        arrays = (
            self.captured_lengths,
            self.wire_lengths,
            self.timestamps_ns,
            self.link_types,
            self.interfaces,
        )
        if any(len(array) != frames for array in arrays):
            raise ValueError("the arrays of a FrameBlock must have one entry per frame")
        if frames and (
            int(self.offsets.min()) < 0
            or int(self.captured_lengths.min()) < 0
            or int((self.offsets + self.captured_lengths).max()) > len(self.data)
        ):
            raise ValueError("a frame lies outside the FrameBlock's buffer")

    def __len__(self) -> int:
        return len(self.offsets)

    def frame(self, index: int) -> bytes:
        """Bytes of frame `index`, copied."""
        start = int(self.offsets[index])
        return self.data[start : start + int(self.captured_lengths[index])].tobytes()

    def numbered(self, first_id: int) -> FrameBlock:
        """The same frames under other numbers."""
        return replace(self, first_id=first_id)

    def part(self, start: int, stop: int) -> FrameBlock:
        """Frames `start:stop` as views over the same buffer."""
        rows = slice(start, stop)
        return FrameBlock(
            self.data,
            self.offsets[rows],
            self.captured_lengths[rows],
            self.wire_lengths[rows],
            self.timestamps_ns[rows],
            self.link_types[rows],
            self.first_id + start,
            self.interfaces[rows],
            between(self.comments, start, stop),
        )

    def rows(self, rows: NDArray[np.int64]) -> FrameBlock:
        """Chosen frames over the same buffer; `first_id` is that of the first, the others need not follow by one."""
        return FrameBlock(
            self.data,
            self.offsets[rows],
            self.captured_lengths[rows],
            self.wire_lengths[rows],
            self.timestamps_ns[rows],
            self.link_types[rows],
            self.first_id + (int(rows[0]) if len(rows) else 0),
            self.interfaces[rows],
        )

    @classmethod
    def joined(cls, blocks: Sequence[FrameBlock]) -> FrameBlock:
        """Consecutive blocks, at least one, as one; the buffers are copied end to end unless there is only one."""
        if len(blocks) == 1:
            return blocks[0]
        starts = np.cumsum([0, *(len(block.data) for block in blocks[:-1])])
        return cls(
            np.concatenate([block.data for block in blocks]),
            np.concatenate([block.offsets + start for block, start in zip(blocks, starts, strict=True)]),
            np.concatenate([block.captured_lengths for block in blocks]),
            np.concatenate([block.wire_lengths for block in blocks]),
            np.concatenate([block.timestamps_ns for block in blocks]),
            np.concatenate([block.link_types for block in blocks]),
            blocks[0].first_id,
            np.concatenate([block.interfaces for block in blocks]),
        )


def between(comments: Mapping[int, tuple[str, ...]], start: int, stop: int) -> dict[int, tuple[str, ...]]:
    """Comments of rows `start:stop`, by row of these."""
    return {row - start: said for row, said in comments.items() if start <= row < stop}
