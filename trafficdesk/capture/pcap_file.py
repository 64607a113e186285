"""`CaptureFile`: pcap and pcapng files, plain or gzip-compressed, as blocks of frames."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from trafficdesk.capture.formats.file_bytes import FileBytes
from trafficdesk.capture.formats.pcap_format import is_pcap, open_pcap
from trafficdesk.capture.formats.pcapng_comments import LONGEST, comment_texts
from trafficdesk.capture.formats.pcapng_format import PcapngReader, is_pcapng
from trafficdesk.capture.formats.records import Fault
from trafficdesk.capture.frame_store import frame_of, within
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from trafficdesk.capture.formats.pcapng_format import Section
    from trafficdesk.capture.formats.records import Cursor, Frames, RecordReader
    from trafficdesk.capture.frame_store import Kept
    from trafficdesk.capture.source import Frame
    from trafficdesk.packets.block import FrameBlock

DEFAULT_BLOCK_FRAMES: Final = 65_536
MOST_COMMENT_BYTES: Final = 32 << 20
"""Of packets' comments, all of a file together, with what keeping one costs."""
_AROUND_COMMENT: Final = 256
_FIRST_WINDOW: Final = 1 << 20
_WINDOW: Final = 16 << 20
"""Bytes read at once: the first rows come at once, later blocks are large enough to be decoded efficiently."""
_OTHER_FORMATS: Final = (
    (b"snoop\0\0\0", "a Solaris snoop capture"),
    (b"RTSS", "a Microsoft Network Monitor capture"),
    (b"GMBU", "a Microsoft Network Monitor capture"),
    (b"TRSNIFF data", "a Sniffer capture"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\x04\x22\x4d\x18", "compressed with lz4"),
    (b"\xfd7zXZ\0", "compressed with xz"),
    (b"BZh", "compressed with bzip2"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of the file that was read at once, to be read again when one of its frames is asked for."""

    first_id: int
    cursor: Cursor
    stop: int
    frames: int


class CaptureFile:
    """A capture file, read forwards once by `blocks` and then frame by frame by `frame`.

    Parameters
    ----------
    path : the file; its format is told by its content.

    Raises
    ------
    BadCaptureFile
        If the file can't be opened or is no capture file.
    """

    def __init__(self, path: Path | str) -> None:
        self._bytes = FileBytes(Path(path))
        self.name = self._bytes.name
        """The file's name, printable."""
        try:
            self._bytes.ensure(_FIRST_WINDOW)
            self._reader = self._recognise()
        except BadCaptureFile:
            self._bytes.close()
            raise
        self._stretches: list[_Stretch] = []
        self._recent: tuple[_Stretch, Frames] | None = None
        self._section: Section | None = None
        self._position = 0
        self._shown = 0.0
        self._comment_bytes = 0
        self.comments_left_out = 0
        """Comments that `blocks` had no room for."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def progress(self) -> float:
        """How much of the file `blocks` has been through, 0..1; of a compressed file an estimate that never falls."""
        self._shown = max(self._shown, min(1.0, self._bytes.share(self._position)))
        return self._shown

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Names of the interfaces by number, as far as `blocks` has been."""
        section = self._section
        return tuple(section.names) if section else ()

    @property
    def first_id(self) -> int:
        """Every frame that was read can be had again."""
        return 0

    def blocks(self, max_frames: int = DEFAULT_BLOCK_FRAMES) -> Iterator[FrameBlock]:
        """All frames in file order, at most `max_frames` at a time; numbered from 0.

        Raises
        ------
        BadCaptureFile
            After the last frame before a fault, if there is one.
        """
        self._stretches, self._recent = [], None
        self._comment_bytes = self.comments_left_out = 0
        cursor, first_id, window = self._reader.start, 0, _FIRST_WINDOW
        while True:
            stop = cursor.position + window
            self._bytes.ensure(stop)
            self._bytes.expect(stop, stop + _WINDOW)
            self._bytes.fetch(cursor.position, stop)
            data, complete = self._bytes.data, self._bytes.complete
            reading = self._reader.read(data, cursor, stop, complete=complete)
            self._section = reading.cursor.section
            if frames := len(reading.frames):
                self._stretches.append(_Stretch(first_id, cursor, reading.cursor.position, frames))
            for row in range(0, frames, max_frames):
                self._position = cursor.position
                block = reading.frames.block(data, slice(row, row + max_frames), first_id + row)
                spans = reading.frames.comments_between(row, row + len(block))
                yield replace(block, comments=self._comments(spans, row)) if len(spans) else block
            self._bytes.forget(cursor.position, reading.cursor.position)
            first_id += frames
            stuck = reading.cursor.position == cursor.position
            cursor = reading.cursor
            self._position = cursor.position
            if complete and (reading.fault or stuck or cursor.position >= len(data)):
                self._finish(reading.fault, cursor.position, first_id)
                return
            if reading.fault:
                raise self._broken(reading.fault, first_id)
            # A record longer than the window needs a larger one.
            window = window * 2 if stuck else _WINDOW

    def frame(self, packet_id: int) -> Frame | None:
        """One frame that `blocks` has yielded; None for any other number or once the file is closed."""
        number = bisect_right(self._stretches, packet_id, key=lambda stretch: stretch.first_id) - 1
        if number < 0 or packet_id < 0:
            return None
        stretch, data = self._stretches[number], self._bytes.data
        row = packet_id - stretch.first_id
        if row >= stretch.frames or len(data) < stretch.stop:
            return None
        return frame_of(self._read_again(stretch).block(data, slice(row, row + 1), packet_id), 0)

    def kept(self, ids: NDArray[np.int64]) -> Iterator[Kept]:
        """Those of ascending `ids` that `blocks` has yielded, a stretch of the file at a time."""
        for stretch in list(self._stretches):
            here = within(ids, stretch.first_id, stretch.frames)
            data = self._bytes.data
            if len(here) and len(data) >= stretch.stop:
                frames = self._read_again(stretch)
                yield here, frames.block(data, slice(None), stretch.first_id).rows(here - stretch.first_id)
                self._bytes.forget(stretch.cursor.position, stretch.stop)

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._bytes.close()
        self._recent = None

    def _comments(self, spans: NDArray[np.int64], row: int) -> dict[int, tuple[str, ...]]:
        """Comments of frames, by their row less `row`, as far as there is room for them."""
        octets = self._comment_bytes + np.cumsum(np.minimum(spans[:, 2], LONGEST) + _AROUND_COMMENT)
        kept = spans[: int(np.searchsorted(octets, MOST_COMMENT_BYTES, "right"))]
        self._comment_bytes = int(octets[-1])
        self.comments_left_out += len(spans) - len(kept)
        return comment_texts(self._bytes.data, kept, row)

    def _read_again(self, stretch: _Stretch) -> Frames:
        """The frames of a stretch, which was read before; the last one is remembered."""
        self._bytes.ensure(stretch.stop)
        recent = self._recent
        if recent is None or recent[0] is not stretch:
            reading = self._reader.read(self._bytes.data, stretch.cursor, stretch.stop, complete=False)
            recent = self._recent = stretch, reading.frames
        return recent[1]

    def _recognise(self) -> RecordReader:
        data = self._bytes.data
        head = data[:4_096].tobytes()
        if is_pcapng(head):
            return PcapngReader()
        if is_pcap(head):
            reader = open_pcap(data)
            if isinstance(reader, Fault):
                raise self._broken(reader, 0)
            return reader
        if self._bytes.fault:
            raise BadCaptureFile(f"{self.name} can't be read: {self._bytes.fault}.", _DAMAGED_HINT)
        raise BadCaptureFile(f"{self.name} is not a capture file: it is {_kind_of(head)}.", _FORMAT_HINT)

    def _finish(self, fault: Fault | None, position: int, packets: int) -> None:
        """End cleanly, or say what was wrong."""
        if self._bytes.fault:
            fault = Fault(position, self._bytes.fault)
        if fault:
            raise self._broken(fault, packets)

    def _broken(self, fault: Fault, packets: int) -> BadCaptureFile:
        where = "byte of the decompressed data" if self._bytes.compressed else "byte"
        return BadCaptureFile(
            f"{self.name} is broken at {where} {fault.position:,}, after {packets:,} packets: {fault.reason}.",
            _DAMAGED_HINT if packets == 0 else _PARTIAL_HINT,
            offset=fault.position,
            packets=packets,
        )


_DAMAGED_HINT: Final = "Copy the file again from where it was captured."
_PARTIAL_HINT: Final = (
    "What comes before is shown; copy the file again from where it was captured to get the rest."
)
_FORMAT_HINT: Final = (
    "TrafficDesk reads pcap and pcapng, also gzip-compressed; convert it, e.g. editcap -F pcapng OLD NEW."
)


def _kind_of(head: bytes) -> str:
    """What a file that is no capture seems to be, in words."""
    for magic, words in _OTHER_FORMATS:
        if head.startswith(magic):
            return words
    text = head.decode("utf-8", "replace")
    odd = sum(
        not (letter.isprintable() or letter.isspace()) or letter == "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )
    return "text" if text and odd <= len(text) // 50 else "of an unknown format"
