"""Writes capture files: pcapng with nanoseconds, one interface per link type, frames cut to a snap length.

Format: IETF draft-ietf-opsawg-pcapng, little-endian. Nothing else is written than what a reader needs, so the same
frames give the same bytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trafficdesk.capture.source import Frame

_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_ENHANCED_PACKET: Final = 6
_BYTE_ORDER_MAGIC: Final = 0x1A2B3C4D
_OPTION_COMMENT: Final = 1
_OPTION_APPLICATION: Final = 4
_OPTION_TIMESTAMP_RESOLUTION: Final = 9
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
        options = _option(_OPTION_COMMENT, comment.encode()) + _option(
            _OPTION_APPLICATION, application.encode()
        )
        # Section length -1: not known beforehand.
        body = struct.pack("<IHHq", _BYTE_ORDER_MAGIC, 1, 0, -1)
        stream.write(_block(_SECTION, body + _options(options)))

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
        self._stream.write(_block(_ENHANCED_PACKET, head + _padded(data)))

    def _interface(self, link_type: int) -> int:
        if link_type not in self._interfaces:
            self._interfaces[link_type] = len(self._interfaces)
            body = struct.pack("<HHI", link_type, 0, self._snap_length)
            self._stream.write(
                _block(_INTERFACE, body + _options(_option(_OPTION_TIMESTAMP_RESOLUTION, b"\x09")))
            )
        return self._interfaces[link_type]


def write_pcapng(stream: BinaryIO, frames: Iterable[Frame], *, snap_length: int = 0) -> int:
    """Write a whole file; returns how many frames it holds."""
    writer = PcapngWriter(stream, snap_length=snap_length)
    written = 0
    for frame in frames:
        writer.write(frame)
        written += 1
    return written


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value) if value else b""


def _options(options: bytes) -> bytes:
    return options + bytes(4) if options else b""


def _block(kind: int, body: bytes) -> bytes:
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)
