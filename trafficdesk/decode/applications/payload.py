"""`Payloads`: the transport payloads of some rows, with their first bytes at hand; what every application reads."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

HEAD_BYTES: Final = 16
"""Bytes of each payload gathered at once: enough for nearly every signature and fixed header."""


class Payloads:
    """Transport payloads of `rows`, aligned arrays throughout.

    Reads are bounded by what was captured and by the payload's own length, so that neither another frame's bytes nor
    Ethernet padding are taken for payload: a byte outside reads as 0.
    """

    __slots__ = ("at", "head", "rows", "stop", "workspace")

    def __init__(
        self,
        workspace: Workspace,
        rows: NDArray[np.int64],
        at: NDArray[np.int64],
        stop: NDArray[np.int64],
        head: NDArray[np.uint8],
    ) -> None:
        self.workspace = workspace
        self.rows: NDArray[np.int64] = rows
        """(rows,) row indices in the workspace."""
        self.at: NDArray[np.int64] = at
        """(rows,) absolute first byte."""
        self.stop: NDArray[np.int64] = stop
        """(rows,) absolute end of what was captured of the payload."""
        self.head: NDArray[np.uint8] = head
        """(rows, HEAD_BYTES) first bytes, zero-filled."""

    @classmethod
    def of(cls, workspace: Workspace, rows: NDArray[np.int64]) -> Payloads:
        """Payloads of `rows`, which must have been decoded up to the transport."""
        at = workspace.starts[rows] + workspace.columns["payload_offset"][rows]
        stop = np.minimum(at + workspace.columns["payload_length"][rows], workspace.ends[rows])
        return cls(workspace, rows, at, stop, _heads(workspace.data, at, stop))

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, index: NDArray[np.bool_] | NDArray[np.int64]) -> Payloads:
        """Those that `index` picks."""
        picked = np.flatnonzero(index) if index.dtype == np.bool_ else index
        return Payloads(
            self.workspace,
            self.rows[picked],
            self.at[picked],
            self.stop[picked],
            self.head.take(picked, axis=0),
        )

    def shifted(self, offset: int) -> Payloads:
        """The same payloads without their first `offset` bytes."""
        at = self.at + offset
        return Payloads(self.workspace, self.rows, at, self.stop, _heads(self.workspace.data, at, self.stop))

    @property
    def captured(self) -> NDArray[np.int64]:
        """(rows,) captured bytes of payload; 0 where the payload lies beyond the captured end."""
        captured: NDArray[np.int64] = np.maximum(self.stop - self.at, 0)
        return captured

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(rows,) bytes of payload on the wire."""
        lengths: NDArray[np.int64] = self.column("payload_length").astype(np.int64)
        return lengths

    def column(self, name: str) -> NDArray[Any]:
        """A copy of the workspace's column for these rows."""
        return self.workspace.columns[name][self.rows]

    def set(self, name: str, values: NDArray[Any] | int) -> None:
        """Write the workspace's column for these rows."""
        self.workspace.columns[name][self.rows] = values

    def begins(self, prefixes: tuple[bytes, ...]) -> NDArray[np.bool_]:
        """Which payloads begin with one of `prefixes` (each at most `HEAD_BYTES`)."""
        words = self.head.view(np.uint64)
        found = np.zeros(len(self), np.bool_)
        for masks, values, long in map(_prefix_words, prefixes):
            hit = (words[:, 0] & masks[0]) == values[0]
            if long:
                hit &= (words[:, 1] & masks[1]) == values[1]
            found |= hit
        return found

    def u8(self, offset: NDArray[np.int64] | int) -> NDArray[np.uint8]:
        """One byte each."""
        if isinstance(offset, int) and offset < HEAD_BYTES:
            return self.head[:, offset]
        at = self.at + offset
        data = self.workspace.data
        if not len(data):
            return np.zeros(len(self), np.uint8)
        return np.where(at < self.stop, data[np.minimum(at, len(data) - 1)], np.uint8(0))

    def be16(self, offset: NDArray[np.int64] | int) -> NDArray[np.uint16]:
        """Two bytes each, network order."""
        return (self.u8(offset).astype(np.uint16) << np.uint16(8)) | self.u8(offset + 1)

    def be32(self, offset: NDArray[np.int64] | int) -> NDArray[np.uint32]:
        """Four bytes each, network order."""
        return (self.be16(offset).astype(np.uint32) << np.uint32(16)) | self.be16(offset + 2)


def _heads(data: NDArray[np.uint8], at: NDArray[np.int64], stop: NDArray[np.int64]) -> NDArray[np.uint8]:
    """(rows, HEAD_BYTES) bytes from `at`, zero from `stop`."""
    if len(data) < HEAD_BYTES:
        data = np.concatenate([data, np.zeros(HEAD_BYTES, np.uint8)])
    last = len(data) - HEAD_BYTES
    # One 16-byte item at every byte position: a gather of items is 4 times faster than one of 16 single bytes.
    items: NDArray[np.void] = np.ndarray(
        (last + 1,), f"V{HEAD_BYTES}", np.ascontiguousarray(data), strides=(1,)
    )
    head = items[np.minimum(at, last)].view(np.uint8).reshape(-1, HEAD_BYTES)
    short = np.flatnonzero(stop - at < HEAD_BYTES)
    if len(short):
        index = at[short, None] + np.arange(HEAD_BYTES)
        head[short] = np.where(index < stop[short, None], data[np.minimum(index, len(data) - 1)], np.uint8(0))
    return head


@cache
def _prefix_words(prefix: bytes) -> tuple[NDArray[np.uint64], NDArray[np.uint64], bool]:
    """Masks and values of a prefix as two native 64-bit words, and whether the second matters."""
    if not 0 < len(prefix) <= HEAD_BYTES:
        raise ValueError(f"a prefix has 1 to {HEAD_BYTES} bytes: {prefix!r}")
    masks = np.frombuffer((b"\xff" * len(prefix)).ljust(HEAD_BYTES, b"\0"), np.uint64)
    values = np.frombuffer(prefix.ljust(HEAD_BYTES, b"\0"), np.uint64)
    return masks, values, len(prefix) > 8
