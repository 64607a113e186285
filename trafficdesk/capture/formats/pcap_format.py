"""Classic pcap, in every variant that libpcap and Wireshark read.

Sources: draft-ietf-opsawg-pcap (2025), pcap-savefile(5); for the old variants' record headers the notes in
Wireshark's wiretap/libpcap.c (read 2026-11).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.capture.formats.record_walk import RecordShape, walk, words
from trafficdesk.capture.formats.records import Cursor, Fault, Frames, Reading, longest_packet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_STANDARD: Final = 0xA1B2C3D4
_NANOSECONDS: Final = 0xA1B23C4D
_KUZNETZOV: Final = 0xA1B2CD34
"""Alexey Kuznetzov's patches of 1999: interface index, protocol and packet type follow in each record header."""
_IXIA_HARDWARE: Final = 0x1C0001AC
_IXIA_SOFTWARE: Final = 0x1C0001AB
"""Ixia's "lcap": four more bytes at the end of the file header."""
_MAGICS: Final = (_STANDARD, _NANOSECONDS, _KUZNETZOV, _IXIA_HARDWARE, _IXIA_SOFTWARE)

_FILE_HEADER: Final = 24
_PLAIN, _NOKIA, _PATCHED, _PATCHED_OLDER = 16, 20, 24, 28
"""Bytes of the record header: standard; Nokia's; the patches' usual one; that of 1999-09-15."""
_AIX_LINK_TYPES: Final = {6: 1, 9: 6, 15: 10, 24: 0}
"""AIX's tcpdump (version 2.2) writes RFC 1573 interface types instead of LINKTYPE_ values."""
_LINK_TYPE_BITS: Final = 0xFFFF
"""The upper half holds the length of the frame check sequence and reserved bits."""
_RECORDS_TO_TRY: Final = 3


def is_pcap(head: bytes) -> bool:
    """Whether a file that begins with `head` is pcap."""
    return len(head) >= 4 and any(struct.unpack(order + "I", head[:4])[0] in _MAGICS for order in "<>")


@dataclass(frozen=True, slots=True)
class PcapReader:
    """Reader of one pcap file; see `RecordReader`."""

    shape: RecordShape
    link_type: int
    nanoseconds: bool
    """Whether the second half of a timestamp counts nanoseconds instead of microseconds."""
    first: int
    """Byte of the first record."""
    skipped: int = 0
    """Bytes of padding before each frame."""

    @property
    def start(self) -> Cursor:
        """Where the first record begins."""
        return Cursor(self.first)

    def read(self, data: NDArray[np.uint8], cursor: Cursor, stop: int, *, complete: bool) -> Reading:
        """Frames of the records that begin between `cursor` and `stop`."""
        records, end = walk(
            data, self.shape, cursor.position, stop, _Guess(self.shape, data, cursor.position)
        )
        fault = self._fault(data, end) if complete and end < min(stop, len(data)) else None
        return Reading(self._frames(data, records), Cursor(end), fault)

    def _frames(self, data: NDArray[np.uint8], records: NDArray[np.int64]) -> Frames:
        seconds, fraction, first, second = words(data, records, 4, big_endian=self.shape.big_endian)
        captured, wire = (first, second) if self.shape.length_at == 8 else (second, first)
        if self.shape.other_length_at >= 0:
            captured, wire = np.minimum(captured, wire), np.maximum(captured, wire)
        timestamps = seconds * 1_000_000_000 + fraction * (1 if self.nanoseconds else 1_000)
        offsets = records + (self.shape.overhead + self.skipped)
        return Frames(
            offsets,
            np.maximum(captured - self.skipped, 0),
            np.maximum(wire - self.skipped, 0),
            timestamps,
            np.full(len(records), self.link_type, np.int64),
            np.zeros(len(records), np.int64),
        )

    def _fault(self, data: NDArray[np.uint8], position: int) -> Fault:
        left = len(data) - position
        if left < self.shape.header:
            return Fault(
                position, f"the file ends in the middle of a packet's header ({left} bytes of it are there)"
            )
        length = self._length(data, position)
        if length > self.shape.longest:
            return Fault(
                position,
                f"a packet claims {length:,} bytes, more than the {self.shape.longest:,} a packet can have",
            )
        there = left - self.shape.header
        return Fault(
            position, f"the file ends in the middle of a packet ({there:,} of its {length:,} bytes are there)"
        )

    def _length(self, data: NDArray[np.uint8], position: int) -> int:
        order = ">I" if self.shape.big_endian else "<I"
        fields = [at for at in (self.shape.length_at, self.shape.other_length_at) if at >= 0]
        return min(int(struct.unpack_from(order, data.data, position + at)[0]) for at in fields)


