"""What a person noted of packets: marks and comments, by packet_id, for as long as the capture is open.

A file's packets may come with comments, several each; those of marked packets that were saved here mark them again.
They outlive the rows: a packet that has left the table is saved with its comment where its frame is still kept.
"""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

LONGEST_COMMENT: Final = 10_000
"""Characters."""
MARKED_WORDS: Final = "Marked in TrafficDesk"
"""Comment of a packet that has a mark, in a saved capture."""


class NoteFlag(IntFlag):
    """The log's column `mark`; 0 = nothing was noted."""

    MARKED = 1
    COMMENTED = 2


class PacketNotes:
    """Marks and comments of one capture's packets."""

    def __init__(self) -> None:
        self.marked: NDArray[np.int64] = np.empty(0, np.int64)
        """packet_ids of marked packets, ascending; replaced, never changed."""
        self._comments: dict[int, tuple[str, ...]] = {}

    def __bool__(self) -> bool:
        return bool(len(self.marked) or self._comments)

    def copy(self) -> PacketNotes:
        """The notes of this moment, for another thread."""
        other = PacketNotes()
        other.marked = self.marked
        other._comments = dict(self._comments)
        return other

    def comment(self, packet_id: int) -> str:
        """What was said of a packet, a line each; empty where nothing was."""
        return "\n".join(self.comments(packet_id))

    def comments(self, packet_id: int) -> tuple[str, ...]:
        """Everything that was said of a packet."""
        return self._comments.get(packet_id, ())

    def read(self, first_id: int, said: Mapping[int, tuple[str, ...]]) -> NDArray[np.int64]:
        """Take what a file says of packets, by row from `first_id` on; returns whose notes changed, ascending."""
        ids = np.array(sorted(said), np.int64) + first_id
        for packet_id in ids.tolist():
            texts = (text.strip()[:LONGEST_COMMENT] for text in said[packet_id - first_id])
            comments = tuple(text for text in texts if text and text != MARKED_WORDS)
            if comments:
                self._comments[packet_id] = comments
        marked = [packet_id for packet_id in ids.tolist() if MARKED_WORDS in said[packet_id - first_id]]
        self.marked = np.union1d(self.marked, np.array(marked, np.int64))
        return ids

    def set_comment(self, ids: NDArray[np.int64], text: str) -> None:
        """Say `text` of packets instead of what was said; an empty one takes that back."""
        text = text.strip()[:LONGEST_COMMENT]
        for packet_id in ids.tolist():
            if text == self.comment(packet_id):
                continue  # several comments that nobody changed stay several
            if text:
                self._comments[packet_id] = (text,)
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

    def words(self, ids: NDArray[np.int64]) -> dict[int, tuple[str, ...]]:
        """By place in `ids`: the comments of a packet, and that it is marked."""
        flags = self.flags(ids)
        return {
            place: self.comments(int(ids[place])) + _MARKED * bool(flags[place] & NoteFlag.MARKED)
            for place in np.flatnonzero(flags).tolist()
        }


_MARKED: Final = (MARKED_WORDS,)
