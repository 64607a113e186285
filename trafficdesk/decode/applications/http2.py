"""HTTP/2 in clear text (RFC 9113): the connection preface names it, its frames are told by their headers.

application_code = `MAGIC` where the segment begins with the preface; application_type, _id and _count = the first three
frames, each type + 1 << 12 | stream (`FAR_STREAM` where it has more bits), 0 = no frame. A segment of frames has no name of its
own: many a protocol begins with three bytes of length. It keeps the transport's until its conversation names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.application import Application, Over
from trafficdesk.packets.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

MAGIC: Final = 1
FAR_STREAM: Final = 0xFFF
COLUMNS: Final = ("application_type", "application_id", "application_count")
"""Where the first frames are put."""
_PREFACE: Final = b"PRI * HTTP/2.0\r\n"
"""As much of it as is looked at."""
_PREFACE_BYTES: Final = 24
"""RFC 9113 section 3.4."""
_HEADER_BYTES: Final = 9
_LARGEST: Final = 1 << 14
"""SETTINGS_MAX_FRAME_SIZE nobody has raised (RFC 9113 section 4.2)."""
_FLAGS: Final = np.array([0x09, 0x2D, 0, 0, 0x01, 0x0C, 0x01, 0, 0, 0x04], np.uint8)
"""Flags that each type of frame may have (RFC 9113 section 6)."""
_OF_CONNECTION: Final = np.isin(np.arange(10), (4, 6, 7))
"""SETTINGS, PING and GOAWAY, which belong to no stream."""
_WINDOW_UPDATE: Final = 8
_SIZES: Final = np.array([-1, -1, 5, 4, -1, -1, 8, -1, 4, -1])
"""Bytes of types that have always as many."""


def _is_preface(payloads: Payloads) -> NDArray[np.bool_]:
    return payloads.begins((_PREFACE,))


def is_frame(payloads: Payloads, at: NDArray[np.int64] | int) -> NDArray[np.bool_]:
    """Which payloads can have a frame's header at `at`."""
    size, kind = _size(payloads, at), payloads.u8(at + 3)
    known = np.minimum(kind, len(_FLAGS) - 1)
    stream, fixed = payloads.be32(at + 5), _SIZES[known]
    placed = np.where(_OF_CONNECTION[known], stream == 0, (stream > 0) | (known == _WINDOW_UPDATE))
    found: NDArray[np.bool_] = (
        (at + _HEADER_BYTES <= payloads.captured)
        & (kind < len(_FLAGS))
        & (size <= _LARGEST)
        & ((payloads.u8(at + 4) & ~_FLAGS[known]) == 0)
        & (stream < 1 << 31)
        & placed
        & ((fixed < 0) | (size == fixed))
    )
    return found


def _begins_with_frames(payloads: Payloads) -> NDArray[np.bool_]:
    """One frame, and another one behind it if there is room."""
    # Sizes and types are in the first bytes, which are at hand; hardly any other payload passes.
    small = (payloads.head[:, 0] == 0) & (payloads.head[:, 1] <= _LARGEST >> 8)
    rows = np.flatnonzero(small & (payloads.head[:, 3] < len(_FLAGS)))
    found = np.zeros(len(payloads), np.bool_)
    if len(rows):
        rows = rows[is_frame(payloads.select(rows), 0)]
    if len(rows):
        suspects = payloads.select(rows)
        after = _HEADER_BYTES + _size(suspects, 0)
        found[rows] = (after + _HEADER_BYTES > suspects.captured) | is_frame(suspects, after)
    return found


def _size(payloads: Payloads, at: NDArray[np.int64] | int) -> NDArray[np.int64]:
    return (payloads.be16(at).astype(np.int64) << 8) | payloads.u8(at + 2)


def fill_frames(payloads: Payloads) -> None:
    """Tell the first frames of those payloads that begin with some."""
    payloads = payloads.select(_begins_with_frames(payloads))
    _fill(payloads, np.zeros(len(payloads), np.int64))


def _fill(payloads: Payloads, at: NDArray[np.int64]) -> None:
    for column in COLUMNS:
        here = is_frame(payloads, at)
        if not here.any():
            return
        payloads, at = payloads.select(here), at[here]
        kind = payloads.u8(at + 3).astype(np.uint16) + np.uint16(1)
        stream = np.minimum(payloads.be32(at + 5), FAR_STREAM).astype(np.uint16)
        payloads.set(column, kind << np.uint16(12) | stream)
        at = at + _HEADER_BYTES + _size(payloads, at)


def _fill_preface(payloads: Payloads) -> None:
    payloads.set("application_code", MAGIC)
    _fill(payloads, np.full(len(payloads), _PREFACE_BYTES))


HTTP2: Final = Application(Protocol.HTTP2, tcp=Over(leads=(b"PR",), certain=_is_preface), fill=_fill_preface)
HTTP2_FRAMES: Final = Application(
    Protocol.TCP, tcp=Over(leads=(b"\0",), likely=_begins_with_frames), fill=fill_frames
)
