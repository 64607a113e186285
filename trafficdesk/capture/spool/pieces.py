"""`SpoolPieces`: writes a live capture's frames to pcapng pieces, merges small ones, and reads frames back.

Frames go to a hidden file that `publish` closes and renames: a plain append could be cut in the middle of a block by a
kill, and a file manager or Wireshark would meet it. So that no swarm of small files stays, eight pieces of about the
same age are merged into one, again and again, until a segment is full or an hour old; the kernel copies, where it can.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk import __version__
from trafficdesk.capture.formats.pcapng_blocks import InterfaceTable, encode, section_header
from trafficdesk.capture.formats.pcapng_format import PcapngReader
from trafficdesk.capture.spool.file import append_from, create, write_all
from trafficdesk.capture.spool.folder import Piece, part_name, piece_name
from trafficdesk.capture.spool.index import SpoolIndex
from trafficdesk.capture.spool.segments import Segment, due, join

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from trafficdesk.capture.spool.index import Run
    from trafficdesk.packets.block import FrameBlock

_log = logging.getLogger(__name__)


class SpoolPieces:
    """The pieces of one capture; written by one thread, read by any.

    Parameters
    ----------
    folder : made by the caller.
    segment_bytes : size at which a segment is closed.
    capture_filter : said of each interface in the files.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = 64 << 20,
        capture_filter: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._clock = clock
        self._table = InterfaceTable(capture_filter=capture_filter)
        self._head = section_header(application=f"TrafficDesk {__version__}")
        self._part: int | None = None
        self._part_size = self._part_frames = 0
        self._part_start = 0
        self._part_began = 0.0
        self._flush = 0
        self._lock = threading.Lock()
        self._segments: list[Segment] = []
        self._index = SpoolIndex()

    @property
    def unpublished(self) -> int:
        """Bytes written that are not under a piece's name yet."""
        return self._part_size

    @property
    def first_id(self) -> int | None:
        """The oldest frame's packet_id; None = there is none."""
        with self._lock:
            return self._index.first_id

    def write(self, block: FrameBlock, names: Sequence[str]) -> None:
        """Add frames, whose numbers are beyond those before.

        Raises
        ------
        OSError
            If they can't be written; none of them counts then.
        """
        numbers, descriptions = self._table.number(block, names)
        if descriptions:
            self.publish()
            self._head += descriptions
        encoded = encode(block, numbers)
        if self._part is None:
            self._begin_part()
        assert self._part is not None
        try:
            write_all(self._part, encoded.data.data)
        except OSError:
            self._cut_part()
            raise
        with self._lock:
            self._index.add(block.first_id, len(block), len(encoded.data), apart=not self._part_frames)
        self._part_size += len(encoded.data)
        self._part_frames += len(block)

    def publish(self) -> None:
        """Give what was written its name; from now on it is there whatever happens to this process.

        Raises
        ------
        OSError
            If that can't be done; the frames are lost.
        """
        if self._part is None:
            return
        file, self._part = self._part, None
        os.close(file)
        part = self.folder / part_name(self._flush, self._flush)
        if not self._part_frames:
            part.unlink(missing_ok=True)
            return
        path = self.folder / piece_name(self._flush, self._flush, self._part_frames)
        part.replace(path)
        segment = Segment(
            path,
            self._flush,
            self._flush,
            self._part_frames,
            len(self._head),
            self._part_start,
            self._part_size,
            self._part_began,
        )
        self._part_size = self._part_frames = 0
        with self._lock:
            self._segments.append(segment)

    def give_up(self) -> int:
        """After a failed `write`: publish what came before it; returns how many frames could not be."""
        whole = self._part is not None
        try:
            self.publish()
        except OSError:
            whole = False
        lost = 0 if whole else self._part_frames
        self._part_size = self._part_frames = 0
        return lost

    def merge(self) -> None:
        """Join small pieces where enough of them have come together.

        Raises
        ------
        OSError
            If the joined piece can't be written; the small ones stay.
        """
        while run := due(self._segments, segment_bytes=self._segment_bytes, now_s=self._clock()):
            missing = [segment.path for segment in run if not segment.path.exists()]
            if missing:  # somebody tidied up
                self.forget(missing)
            else:
                self._join(run)

    def pieces(self) -> list[Piece]:
        """All published pieces but the newest: those that may be deleted, oldest first."""
        with self._lock:
            segments = self._segments[:-1]
        found = []
        for segment in segments:
            with contextlib.suppress(OSError):
                about = segment.path.stat()
                found.append(
                    Piece(
                        segment.path,
                        segment.first,
                        segment.last,
                        segment.frames,
                        about.st_size,
                        about.st_mtime_ns,
                    )
                )
        return found

    def forget(self, paths: Sequence[Path]) -> None:
        """Delete pieces, oldest first, and forget their frames."""
        gone = set(paths)
        with self._lock:
            self._segments = [segment for segment in self._segments if segment.path not in gone]
            start = self._segments[0].start if self._segments else self._index.stop
            self._index.forget_before(start)
        for path in gone:
            with contextlib.suppress(OSError):
                path.unlink()

    def run(self, packet_id: int) -> Run | None:
        """Where a frame lies."""
        with self._lock:
            return self._index.run(packet_id)

    def following(self, packet_id: int) -> int | None:
        """See `SpoolIndex.following`."""
        with self._lock:
            return self._index.following(packet_id)

    def read(self, run: Run) -> FrameBlock | None:
        """The frames of a run, numbered; None if they are not published yet, or gone."""
        with self._lock:
            at = bisect_right(self._segments, run.start, key=lambda segment: segment.start) - 1
            segment = self._segments[at] if at >= 0 else None
            if segment is None or run.stop > segment.start + segment.size:
                return None
            try:
                # Under the lock: no merge takes the file away before it is open.
                file = segment.path.open("rb", buffering=0)
            except OSError:
                return None
            head = self._head[: segment.head]
            origins = np.array(self._table.origins, np.uint16)
        with file:
            file.seek(segment.head + run.start - segment.start)
            blocks = file.read(run.stop - run.start) or b""
        data = np.frombuffer(head + blocks, np.uint8)
        reader = PcapngReader()
        reading = reader.read(data, reader.start, len(data), complete=True)
        if len(reading.frames) != run.frames:
            _log.warning("%s does not hold what was written to it", segment.path)
            return None
        found = reading.frames.block(data, slice(None), run.first_id)
        return replace(found, interfaces=origins[found.interfaces])

    def _begin_part(self) -> None:
        self._flush += 1
        self._part_size = self._part_frames = 0
        self._part_start = self._index.stop
        self._part_began = self._clock()
        self._part = create(self.folder / part_name(self._flush, self._flush), self._head)

    def _cut_part(self) -> None:
        """Take the beginning of a failed write away again: what stands before it is whole."""
        assert self._part is not None
        with contextlib.suppress(OSError):
            os.ftruncate(self._part, len(self._head) + self._part_size)
            os.lseek(self._part, 0, os.SEEK_END)
            return
        part, self._part = self._part, None
        with contextlib.suppress(OSError):
            os.close(part)

    def _join(self, run: list[Segment]) -> None:
        joined = join(run, segment_bytes=self._segment_bytes, now_s=self._clock())
        if len(run) > 1:
            self._write_joined(run, joined)
        with self._lock:
            self._segments[-len(run) :] = [joined]
        for segment in run:
            if segment.path != joined.path:
                segment.path.unlink(missing_ok=True)

    def _write_joined(self, run: list[Segment], joined: Segment) -> None:
        """Copy the pieces' packet blocks behind the newest's head, which holds every older one's."""
        part = self.folder / part_name(joined.first, joined.last)
        target = create(part, self._head[: joined.head])
        try:
            for segment in run:
                append_from(segment.path, segment.head, segment.size, target)
        except BaseException:
            os.close(target)
            part.unlink(missing_ok=True)
            raise
        os.close(target)
        # Ages are told by the newest frame, not by when it was merged.
        modified_ns = run[-1].path.stat().st_mtime_ns
        os.utime(part, ns=(modified_ns, modified_ns))
        part.replace(joined.path)
