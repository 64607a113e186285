"""`Workspace`: the mutable columns one `decode` call fills, and bounds-checked big-endian gathers over its frames.

Every stage (link, network, transport, applications) reads bytes through this class, so that no stage can read outside
a frame: a gather beyond a frame's end gives 0 and `has` says which rows really had the bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.address import IPV4_PREFIX
from trafficdesk.packets.fields import empty_columns
from trafficdesk.packets.protocol import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.block import FrameBlock

_MAPPED: Final = np.frombuffer(IPV4_PREFIX[8:], np.uint32)[0]
"""What stands before an IPv4 address in an IPv6 one, behind eight zero bytes."""


class Workspace:
    """Columns in the making.

    Positions are absolute bytes in `data`, int64; `rows` arguments are int64 row indices and every other argument
    is aligned with them.
    """

    def __init__(self, block: FrameBlock) -> None:
        self.data: NDArray[np.uint8] = np.ascontiguousarray(block.data)
        """(bytes,) the block's buffer."""
        self.starts: NDArray[np.int64] = block.offsets
        """(frames,) first byte of each frame."""
        self.ends: NDArray[np.int64] = block.offsets + block.captured_lengths
        """(frames,) one past the last captured byte that belongs to the packet; `narrow` takes padding off."""
        self.limits: NDArray[np.int64] = block.offsets + block.wire_lengths
        """(frames,) one past the last byte on the wire, narrowed by network headers' own lengths."""
        self.columns: dict[str, NDArray[Any]] = empty_columns(len(block))
        self.columns["timestamp_ns"][:] = block.timestamps_ns
        self.columns["length"][:] = block.wire_lengths
        self.columns["captured_length"][:] = block.captured_lengths
        self.columns["link_type"][:] = block.link_types
        self.columns["interface"][:] = block.interfaces
        self.text: list[NDArray[np.uint8]] = []
        """Pieces of the text arena; see `add_text`."""
        self.text_bytes = 0
        self.fragments: list[tuple[NDArray[np.int64], NDArray[np.uint32]]] = []
        """Rows of fragments and the identifications of the packets they are parts of."""

    def __len__(self) -> int:
        return len(self.starts)

    def has(
        self, rows: NDArray[np.int64], at: NDArray[np.int64], size: NDArray[np.int64] | int
    ) -> NDArray[np.bool_]:
        """Whether `size` bytes from `at` were captured and belong to the packet."""
        return (at >= self.starts[rows]) & (at + size <= self.ends[rows])

    def u8(self, rows: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.uint8]:
        """One byte each, 0 where it was not captured."""
        return self._numbers(rows, at, np.dtype(np.uint8))

    def be16(self, rows: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.uint16]:
        """Two bytes each, network order, 0 where not captured."""
        return self._numbers(rows, at, np.dtype(">u2"))

    def be32(self, rows: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Four bytes each, network order, 0 where not captured."""
        return self._numbers(rows, at, np.dtype(">u4"))

    def le16(self, rows: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.uint16]:
        """Two bytes each, little-endian, 0 where not captured."""
        return self._numbers(rows, at, np.dtype("<u2"))

    def heads(self, width: int) -> NDArray[np.void]:
        """(frames,) the first `width` bytes of every frame, arbitrary beyond its end."""
        return self._gather(self.starts, width)

    def window(self, rows: NDArray[np.int64], at: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
        """(rows, width) bytes from `at`, zero-filled beyond each frame's end."""
        inside = self.has(rows, at, width)
        raw = self._gather(at, width).view(np.uint8).reshape(len(at), width)
        if not inside.all():
            short = np.flatnonzero(~inside)
            index = at[short, None] + np.arange(width)
            owned = (index >= self.starts[rows[short], None]) & (index < self.ends[rows[short], None])
            raw[short] *= owned
        return raw

    def header(
        self, rows: NDArray[np.int64], at: NDArray[np.int64], layout: np.dtype[np.void]
    ) -> NDArray[np.void]:
        """(rows,) headers of the structured dtype `layout`, zero-filled beyond each frame's end."""
        return self.window(rows, at, layout.itemsize).view(layout).reshape(-1)

    def reach(
        self, rows: NDArray[np.int64], at: NDArray[np.int64], size: NDArray[np.int64] | int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Those of `rows` (and of `at`) whose next `size` bytes were captured; the others are marked.

        A header that does not fit into what an enclosing header says is there is malformed; one that the capture or
        the frame cuts off, or that goes on in the next fragment, is truncated.
        """
        stop = at + size
        inside = stop <= self.ends[rows]
        if inside.all():
            return rows, at
        lost = rows[~inside]
        limits = self.limits[lost]
        # IP says where a packet ends; what lies below IP says so only where padding follows.
        sized = (self.columns["ip_protocol"][lost] >= 0) | (
            limits < self.starts[lost] + self.columns["length"][lost]
        )
        overrun = sized & (self.ends[lost] >= limits) & (self.columns["fragment_offset"][lost] != 0)
        self.mark(lost[overrun], Status.MALFORMED)
        self.mark(lost, Status.TRUNCATED)
        return rows[inside], at[inside]

    def narrow(self, rows: NDArray[np.int64], stops: NDArray[np.int64]) -> None:
        """Let the packets of `rows` end at `stops` where they would end later; claims beyond their end are marked."""
        limits = self.limits[rows]
        beyond = stops > limits
        if beyond.any():
            self.mark(rows[beyond], Status.TRUNCATED)
            stops = np.minimum(stops, limits)
        self.limits[rows] = stops
        self.ends[rows] = np.minimum(self.ends[rows], stops)

    def add_text(self, rows: NDArray[np.int64], text: NDArray[np.uint8], lengths: NDArray[np.int64]) -> None:
        """Give `rows` their application text: `text` holds the pieces end to end, `lengths` bytes each."""
        starts = np.cumsum(lengths) - lengths + self.text_bytes
        self.columns["text_start"][rows] = starts
        self.columns["text_length"][rows] = lengths
        self.text.append(text)
        self.text_bytes += len(text)

    def add_inner(
        self,
        rows: NDArray[np.int64],
        text: NDArray[np.uint8],
        lengths: NDArray[np.int64],
        inner: NDArray[np.void],
    ) -> None:
        """Give `rows` their text as `add_text` does, with the tunnel's inner packet behind each."""
        record = inner.dtype.itemsize
        whole = lengths + record
        starts = np.cumsum(whole) - whole
        flat = np.empty(int(whole.sum()), np.uint8)
        is_record = np.zeros(len(flat), bool)
        is_record[(starts + lengths)[:, None] + np.arange(record)] = True
        flat[is_record] = inner.view(np.uint8).reshape(-1)
        flat[~is_record] = text
        self.columns["text_start"][rows] = starts + self.text_bytes
        self.columns["text_length"][rows] = lengths
        self.text.append(flat)
        self.text_bytes += len(flat)

    def mark(self, rows: NDArray[np.int64], status: Status) -> None:
        """Lower the status of `rows`; the first fault found stays."""
        column = self.columns["status"]
        column[rows] = np.where(column[rows] == Status.COMPLETE, np.uint8(status), column[rows])

    def _numbers(self, rows: NDArray[np.int64], at: NDArray[np.int64], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Big-endian numbers in native order, 0 where a byte is missing."""
        inside = self.has(rows, at, dtype.itemsize)
        values = self._gather(at, dtype.itemsize).view(dtype).astype(dtype.newbyteorder("="))
        values *= inside
        return values

    def _gather(self, at: NDArray[np.int64], width: int) -> NDArray[np.void]:
        """(rows,) `width` bytes each from `at`, which may lie anywhere; bytes outside the buffer are arbitrary."""
        last = len(self.data) - width
        if last < 0:
            return self._gather_near_end(at, width)
        clipped = np.minimum(at, last)
        np.maximum(clipped, 0, out=clipped)
        # A strided view of overlapping V items: one memmove per row, four times faster than a matrix of indices.
        items: NDArray[np.void] = np.ndarray((last + 1,), f"V{width}", self.data, strides=(1,))
        gathered = items[clipped]
        moved = np.flatnonzero(clipped != at)
        if len(moved):
            gathered[moved] = self._gather_near_end(at[moved], width)
        return gathered

    def _gather_near_end(self, at: NDArray[np.int64], width: int) -> NDArray[np.void]:
        """As `_gather`, for items that cross the buffer's end (or lie outside): byte by byte."""
        if not len(self.data):
            return np.zeros(len(at), f"V{width}")
        index = np.clip(at[:, None] + np.arange(width), 0, len(self.data) - 1)
        items: NDArray[np.void] = self.data[index].view(f"V{width}").reshape(-1)
        return items


def write_ipv4(column: NDArray[np.void], rows: NDArray[np.int64], addresses: NDArray[np.uint32]) -> None:
    """Write IPv4 addresses, four bytes each as they were on the wire, into an address column."""
    words = column.view(np.uint32).reshape(-1, 4)
    words[:, 2][rows] = _MAPPED
    words[:, 3][rows] = addresses
