"""`FlowRows`: what is known of every conversation, in columns that grow up to a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.metrics.flow_keys import WORDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER: Final = np.iinfo(np.int64).max
"""A time that has not come."""
_FIRST_ROOM: Final = 4_096

ONE: Final[dict[str, tuple[str, Any]]] = {
    "first_ns": ("i8", NEVER),
    "last_ns": ("i8", -NEVER),
    "syn_ns": ("i8", NEVER),
    "syn_ack_ns": ("i8", NEVER),
    "first_side": ("u1", 0),
    "reset": ("?", False),
    "last_id": ("i8", -1),
    "program": ("u2", 0),
    "host": ("u4", 0),
}
"""Columns with one value per conversation: dtype and the value of a new one.

`first_side`: which end sent the first packet seen; `syn_ns`, `syn_ack_ns`: first SYN and first SYN-ACK; `last_id`:
packet_id of the newest packet; `program`, `host`: numbers in `Identities`, as far as they are known, 0 = not.
"""
TWO: Final[dict[str, tuple[str, Any]]] = {
    "packets": ("i8", 0),
    "bytes": ("i8", 0),
    "resent": ("i8", 0),
    "begun": ("?", False),
    "base_sequence": ("u4", 0),
    "next_sequence": ("u4", 0),
    "expects": ("?", False),
}
"""Columns with one value per direction, at 2 * row + side: `begun`: whether `base_sequence`, the number of the first
TCP segment, is known; `expects`: whether `next_sequence` is, the highest one past anything sent."""


class FlowRows:
    """Rows are numbered in order of appearance; a row's number changes only when `keep` drops others."""

    def __init__(self) -> None:
        self._count = 0
        self._columns: dict[str, NDArray[Any]] = {}
        self._resize(_FIRST_ROOM)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A column, writable: (rows,), or (2 * rows,) for those of `TWO`; (rows, WORDS) for `words`."""
        return self._columns[name][: self._count * (2 if name in TWO else 1)]

    def append(self, words: NDArray[np.uint64], first_side: NDArray[np.integer]) -> NDArray[np.int64]:
        """Add conversations; returns their rows.

        Parameters
        ----------
        words : (new, WORDS) keys.
        first_side : (new,) which end sent the first packet.
        """
        start, self._count = self._count, self._count + len(words)
        room = len(self._columns["words"])
        if self._count > room:
            self._resize(max(self._count, 2 * room))
        self["words"][start:] = words
        self["first_side"][start:] = first_side
        return np.arange(start, self._count)

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Drop every row but these, which are renumbered in the order given."""
        both = (2 * rows[:, None] + np.arange(2)).reshape(-1)
        kept = {name: self[name][both if name in TWO else rows] for name in self._columns}
        self._count = 0
        self._columns = {}
        self._resize(max(_FIRST_ROOM, len(rows)))
        self._count = len(rows)
        for name, values in kept.items():
            self[name][:] = values

    def columns(self) -> dict[str, NDArray[Any]]:
        """Copies: (rows,) of `ONE`, (rows, 2) of `TWO`, (rows, WORDS) of `words`."""
        return {
            name: self[name].copy().reshape(-1, 2) if name in TWO else self[name].copy()
            for name in self._columns
        }

    def _resize(self, room: int) -> None:
        columns: dict[str, NDArray[Any]] = {"words": np.zeros((room, WORDS), np.uint64)}
        columns |= {name: np.full(room, value, dtype) for name, (dtype, value) in ONE.items()}
        columns |= {name: np.full(2 * room, value, dtype) for name, (dtype, value) in TWO.items()}
        for name, column in self._columns.items():
            columns[name][: len(column)] = column
        self._columns = columns
