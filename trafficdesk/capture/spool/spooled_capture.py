"""`SpooledCapture`: all pieces of a spooled capture read as one file, nothing copied."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.frame_store import within
from trafficdesk.capture.pcap_file import DEFAULT_BLOCK_FRAMES, CaptureFile
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.capture.frame_store import Kept
    from trafficdesk.capture.source import Frame
    from trafficdesk.capture.spool.folder import Piece
    from trafficdesk.packets.block import FrameBlock

_BEYOND: Final = 1 << 62
"""Above every packet_id."""


class SpooledCapture:
    """Like `CaptureFile`, over pieces: read forwards once by `blocks`, then frame by frame.

    An interface has the same number in all pieces: later ones describe what earlier ones do, and more.

    Parameters
    ----------
    pieces : in order of capture.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._bytes = max(1, sum(piece.size for piece in pieces))
        self._bytes_read = 0
        self._opened: list[tuple[int, CaptureFile]] = []
        """First packet_id, and the piece."""

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Names by number, as far as `blocks` has been."""
        return max((file.interfaces for _, file in list(self._opened)), key=len, default=())

    @property
    def first_id(self) -> int:
        """Every frame that was read can be had again."""
        return 0

    @property
    def comments_left_out(self) -> int:
        """Comments that there was no room for; a spool has none."""
        return 0

    @property
    def progress(self) -> float:
        """How much `blocks` has been through, 0..1."""
        return min(1.0, self._bytes_read / self._bytes)

    def blocks(self, max_frames: int = DEFAULT_BLOCK_FRAMES) -> Iterator[FrameBlock]:
        """All frames in order, numbered from 0.

        Raises
        ------
        BadCaptureFile
            After all frames that can be read, if a piece is broken or gone.
        """
        total, fault = 0, None
        for piece in self._pieces:
            try:
                file = CaptureFile(piece.path)
                self._opened.append((total, file))
                for block in file.blocks(max_frames):
                    yield block.numbered(total)
                    total += len(block)
            except BadCaptureFile as error:  # the computer lost its power: the other pieces may be whole
                fault = fault or error
            self._bytes_read += piece.size
        if fault is not None:
            raise fault

    def frame(self, packet_id: int) -> Frame | None:
        """One frame that `blocks` has yielded; None for any other number."""
        at = bisect_right(self._opened, packet_id, key=lambda opened: opened[0]) - 1
        if at < 0:
            return None
        first_id, file = self._opened[at]
        return file.frame(packet_id - first_id)

    def kept(self, ids: NDArray[np.int64]) -> Iterator[Kept]:
        """Those of ascending `ids` that `blocks` has yielded."""
        opened = list(self._opened)
        stops = [first_id for first_id, _ in opened[1:]] + [_BEYOND]
        for (first_id, file), stop in zip(opened, stops, strict=True):
            for found, block in file.kept(within(ids, first_id, stop - first_id) - first_id):
                yield found + first_id, block

    def close(self) -> None:
        """Let go of the files; may be called twice."""
        for _, file in self._opened:
            file.close()
