"""Search in the packets' application text: over the arena at once, or once per distinct text.

Texts are bytes from the network and stay bytes here: nothing is decoded, so nothing can fail to decode.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

_CASE_SWITCH = re.compile(r"\(\?[a-zA-Z]*-[a-zA-Z]*i")


def occurrences(arena: NDArray[np.uint8], needle: bytes) -> NDArray[np.int64]:
    """(hits,) ascending positions of `needle`, overlapping ones too."""
    if not needle or len(needle) > len(arena):
        return np.empty(0, np.int64)
    hits = np.flatnonzero(arena[: len(arena) - len(needle) + 1] == needle[0])
    for offset in range(1, len(needle)):
        hits = hits[arena[hits + offset] == needle[offset]]
    return hits


def rows_containing(batch: PacketBatch, needle: bytes) -> NDArray[np.bool_]:
    """(rows,) whose text has `needle` in it, case-sensitive."""
    lengths = batch["text_length"].astype(np.int64)
    if not needle:
        return lengths > 0
    used = np.flatnonzero(lengths >= len(needle))
    found = np.zeros(len(batch), np.bool_)
    if not len(used):
        return found
    starts = batch["text_start"][used]
    low = int(starts.min())
    hits = occurrences(batch.text[low : int((starts + lengths[used]).max())], needle) + low
    following = np.append(hits, np.iinfo(np.int64).max - len(needle))[np.searchsorted(hits, starts)]
    found[used] = following + len(needle) <= starts + lengths[used]
    return found


def rows_equal_to(batch: PacketBatch, text: bytes) -> NDArray[np.bool_]:
    """(rows,) whose whole text is `text`, case-sensitive."""
    candidates = np.flatnonzero(batch["text_length"] == len(text))
    starts = batch["text_start"][candidates]
    for offset, byte in enumerate(text):
        same = batch.text[starts + offset] == byte
        candidates, starts = candidates[same], starts[same]
    equal = np.zeros(len(batch), np.bool_)
    equal[candidates] = True
    return equal


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
    if case_matters or not hashes.all():
        verdicts: dict[bytes, bool] = {}
        texts = [batch.text_of(int(row)) for row in rows]
        for text in set(texts):
            verdicts[text] = test(text)
        passed[rows] = [verdicts[text] for text in texts]
        return passed
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    answers = np.array([test(batch.text_of(int(row))) for row in rows[first]], np.bool_)
    passed[rows] = answers[inverse]
    return passed
