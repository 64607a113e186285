"""Capture files byte by byte, in variants that no writer at hand produces."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.errors import BadCaptureFile

if TYPE_CHECKING:
    from pathlib import Path

    from trafficdesk.packets.block import FrameBlock

SECONDS = 1_700_000_000


def pcap(
    *frames: bytes,
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    version: tuple[int, int] = (2, 4),
    link_word: int = 1,
    snap_length: int = 65_535,
    after_header: bytes = b"",
    extra: bytes = b"",
    wire_first: bool = False,
) -> bytes:
    """A pcap file; frame i is of second SECONDS + i, fraction i, and was 4 bytes longer on the wire.

    Parameters
    ----------
    extra : what each record header has behind the usual 16 bytes.
    wire_first : whether the wire length comes first, as before version 2.3.
    """
    out = struct.pack(order + "IHHiIII", magic, *version, 0, 0, snap_length, link_word) + after_header
    for number, frame in enumerate(frames):
        lengths = (len(frame), len(frame) + 4)
        out += struct.pack(
            order + "IIII", SECONDS + number, number, *(lengths[::-1] if wire_first else lengths)
        )
        out += extra + frame
    return out


def block(kind: int, body: bytes, order: str = "<", trailer: int | None = None) -> bytes:
    """Any pcapng block, padded."""
    body += bytes(-len(body) % 4)
    size = len(body) + 12
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", trailer or size)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<", version: tuple[int, int] = (1, 0)) -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, *version, -1), order)


def interface(
    link_type: int = 1,
    *,
    order: str = "<",
    snap_length: int = 0,
    resolution: int | None = None,
    offset_s: int | None = None,
) -> bytes:
    options = option(2, b"eth0", order)
    if resolution is not None:
        options += option(9, bytes([resolution]), order)
    if offset_s is not None:
        options += option(14, struct.pack(order + "q", offset_s), order)
    return block(
        1, struct.pack(order + "HHI", link_type, 0, snap_length) + options + option(0, b"", order), order
    )


def enhanced(
    frame: bytes,
    ticks: int = 0,
    *,
    number: int = 0,
    order: str = "<",
    wire: int | None = None,
    options: bytes = b"",
) -> bytes:
    head = struct.pack(
        order + "IIIII",
        number,
        ticks >> 32,
        ticks & 0xFFFFFFFF,
        len(frame),
        len(frame) if wire is None else wire,
    )
    return block(6, head + frame + bytes(-len(frame) % 4) + options, order)


def obsolete(frame: bytes, ticks: int = 0, *, number: int = 0, order: str = "<") -> bytes:
    head = struct.pack(order + "HHIIII", number, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(2, head + frame, order)


def simple(frame: bytes, wire: int | None = None, order: str = "<") -> bytes:
    return block(3, struct.pack(order + "I", len(frame) if wire is None else wire) + frame, order)


def read(
    path: Path, content: bytes | None = None, max_frames: int = 65_536
) -> tuple[list[FrameBlock], BadCaptureFile | None]:
    """All blocks of the file (written first if `content` is given) and the fault that ended it."""
    if content is not None:
        path.write_bytes(content)
    blocks: list[FrameBlock] = []
    try:
        with CaptureFile(path) as file:
            blocks.extend(file.blocks(max_frames))
    except BadCaptureFile as fault:
        return blocks, fault
    return blocks, None


def frames_of(blocks: list[FrameBlock]) -> list[bytes]:
    return [found.frame(row) for found in blocks for row in range(len(found))]


def column(blocks: list[FrameBlock], name: str) -> list[int]:
    return [int(value) for found in blocks for value in getattr(found, name)]
