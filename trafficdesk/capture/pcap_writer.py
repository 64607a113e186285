"""Writes capture files frame by frame: nanoseconds, one interface per link type, frames cut to a snap length.

For what is made up frame by frame, like the sample; whole blocks go through `pcapng_blocks`. Nothing else is written
than what a reader needs, so the same frames give the same bytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

from trafficdesk.capture.formats.pcapng_blocks import (
    ENHANCED_PACKET,
    framed,
    interface_description,
    padded_to_words,
    section_header,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trafficdesk.capture.source import Frame

_LINK_TYPE_LIMIT: Final = 0xFFFF


class PcapngWriter:
    """Writes frames to a binary stream, which the caller opens and closes.

    Parameters
    ----------
    snap_length : bytes kept of a frame at most, 0 = all of it; the wire length is kept in any case.
    application : who wrote the file; empty = not said.
    comment : for the reader of the file; empty = none.
    """

    def __init__(
        self, stream: BinaryIO, *, snap_length: int = 0, application: str = "", comment: str = ""
    ) -> None:
        self._stream = stream
        self._snap_length = snap_length
        self._interfaces: dict[int, int] = {}
        stream.write(section_header(application=application, comment=comment))

    def write(self, frame: Frame) -> None:
        """Append one frame.

        Raises
        ------
        ValueError
            If the link type or the time can't be expressed in the format.
        """
        if not 0 <= frame.link_type <= _LINK_TYPE_LIMIT or frame.timestamp_ns < 0:
            raise ValueError(f"link type {frame.link_type}, time {frame.timestamp_ns} ns can't be written")
        interface = self._interface(frame.link_type)
        data = frame.data[: self._snap_length] if self._snap_length else frame.data
        head = struct.pack(
            "<IIIII",
            interface,
            frame.timestamp_ns >> 32,
            frame.timestamp_ns & 0xFFFF_FFFF,
            len(data),
            max(frame.wire_length, len(data)),
        )
        self._stream.write(framed(ENHANCED_PACKET, head + padded_to_words(data)))

    def _interface(self, link_type: int) -> int:
        if link_type not in self._interfaces:
            self._interfaces[link_type] = len(self._interfaces)
            self._stream.write(interface_description(link_type, snap_length=self._snap_length))
        return self._interfaces[link_type]


def write_pcapng(stream: BinaryIO, frames: Iterable[Frame], *, snap_length: int = 0) -> int:
    """Write a whole file; returns how many frames it holds."""
    writer = PcapngWriter(stream, snap_length=snap_length)
    written = 0
    for frame in frames:
        writer.write(frame)
        written += 1
    return written