def open_pcap(data: NDArray[np.uint8]) -> PcapReader | Fault:
    """Read the file header in `data`, which `is_pcap` has accepted."""
    if len(data) < _FILE_HEADER:
        return Fault(0, f"the file ends in the middle of its header ({len(data)} bytes of it are there)")
    head = data[:_FILE_HEADER].tobytes()
    big_endian = struct.unpack(">I", head[:4])[0] in _MAGICS
    magic, major, minor, _, _, snap_length, link_word = struct.unpack(
        (">" if big_endian else "<") + "IHHiIII", head
    )
    if major < 2:
        return Fault(4, f"the file is of version {major}.{minor} of the pcap format, which nobody describes")
    ixia = magic in {_IXIA_HARDWARE, _IXIA_SOFTWARE}
    first = _FILE_HEADER + (4 if ixia else 0)
    aix = magic == _STANDARD and (major, minor) == (2, 2) and link_word in _AIX_LINK_TYPES
    link_type = _AIX_LINK_TYPES[link_word] if aix else link_word & _LINK_TYPE_BITS
    length_at, other_length_at = _length_fields(major, minor)
    header = _PLAIN
    if (major, minor) >= (2, 4) and major != 543 and magic in {_STANDARD, _KUZNETZOV}:
        candidates = (_PLAIN, _PATCHED, _NOKIA) if magic == _STANDARD else (_PATCHED, _PATCHED_OLDER)
        trial = _Trial(data, first, ">" if big_endian else "<", longest_packet(link_type), snap_length)
        header = min(candidates, key=trial.doubts)
    shape = RecordShape(
        big_endian, header, length_at, header, longest_packet(link_type), other_length_at=other_length_at
    )
    nanoseconds = aix or magic in {_NANOSECONDS, _IXIA_HARDWARE}
    return PcapReader(shape, link_type, nanoseconds, first, skipped=3 if aix and link_type == 10 else 0)


def _length_fields(major: int, minor: int) -> tuple[int, int]:
    """Offset of the captured length, and of the other one where the smaller one counts (-1 = nowhere).

    Up to version 2.2, and in DG/UX's 543.0, the wire length came first; files of version 2.3 have them either way.
    """
    if major == 543 or (major == 2 and minor < 3):
        return 12, -1
    return 8, (12 if (major, minor) == (2, 3) else -1)


@dataclass(frozen=True, slots=True)
class _Trial:
    """How doubtful the first records look under each record header; several variants share a magic number."""

    data: NDArray[np.uint8]
    first: int
    order: str
    longest: int
    snap_length: int

    def doubts(self, header: int) -> int:
        """Number of oddities; 0 = nothing speaks against it."""
        position, found = self.first, 0
        for _ in range(_RECORDS_TO_TRY):
            if position >= len(self.data):
                break
            if position + header > len(self.data):
                return found + 1
            _, fraction, captured, wire = struct.unpack_from(self.order + "IIII", self.data.data, position)
            found += sum(self._oddities(fraction, captured, wire))
            found += sum(self._extra_oddities(position, header))
            if captured > self.longest:
                return found
            position += header + captured
            if position > len(self.data):
                return found + 1
        return found

    def _oddities(self, fraction: int, captured: int, wire: int) -> Iterable[bool]:
        return (
            fraction >= 1_000_000,
            captured > self.longest,
            captured > self.snap_length,
            wire > 128 << 20,
            captured > wire,
        )

    def _extra_oddities(self, position: int, header: int) -> Iterable[bool]:
        if header in {_PATCHED, _PATCHED_OLDER}:
            interface, protocol, kind = struct.unpack_from(
                self.order + "IHB", self.data.data, position + _PLAIN
            )
            return (
                interface > 10_000,
                not (protocol >= 0x0600 or protocol in {0x60, 0x200, 0x400} or protocol <= 0x17),
                kind > 4,
            )
        if header == _NOKIA:
            (stuff,) = struct.unpack_from(self.order + "I", self.data.data, position + _PLAIN)
            return ((stuff & 0x0FFF00F0) != 0x0FBF0000,)
        return ()


class _Guess:
    """Likely record starts: where the upper half of the seconds is that of a known record and the lengths make sense.

    Parameters
    ----------
    known : a true record.
    """

    def __init__(self, shape: RecordShape, data: NDArray[np.uint8], known: int) -> None:
        self._view = data.data
        self._within = 0 if shape.big_endian else 2
        self._pattern = bytes(self._view[known + self._within : known + self._within + 2])
        self._lengths = struct.Struct(">II" if shape.big_endian else "<II").unpack_from
        self._shape = shape

    def __call__(self, low: int, high: int) -> int:
        # Twice the usual longest frame: a header must begin in it.
        raw = bytes(self._view[low : min(low + 4_096, high) + 16])
        at = raw.find(self._pattern, self._within)
        while 0 <= at - self._within <= len(raw) - 16:
            start = at - self._within
            captured, wire = self._lengths(raw, start + 8)
            if captured > wire:
                captured, wire = wire, captured
            if wire <= self._shape.longest:
                following = low + at + self._shape.overhead + captured
                if self._view[following : following + 2] == self._pattern:
                    return low + start
            at = raw.find(self._pattern, at + 1)
        return -1
