"""Search in the packets' application text: over the arena at once, or once per distinct text.

Texts are bytes from the network and stay bytes here: nothing is decoded, so nothing can fail to decode.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

_SAMPLED: Final = 4_096
_ASKED: Final = 256
LOWER: Final = np.frombuffer(bytes(range(256)).lower(), np.uint8)
UPPER: Final = np.frombuffer(bytes(range(256)).upper(), np.uint8)
"""ASCII's letters, as `bytes.lower` and `bytes.upper` map them."""
_LITERAL: Final = re.compile(r"(\^?)((?:[A-Za-z0-9_ :/@-]|\\[.:/@_-])+)")
_CASE_SWITCH = re.compile(r"\(\?[a-zA-Z]*-[a-zA-Z]*i")


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
    stop: int = 65_535
    """First byte of every text that counts, and the one past the last; a text that ends before has none."""

    def spans(self, batch: PacketBatch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(rows,) starts in the arena and lengths."""
        lengths = np.minimum(batch["text_length"].astype(np.int64), self.stop) - self.first
        return batch["text_start"] + self.first, np.maximum(lengths, 0, out=lengths)

    def octets(self, arena: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A part of the arena as it is looked at."""
        return arena if self.fold is None else self.fold[arena]


WHOLE: Final = View()


def rows_containing(batch: PacketBatch, needle: bytes, view: View = WHOLE) -> NDArray[np.bool_]:
    """(rows,) whose text has `needle` in it."""
    starts, lengths = view.spans(batch)
    if not needle:
        return lengths > 0
    used = np.flatnonzero(lengths >= len(needle))
    found = np.zeros(len(batch), np.bool_)
    if not len(used):
        return found
    starts, ends = starts[used], starts[used] + lengths[used]
    low = int(starts.min())
    hits = occurrences(view.octets(batch.text[low : int(ends.max())]), needle) + low
    following = np.append(hits, np.iinfo(np.int64).max - len(needle))[np.searchsorted(hits, starts)]
    found[used] = following + len(needle) <= ends
    return found


def rows_equal_to(batch: PacketBatch, text: bytes, view: View = WHOLE) -> NDArray[np.bool_]:
    """(rows,) whose whole text is `text`."""
    starts, lengths = view.spans(batch)
    candidates = np.flatnonzero(lengths == len(text))
    starts = starts[candidates]
    for offset, byte in enumerate(text):
        same = view.octets(batch.text[starts + offset]) == byte
        candidates, starts = candidates[same], starts[same]
    equal = np.zeros(len(batch), np.bool_)
    equal[candidates] = True
    return equal


def literal_of_pattern(pattern: str) -> tuple[str, bool] | None:
    """The text that a regular expression without any choice stands for, and whether it must begin there."""
    found = _LITERAL.fullmatch(pattern)
    return (re.sub(r"\\(.)", r"\1", found[2]), bool(found[1])) if found else None


def matcher(pattern: str) -> tuple[re.Pattern[bytes], bool]:
    """A regular expression as `matches` means it (case-insensitive), and whether it looks at case all the same.

    Raises
    ------
    re.error
        If it does not compile.
    """
    return re.compile(pattern.encode(), re.IGNORECASE), _CASE_SWITCH.search(pattern) is not None


def rows_where(
    batch: PacketBatch, candidates: NDArray[np.bool_], test: Callable[[bytes], bool], *, case_matters: bool
) -> NDArray[np.bool_]:
    """(rows,) of `candidates` whose text passes `test`, which is asked once per distinct text.

    `name_hash` is of the lower-cased text: it tells texts apart only where case does not matter.
    """
    rows = np.flatnonzero(candidates)
    passed = np.zeros(len(batch), np.bool_)
    if not len(rows):
        return passed
    hashes = batch["name_hash"][rows]
    if not case_matters and _is_repetitive(hashes):
        _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        answers = np.array([test(batch.text_of(int(row))) for row in rows[first]], np.bool_)
        passed[rows] = answers[inverse]
        return passed
    starts = batch["text_start"][rows]
    ends = starts + batch["text_length"][rows]
    low = int(starts.min())
    arena = batch.text[low : int(ends.max())].tobytes()
    # Slices of one bytes object: a numpy slice per row costs three times as much.
    spans = zip((starts - low).tolist(), (ends - low).tolist(), strict=True)
    passed[rows] = [test(arena[start:end]) for start, end in spans]
    return passed


def _is_repetitive(hashes: NDArray[np.uint64]) -> bool:
    """Whether sorting them is worth it: all are there, and of a few at least half are repetitions."""
    few = hashes[:: max(1, len(hashes) // _ASKED)]
    return bool(hashes.all()) and len(np.unique(few)) * 2 <= len(few) + 1
