"""Search in the packets' application text: over the arena, or all texts, at once.

Texts are bytes from the network and stay bytes here: nothing is decoded, so nothing can fail to decode.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.pattern import Pattern

_SAMPLED: Final = 4_096
_ASKED: Final = 256
WHOLE_TEXT: Final = 65_535
"""More bytes than any text has."""
_LITERAL: Final = re.compile(r"(\^?)((?:[A-Za-z0-9_ :/@-]|\\[.:/@_-])+)")


def occurrences(arena: NDArray[np.uint8], needle: bytes) -> NDArray[np.int64]:
    """(hits,) ascending positions of `needle`, overlapping ones too."""
    if not needle or len(needle) > len(arena):
        return np.empty(0, np.int64)
    # The rarest byte first, as a few thousand of the arena's tell: it leaves the fewest places to look at.
    counts = np.bincount(arena[:: max(1, len(arena) // _SAMPLED)], minlength=256)
    rarest, *others = sorted(range(len(needle)), key=lambda offset: int(counts[needle[offset]]))
    places = arena[rarest : len(arena) - len(needle) + 1 + rarest]
    hits = np.flatnonzero(places == needle[rarest])
    for offset in others:
        hits = hits[arena[hits + offset] == needle[offset]]
    return hits


@dataclass(frozen=True, slots=True)
class View:
    """How the texts are looked at."""

    fold: NDArray[np.uint8] | None = None
    """(256,) byte for every byte, such as `LOWER`; None = as they are."""
    first: int = 0
    stop: int = WHOLE_TEXT
    """First byte of every text that counts, and the one past the last; a text that ends before has none."""
    part: int = -1
    """Which of the text's words, separated by single spaces; first and stop count from its begin. -1 = all of it."""

    def spans(
        self, batch: PacketBatch, rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(rows,) starts in the arena and lengths, -1 where a text has no such part."""
        starts = batch["text_start"][rows]
        lengths = batch["text_length"][rows].astype(np.int64)
        if self.part >= 0:
            starts, lengths = _words(batch.text, starts, lengths, self.part)
        if self.first or self.stop < WHOLE_TEXT:
            missing = (lengths < 0) | (lengths <= self.first) & (self.first > 0)
            lengths = np.where(missing, -1, np.maximum(np.minimum(lengths, self.stop) - self.first, 0))
        return starts + self.first, lengths

    def octets(self, arena: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A part of the arena as it is looked at."""
        return arena if self.fold is None else self.fold[arena]


WHOLE: Final = View()


def _words(
    arena: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64], part: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and lengths of the texts' words number `part`, -1 where there is none."""
    if not len(starts):
        return starts, lengths
    ends = starts + lengths
    low = int(starts.min())
    spaces = np.append(np.flatnonzero(arena[low : int(ends.max())] == ord(" ")) + low, np.iinfo(np.int64).max)
    missing = np.zeros(len(starts), np.bool_)
    for _ in range(part):
        space = spaces[np.searchsorted(spaces, starts)]
        missing |= space >= ends
        starts = np.where(missing, starts, space + 1)
    stops = np.minimum(spaces[np.searchsorted(spaces, starts)], ends)
    return starts, np.where(missing, -1, stops - starts)


def rows_with(batch: PacketBatch, candidates: NDArray[np.bool_], view: View) -> NDArray[np.bool_]:
    """(rows,) of `candidates` whose text has the part that is looked at."""
    if view.part < 0 and view.first == 0:
        return candidates
    rows = np.flatnonzero(candidates)
    return _marked(batch, rows[view.spans(batch, rows)[1] >= 0])


def rows_containing(
    batch: PacketBatch, candidates: NDArray[np.bool_], needle: bytes, view: View = WHOLE
) -> NDArray[np.bool_]:
    """(rows,) of `candidates` whose text has `needle` in it."""
    rows = np.flatnonzero(candidates)
    starts, lengths = view.spans(batch, rows)
    if not needle:
        return _marked(batch, rows[lengths > 0])
    used = lengths >= len(needle)
    rows, starts, lengths = rows[used], starts[used], lengths[used]
    if not len(rows):
        return _marked(batch, rows)
    ends = starts + lengths
    low = int(starts.min())
    hits = occurrences(view.octets(batch.text[low : int(ends.max())]), needle) + low
    following = np.append(hits, np.iinfo(np.int64).max - len(needle))[np.searchsorted(hits, starts)]
    return _marked(batch, rows[following + len(needle) <= ends])


def rows_equal_to(
    batch: PacketBatch, candidates: NDArray[np.bool_], text: bytes, view: View = WHOLE
) -> NDArray[np.bool_]:
    """(rows,) of `candidates` whose whole text is `text`."""
    rows = np.flatnonzero(candidates)
    starts, lengths = view.spans(batch, rows)
    same = lengths == len(text)
    rows, starts = rows[same], starts[same]
    for offset, byte in enumerate(text):
        same = view.octets(batch.text[starts + offset]) == byte
        rows, starts = rows[same], starts[same]
    return _marked(batch, rows)


def rows_matching(
    batch: PacketBatch, candidates: NDArray[np.bool_], pattern: Pattern, view: View = WHOLE
) -> NDArray[np.bool_]:
    """(rows,) of `candidates` in whose text the pattern is found; texts that come again are asked once.

    `name_hash` is of the lower-cased whole text: it tells texts apart only where neither case nor place matters.
    """
    rows = np.flatnonzero(candidates)
    hashes = batch["name_hash"][rows]
    distinct, inverse = rows, None
    if view.part < 0 and view.fold is None and pattern.ignores_case and _is_repetitive(hashes):
        _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        distinct = rows[first]
    starts, lengths = view.spans(batch, distinct)
    found = (lengths >= 0) & pattern.search_all(batch.text, starts, np.maximum(lengths, 0), view.fold)
    return _marked(batch, rows[found if inverse is None else found[inverse]])


def _marked(batch: PacketBatch, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask = np.zeros(len(batch), np.bool_)
    mask[rows] = True
    return mask


def _is_repetitive(hashes: NDArray[np.uint64]) -> bool:
    """Whether sorting them is worth it: all are there, and of a few at least half are repetitions."""
    few = hashes[:: max(1, len(hashes) // _ASKED)]
    return bool(hashes.all()) and len(np.unique(few)) * 2 <= len(few) + 1


def literal_of_pattern(pattern: str) -> tuple[str, bool] | None:
    """The text that a regular expression without any choice stands for, and whether it must begin there."""
    found = _LITERAL.fullmatch(pattern)
    return (re.sub(r"\\(.)", r"\1", found[2]), bool(found[1])) if found else None
