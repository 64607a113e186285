"""`FrameBlock`: many raw frames in one buffer, which is what every source of frames yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
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

    def __post_init__(self) -> None:
        frames = len(self.offsets)
        arrays = (self.captured_lengths, self.wire_lengths, self.timestamps_ns, self.link_types)
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
