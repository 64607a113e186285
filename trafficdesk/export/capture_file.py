"""Raw frames saved as pcapng: those a person chose, in order, with their interfaces, and comments where analysis spoke."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk import __version__
from trafficdesk.capture.formats.pcapng_blocks import InterfaceTable, encode, section_header
from trafficdesk.export.atomic import atomic_file
from trafficdesk.export.rows_csv import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from trafficdesk.capture.source import FrameStore
    from trafficdesk.detect.findings import FindingLog
    from trafficdesk.packets.notes import PacketNotes

_AT_ONCE: Final = 1 << 20
"""packet_ids looked for at once; a day's capture has more than an array should hold."""


@dataclass(frozen=True, slots=True)
class SavedCapture:
    """What became of a saving."""

    path: str
    frames: int
    missing: int
    """Frames asked for that are not kept any more."""
    ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64), compare=False, repr=False)
    """(frames,) packet_ids of those written."""


def save_capture(
    path: str | Path,
    store: FrameStore,
    ids: NDArray[np.int64] | range,
    *,
    findings: FindingLog | None = None,
    notes: PacketNotes | None = None,
    cut: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None = None,
    progress: Callable[[float], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> SavedCapture:
    """Write the frames with ascending packet_ids `ids`, as far as they are kept.

    Parameters
    ----------
    findings : flagged packets get the sentence that says why as a comment; None = they don't.
    notes : what a person or the file said of packets, a comment each, before the reason; marked packets say so.
    cut : given packet_ids, how many bytes of each frame are saved at most; None = all.
    progress : told the share done, 0 to 1.
    stop : asked between blocks; True ends it and leaves nothing behind.

    Raises
    ------
    ExportError
        If the file can't be written.
    Stopped
        If `stop` said so.
    """
    table, written = InterfaceTable(), [np.empty(0, np.int64)]
    with atomic_file(path) as file:
        file.write(section_header(application=f"TrafficDesk {__version__}"))
        for done, wanted in _parts(ids):
            for here, block in store.kept(wanted):
                if stop is not None and stop():
                    raise Stopped
                numbers, descriptions = table.number(block, store.interfaces)
                file.write(descriptions)
                if cut is not None:
                    block = replace(block, captured_lengths=np.minimum(block.captured_lengths, cut(here)))  # noqa: PLW2901
                file.write(encode(block, numbers, comments=_comments(findings, notes, here)).data.data)
                written.append(here)
                if progress is not None:
                    progress(min(1.0, (done + int(np.searchsorted(wanted, here[-1]))) / len(ids)))
    saved = np.concatenate(written)
    return SavedCapture(str(path), len(saved), len(ids) - len(saved), saved)


def _parts(ids: NDArray[np.int64] | range) -> Iterator[tuple[int, NDArray[np.int64]]]:
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        yield start, np.arange(part.start, part.stop, dtype=np.int64) if isinstance(part, range) else part


def _comments(
    findings: FindingLog | None, notes: PacketNotes | None, ids: NDArray[np.int64]
) -> dict[int, list[bytes]]:
    """By row: what was noted of a packet, and why it was flagged."""
    if not len(ids):
        return {}
    words = notes.words(ids) if notes else {}
    said = {row: list(texts) for row, texts in words.items()}
    if findings is not None:
        flagged = findings.flagged_between(int(ids[0]), int(ids[-1]) + 1)
        for row in np.flatnonzero(np.isin(ids, flagged, assume_unique=True)).tolist():
            sentence = findings.sentence_of(int(ids[row]))
            # A capture that was saved and opened again says it already.
            if sentence and sentence not in said.setdefault(row, []):
                said[row].append(sentence)
    return {row: [text.encode("utf-8", "replace") for text in texts] for row, texts in said.items()}
