"""What a person noted of packets: marks and comments, by packet_id, for as long as the capture is open.

They outlive the rows: a packet that has left the table is saved with its comment where its frame is still kept.
"""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_COMMENT: Final = 10_000
"""Characters."""
MARKED_WORDS: Final = "Marked in TrafficDesk"
"""Comment of a packet that has a mark and no words, in a saved capture."""


class NoteFlag(IntFlag):
    """The log's column `mark`; 0 = nothing was noted."""

    MARKED = 1
    COMMENTED = 2


class PacketNotes:
    """Marks and comments of one capture's packets."""

    def __init__(self) -> None:
        self.marked: NDArray[np.int64] = np.empty(0, np.int64)
        """packet_ids of marked packets, ascending; replaced, never changed."""
        self._comments: dict[int, str] = {}

    def __bool__(self) -> bool:
        return bool(len(self.marked) or self._comments)

    def copy(self) -> PacketNotes:
        """The notes of this moment, for another thread."""
        other = PacketNotes()
        other.marked = self.marked
        other._comments = dict(self._comments)
        return other

    def comment(self, packet_id: int) -> str:
        """What was said of a packet; empty where nothing was."""
        return self._comments.get(packet_id, "")

    def set_comment(self, ids: NDArray[np.int64], text: str) -> None:
        """Say `text` of packets; an empty one takes back what was said."""
        text = text.strip()[:LONGEST_COMMENT]
        for packet_id in ids.tolist():
            if text:
                self._comments[packet_id] = text
            else:
                self._comments.pop(packet_id, None)

    def toggle(self, ids: NDArray[np.int64]) -> None:
        """Mark packets (ascending ids), or take the marks away where all have one."""
        fresh = np.setdiff1d(ids, self.marked, assume_unique=True)
        self.marked = np.union1d(self.marked, fresh) if len(fresh) else np.setdiff1d(self.marked, ids)

    def flags(self, ids: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(ids,) `NoteFlag` of each packet."""
        flags = np.isin(ids, self.marked, assume_unique=True).astype(np.uint8) * np.uint8(NoteFlag.MARKED)
        if self._comments:
            commented = np.isin(ids, np.fromiter(self._comments, np.int64))
            flags |= commented.astype(np.uint8) * np.uint8(NoteFlag.COMMENTED)
        return flags

    def words(self, ids: NDArray[np.int64]) -> dict[int, str]:
        """By place in `ids`: the comment of a packet, or that it is marked."""
        return {
            place: self._comments.get(int(ids[place]), MARKED_WORDS)
            for place in np.flatnonzero(self.flags(ids)).tolist()
        }
