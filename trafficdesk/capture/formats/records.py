"""What the two capture file formats have in common: a cursor to read on from, and the frames one reading found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from trafficdesk.capture.formats.pcapng_comments import no_comments
from trafficdesk.packets.block import FrameBlock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.capture.formats.pcapng_format import Section

_STANDARD_PACKET_BYTES: Final = 262_144
"""Longest packet that capture files hold (libpcap's MAXIMUM_SNAPLEN, Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD)."""
_LONGER_PACKET_BYTES: Final = {
    231: 128 << 20,  # D-Bus: the longest message its specification allows
    279: 32 << 20,  # EBHSCR
    186: 128 << 20,  # USB, FreeBSD
    189: 128 << 20,  # USB, Linux
    220: 128 << 20,  # USB, Linux mmapped
    249: 128 << 20,  # USBPcap
    266: 128 << 20,  # USB, Darwin
    288: 128 << 20,  # USB 2.0
}
"""LINKTYPE_ values whose packets may be longer."""


def longest_packet(link_type: int) -> int:
    """Bytes beyond which a packet's length is a fault, not a packet."""
    return _LONGER_PACKET_BYTES.get(link_type, _STANDARD_PACKET_BYTES)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where reading goes on, with all that must be known there."""

    position: int
    """Byte at which the next record or block begins."""
    section: Section | None = None
    """pcapng: the section it belongs to."""
    interfaces: int = 0
    """pcapng: how many of the section's interfaces were described before it."""
    timestamp_ns: int = 0
    """Time of the latest frame: blocks without a time of their own take it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why reading can't go on."""

    position: int
    """Byte of the record or block at fault."""
    reason: str
    """Completes the sentence "At byte N, after M packets, ..."."""


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Frames of a file, by place; each array has one int64 per frame."""

    offsets: NDArray[np.int64]
    captured_lengths: NDArray[np.int64]
    wire_lengths: NDArray[np.int64]
    timestamps_ns: NDArray[np.int64]
    link_types: NDArray[np.int64]
    interfaces: NDArray[np.int64]
    """Numbers within the file, over all sections."""
    comments: NDArray[np.int64] = field(default_factory=no_comments)
    """`comment_spans` of these frames."""

    def __len__(self) -> int:
        return len(self.offsets)

    def block(self, data: NDArray[np.uint8], rows: slice, first_id: int) -> FrameBlock:
        """The frames of `rows` as a block over `data`."""
        return FrameBlock(
            data,
            self.offsets[rows],
            self.captured_lengths[rows],
            self.wire_lengths[rows],
            self.timestamps_ns[rows],
            self.link_types[rows].astype(np.uint16),
            first_id,
            self.interfaces[rows].astype(np.uint16),
        )

    def comments_between(self, start: int, stop: int) -> NDArray[np.int64]:
        """`comment_spans` of the frames `start:stop`."""
        low, high = np.searchsorted(self.comments[:, 0], (start, stop))
        return self.comments[low:high]


def join(pieces: list[Frames]) -> Frames:
    """All frames of `pieces`, in order."""
    if len(pieces) == 1:
        return pieces[0]
    empty = [np.empty(0, np.int64)]
    before = np.cumsum([0, *map(len, pieces)])[:-1]
    comments = [
        piece.comments + np.array([start, 0, 0]) for piece, start in zip(pieces, before.tolist(), strict=True)
    ]
    return Frames(
        np.concatenate([piece.offsets for piece in pieces] or empty),
        np.concatenate([piece.captured_lengths for piece in pieces] or empty),
        np.concatenate([piece.wire_lengths for piece in pieces] or empty),
        np.concatenate([piece.timestamps_ns for piece in pieces] or empty),
        np.concatenate([piece.link_types for piece in pieces] or empty),
        np.concatenate([piece.interfaces for piece in pieces] or empty),
        np.concatenate([*comments, no_comments()]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one reading of a stretch of the file found."""

    frames: Frames
    cursor: Cursor
    """Where to go on."""
    fault: Fault | None = field(default=None)
    """Set where nothing can be read any more; `frames` come before it."""


class RecordReader(Protocol):
    """One file format."""

    @property
    def start(self) -> Cursor:
        """Where the first record or block begins."""
        ...

    def read(self, data: NDArray[np.uint8], cursor: Cursor, stop: int, *, complete: bool) -> Reading:
        """Frames of the records that begin between `cursor` and `stop`.

        Parameters
        ----------
        complete : whether `data` is the whole file. If not, a record that its end cuts is left for later instead of
            being a fault.
        """
        ...
