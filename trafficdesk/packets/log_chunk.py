"""What the log's rows lie in: chunks of fixed size, with the columns that analysis and a person add later."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.fields import FIELDS, arena_lengths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

CHUNK_ROWS: Final = 65_536


class Verdict(IntFlag):
    """What analysis said of a row; 0 = not analysed yet."""

    SCORED = 1
    UNUSUAL = 2
    """The model's score is beyond its threshold."""
    FAMILY = 4
    """A behaviour rule names it."""
    COLLATERAL = 8
    """The victim's ordinary row inside an incident: dimmed, not red."""
    SKIPPED = 16
    """Never analysed: packets came faster than they could be."""
    SUPPRESSED = 32
    """It would be flagged, but a person said that it is expected: counted, not highlighted."""
    KNOWN_BAD = 64
    """Like what a person marked as suspicious."""
    OWN = 128
    """Of a conversation of TrafficDesk's own (an alert's mail, the history's server): never judged, nor learned."""

    @property
    def flagged(self) -> bool:
        """Whether the row is to be highlighted."""
        return bool(self & (Verdict.UNUSUAL | Verdict.FAMILY))


FLAGGED: Final = int(Verdict.UNUSUAL | Verdict.FAMILY)

ANALYSIS_FIELDS: Final = (("score", "f4"), ("verdict", "u1"), ("family", "u1"), ("incident", "i4"))
"""score: high = anomalous, NaN = unknown; family: index in `detect.families`, 0 = none; incident: id, 0 = none."""

IDENTITY_FIELDS: Final = (("program", "u2"), ("host", "u4"), ("threat", "u2"))
"""Index in `Identities.programs`, in `Identities.hosts` and in `Identities.threats`, 0 = not known, none."""

NOTE_FIELDS: Final = (("mark", "u1"),)
"""`packets.notes.NoteFlag`: what a person noted; 0 = nothing."""

LOOK_FIELDS: Final = (
    ("label", "u2"),
    ("likeness", "u1"),
    ("application", "u2"),
    ("application_likeness", "u1"),
)
"""What a row looks like to a classifier: index in `Identities.labels`, 0 = nothing, and the share of its votes in %."""

LATER_FIELDS: Final = (*ANALYSIS_FIELDS, *IDENTITY_FIELDS, *NOTE_FIELDS, *LOOK_FIELDS)


@dataclass(slots=True, eq=False)
class Chunk:
    """CHUNK_ROWS rows, the last of them perhaps not yet filled."""

    columns: dict[str, NDArray[Any]]
    analysis: dict[str, NDArray[Any]]
    """Columns that change later: what analysis says, and who is behind a row."""
    rows: int = 0
    texts: list[NDArray[np.uint8]] = field(default_factory=list)
    text_bytes: int = 0

    @classmethod
    def new(cls) -> Chunk:
        """Room for rows."""
        analysis = {name: np.zeros(CHUNK_ROWS, dtype) for name, dtype in LATER_FIELDS}
        analysis["score"][:] = np.nan
        return cls({name: np.empty(CHUNK_ROWS, dtype) for name, dtype in _TYPES}, analysis)

    def frozen(self) -> Chunk:
        """The same columns and texts; a later append to this chunk does not reach the copy."""
        return Chunk(self.columns, self.analysis, self.rows, [self.text()], self.text_bytes)

    def text(self) -> NDArray[np.uint8]:
        """The chunk's text arena as one array."""
        if len(self.texts) > 1:
            self.texts = [np.concatenate(self.texts)]
        return self.texts[0] if self.texts else np.empty(0, np.uint8)

    def column(self, name: str) -> NDArray[Any]:
        """(CHUNK_ROWS,) one column, the packet's or one that changes later."""
        return self.analysis[name] if name in self.analysis else self.columns[name]

    def fill(self, batch: PacketBatch, done: int) -> int:
        """Take rows of `batch` from `done` on, as many as there is room for; returns how many."""
        count = min(CHUNK_ROWS - self.rows, len(batch) - done)
        into = slice(self.rows, self.rows + count)
        rows = slice(done, done + count)
        for name, column in self.columns.items():
            column[into] = batch[name][rows]
        if batch.identity is not None:
            for name, column in batch.identity.columns().items():
                self.analysis[name][into] = column[rows]
        text, shift = _text_between(batch, rows)
        self.columns["text_start"][into] += self.text_bytes - shift
        if len(text):
            self.texts.append(text)
            self.text_bytes += len(text)
        self.rows += count
        return count


def _text_between(batch: PacketBatch, rows: slice) -> tuple[NDArray[np.uint8], int]:
    """The part of the arena that `rows` use, and where it began.

    A packet without text may carry any text_start; only those with text count.
    """
    lengths = arena_lengths({name: batch[name][rows] for name in ("text_length", "tunnel")})
    used = lengths > 0
    if not used.any():
        return np.empty(0, np.uint8), 0
    starts = batch["text_start"][rows][used]
    low = int(starts.min())
    high = int((starts + lengths[used]).max())
    return batch.text[low:high], low


_TYPES: Final = tuple((item.name, item.dtype) for item in FIELDS)
DTYPES: Final = dict(_TYPES) | dict(LATER_FIELDS)
"""dtype of every column of the log."""
