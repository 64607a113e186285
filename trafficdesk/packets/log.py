"""`PacketLog`: the newest rows of a capture, in columns, bounded, addressed by packet_id.

Rows live in chunks of fixed size, so appending never moves what is there (a growing array would stall the window
while it is copied) and the oldest rows leave a whole chunk at a time. Beside the packet's columns the log keeps what
analysis adds later: score, verdict, family and incident; who is behind a row: program and host; and a person's mark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.fields import COLUMN_NAMES, FIELDS, arena_lengths
from trafficdesk.packets.identities import Identities, RowIdentity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

CHUNK_ROWS: Final = 65_536
DEFAULT_CAPACITY: Final = 2_000_000
"""Rows; about 170 bytes each."""


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

    @property
    def flagged(self) -> bool:
        """Whether the row is to be highlighted."""
        return bool(self & (Verdict.UNUSUAL | Verdict.FAMILY))


FLAGGED: Final = int(Verdict.UNUSUAL | Verdict.FAMILY)

ANALYSIS_FIELDS: Final = (("score", "f4"), ("verdict", "u1"), ("family", "u1"), ("incident", "i4"))
"""score: high = anomalous, NaN = unknown; family: index in `detect.families`, 0 = none; incident: id, 0 = none."""

IDENTITY_FIELDS: Final = (("program", "u2"), ("host", "u4"))
"""Index in `Identities.programs` and in `Identities.hosts`, 0 = not known."""

NOTE_FIELDS: Final = (("mark", "u1"),)
"""`packets.notes.NoteFlag`: what a person noted; 0 = nothing."""

_LATER_FIELDS: Final = (*ANALYSIS_FIELDS, *IDENTITY_FIELDS, *NOTE_FIELDS)


@dataclass(slots=True, eq=False)
class _Chunk:
    """CHUNK_ROWS rows, the last of them perhaps not yet filled."""

    columns: dict[str, NDArray[Any]]
    analysis: dict[str, NDArray[Any]]
    """Columns that change later: what analysis says, and who is behind a row."""
    rows: int = 0
    texts: list[NDArray[np.uint8]] = field(default_factory=list)
    text_bytes: int = 0

    @classmethod
    def new(cls) -> _Chunk:
        analysis = {name: np.zeros(CHUNK_ROWS, dtype) for name, dtype in _LATER_FIELDS}
        analysis["score"][:] = np.nan
        return cls({name: np.empty(CHUNK_ROWS, dtype) for name, dtype in _TYPES}, analysis)

    def frozen(self) -> _Chunk:
        """The same columns and texts; a later append to this chunk does not reach the copy."""
        return _Chunk(self.columns, self.analysis, self.rows, [self.text()], self.text_bytes)

    def text(self) -> NDArray[np.uint8]:
        """The chunk's text arena as one array."""
        if len(self.texts) > 1:
            self.texts = [np.concatenate(self.texts)]
        return self.texts[0] if self.texts else np.empty(0, np.uint8)


_TYPES: Final = tuple((item.name, item.dtype) for item in FIELDS)


class PacketLog:
    """Bounded log of packets.

    Parameters
    ----------
    capacity : rows kept at most, rounded up to whole chunks of `CHUNK_ROWS`.
    """

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self._max_chunks = max(2, -(-capacity // CHUNK_ROWS))
        self._chunks: list[_Chunk] = []
        self._first_id = 0
        self._end_id = 0
        self.start_ns = 0
        """When the capture's first packet came, whether it is still here or not."""
        self.interfaces: tuple[str, ...] = ()
        """Names of the column `interface`'s numbers, as the newest batch has them."""
        self.identities = Identities()
        """What the columns `program` and `host` stand for."""

    def __len__(self) -> int:
        return self._end_id - self._first_id

    @property
    def capacity(self) -> int:
        """Rows kept at most."""
        return self._max_chunks * CHUNK_ROWS

    @property
    def first_id(self) -> int:
        """packet_id of the oldest row still here."""
        return self._first_id

    @property
    def end_id(self) -> int:
        """One past the newest packet_id; also the number of packets ever appended."""
        return self._end_id

    def clear(self) -> None:
        """Forget everything; numbering starts again at 0."""
        self._chunks = []
        self._first_id = self._end_id = 0
        self.interfaces = ()
        self.identities.restart()

    def rows_evicted_by(self, incoming: int) -> int:
        """How many of the oldest rows will leave when `incoming` more are appended."""
        free = self._max_chunks * CHUNK_ROWS - (self._end_id - self._first_id)
        surplus = incoming - free
        return min(len(self), -(-surplus // CHUNK_ROWS) * CHUNK_ROWS) if surplus > 0 else 0

    def append(self, batch: PacketBatch) -> int:
        """Add `batch`, whose first_id must be `end_id`; returns how many of the oldest rows left.

        Raises
        ------
        ValueError
            If the batch does not continue the log.
        """
        if batch.first_id != self._end_id:
            raise ValueError(f"batch starts at {batch.first_id}, the log ends at {self._end_id}")
        self.interfaces = batch.interfaces or self.interfaces
        if not self._end_id and len(batch):
            self.start_ns = int(batch["timestamp_ns"][0])
        evicted = 0
        done = 0
        while done < len(batch):
            if not self._chunks or self._chunks[-1].rows == CHUNK_ROWS:
                evicted += self._make_room()
                self._chunks.append(_Chunk.new())
            done += self._fill(self._chunks[-1], batch, done)
        return evicted

    def column(self, name: str, ids: NDArray[np.int64]) -> NDArray[Any]:
        """Values of one column (packet's or analysis') at `ids`, all of which must be in the log."""
        return self._gather(name, self._places(ids), len(ids))

    def take(self, ids: NDArray[np.int64]) -> PacketBatch:
        """Rows at `ids` in that order, as a batch of their own (its first_id is 0; text is gathered)."""
        places = self._places(ids)
        columns = {name: self._gather(name, places, len(ids)) for name in COLUMN_NAMES}
        lengths = arena_lengths(columns)
        starts = np.cumsum(lengths) - lengths
        text = np.empty(int(lengths.sum()), np.uint8)
        for chunk, here, _ in places:
            rows = here[lengths[here] > 0]
            if not len(rows):
                continue
            within = np.arange(int(lengths[rows].sum())) - np.repeat(
                np.cumsum(lengths[rows]) - lengths[rows], lengths[rows]
            )
            source = np.repeat(columns["text_start"][rows], lengths[rows]) + within
            text[np.repeat(starts[rows], lengths[rows]) + within] = chunk.text()[source]
        columns["text_start"] = starts
        return PacketBatch(0, columns, text, interfaces=self.interfaces)

    def slice(self, start_id: int, stop_id: int) -> PacketBatch:
        """Consecutive rows with their packet_ids, for analysis and export; inside one chunk nothing is copied.

        Raises
        ------
        IndexError
            If some of them are not in the log.
        """
        number, row = divmod(start_id - self._first_id, CHUNK_ROWS)
        rows = stop_id - start_id
        if not (self._first_id <= start_id and stop_id <= self._end_id and 0 < rows <= CHUNK_ROWS - row):
            batch = self.take(np.arange(start_id, stop_id, dtype=np.int64))
            return PacketBatch(start_id, batch.columns, batch.text, interfaces=self.interfaces)
        chunk = self._chunks[number]
        columns = {name: column[row : row + rows] for name, column in chunk.columns.items()}
        return PacketBatch(start_id, columns, chunk.text().view(), interfaces=self.interfaces)

    def identity(self, start_id: int, stop_id: int) -> RowIdentity:
        """Who is behind consecutive rows of one chunk: views, in which what becomes known later is read, too."""
        number, row = divmod(start_id - self._first_id, CHUNK_ROWS)
        analysis, rows = self._chunks[number].analysis, slice(row, row + stop_id - start_id)
        program, host = analysis["program"][rows], analysis["host"][rows]
        return RowIdentity(np.full(len(program), -1, np.int64), program, host)

    def views(self, start_id: int, stop_id: int) -> Iterator[PacketBatch]:
        """Consecutive rows, all of which must be here, in as many batches as chunks hold them; nothing is copied."""
        while start_id < stop_id:
            room = CHUNK_ROWS - (start_id - self._first_id) % CHUNK_ROWS
            stop = min(start_id + room, stop_id)
            yield self.slice(start_id, stop)
            start_id = stop

    def batches(self) -> Iterator[PacketBatch]:
        """The whole log a chunk at a time, oldest first, without copying the columns."""
        first = self._first_id
        for chunk in list(self._chunks):
            columns = {name: column[: chunk.rows].view() for name, column in chunk.columns.items()}
            yield PacketBatch(first, columns, chunk.text().view(), interfaces=self.interfaces)
            first += chunk.rows

    def set_analysis(
        self,
        first_id: int,
        score: NDArray[np.float32],
        verdict: NDArray[np.uint8],
        family: NDArray[np.uint8],
        incident: NDArray[np.int32],
    ) -> None:
        """Store what analysis said of consecutive rows; rows that have left already are passed over."""
        values: dict[str, NDArray[Any]] = {
            "score": score,
            "verdict": verdict,
            "family": family,
            "incident": incident,
        }
        start = max(first_id, self._first_id)
        stop = min(first_id + len(score), self._end_id)
        while start < stop:
            number, row = divmod(start - self._first_id, CHUNK_ROWS)
            count = min(stop - start, CHUNK_ROWS - row)
            source = slice(start - first_id, start - first_id + count)
            for name, value in values.items():
                self._chunks[number].analysis[name][row : row + count] = value[source]
            start += count

    def update_analysis(self, name: str, ids: NDArray[np.int64], values: NDArray[Any]) -> None:
        """Overwrite one analysis column at scattered `ids`; those that have left are passed over."""
        here = (ids >= self._first_id) & (ids < self._end_id)
        chunk_of, row_of = self._locate(ids[here])
        kept = values[here]
        for number in np.unique(chunk_of):
            mine = chunk_of == number
            self._chunks[number].analysis[name][row_of[mine]] = kept[mine]

    def select(
        self,
        mask_of: Callable[[PacketBatch, dict[str, NDArray[Any]]], NDArray[np.bool_]],
        start_id: int | None = None,
        stop_id: int | None = None,
    ) -> NDArray[np.int64]:
        """packet_ids of the rows for which `mask_of(batch, analysis)` is true, ascending.

        `start_id` and `stop_id` bound the search to those rows that are still here: a window searches a part at a
        time between two paints.
        """
        start = max(self._first_id, start_id or 0)
        stop = self._end_id if stop_id is None else min(self._end_id, stop_id)
        found = []
        while start < stop:
            number, row = divmod(start - self._first_id, CHUNK_ROWS)
            chunk = self._chunks[number]
            rows = slice(row, row + min(stop - start, chunk.rows - row))
            columns = {name: column[rows] for name, column in chunk.columns.items()}
            analysis = {name: column[rows] for name, column in chunk.analysis.items()}
            batch = PacketBatch(start, columns, chunk.text().view(), interfaces=self.interfaces)
            found.append(start + np.flatnonzero(mask_of(batch, analysis)))
            start += len(batch)
        return np.concatenate(found).astype(np.int64) if found else np.empty(0, np.int64)

    def snapshot(self) -> PacketLog:
        """The log of this moment, for another thread: it shares the columns, but no later packet appears or leaves.

        What analysis stores later in rows that are here is seen.
        """
        copy = PacketLog(self.capacity)
        copy._chunks = [chunk.frozen() for chunk in self._chunks]
        copy._first_id, copy._end_id = self._first_id, self._end_id
        copy.start_ns = self.start_ns
        copy.interfaces = self.interfaces
        copy.identities = self.identities
        return copy

    def to_dataframe(self) -> pd.DataFrame:
        """The whole log as pandas, with analysis, program and host; one row per packet, indexed by id."""
        from trafficdesk.packets.frame_table import dataframe_of

        ids = np.arange(self._first_id, self._end_id, dtype=np.int64)
        table = dataframe_of(self.slice(self._first_id, self._end_id))
        for name, _ in ANALYSIS_FIELDS:
            table[name] = self.column(name, ids)
        table["program"] = [self.identities.programs[number].name for number in self.column("program", ids)]
        table["host"] = [self.identities.hosts[number].name for number in self.column("host", ids)]
        return table

    def _make_room(self) -> int:
        if len(self._chunks) < self._max_chunks:
            return 0
        gone = self._chunks.pop(0).rows
        self._first_id += gone
        return gone

    def _fill(self, chunk: _Chunk, batch: PacketBatch, done: int) -> int:
        count = min(CHUNK_ROWS - chunk.rows, len(batch) - done)
        into = slice(chunk.rows, chunk.rows + count)
        rows = slice(done, done + count)
        for name, column in chunk.columns.items():
            column[into] = batch[name][rows]
        if batch.identity is not None:
            for name, column in batch.identity.columns().items():
                chunk.analysis[name][into] = column[rows]
        text, shift = _text_between(batch, rows)
        chunk.columns["text_start"][into] += chunk.text_bytes - shift
        if len(text):
            chunk.texts.append(text)
            chunk.text_bytes += len(text)
        chunk.rows += count
        self._end_id += count
        return count

    def _locate(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if len(ids) and (int(ids.min()) < self._first_id or int(ids.max()) >= self._end_id):
            raise IndexError(f"packet ids outside {self._first_id}..{self._end_id - 1}")
        return np.divmod(ids - self._first_id, CHUNK_ROWS)

    def _places(self, ids: NDArray[np.int64]) -> list[tuple[_Chunk, NDArray[np.int64], NDArray[np.int64]]]:
        """Per chunk that holds some of `ids`: which of them, and their rows in it."""
        chunk_of, row_of = self._locate(ids)
        numbers = np.unique(chunk_of)
        if len(numbers) == 1:
            return [(self._chunks[int(numbers[0])], np.arange(len(ids)), row_of)]
        groups = ((int(number), np.flatnonzero(chunk_of == number)) for number in numbers)
        return [(self._chunks[number], here, row_of[here]) for number, here in groups]

    def _gather(
        self, name: str, places: list[tuple[_Chunk, NDArray[np.int64], NDArray[np.int64]]], rows: int
    ) -> NDArray[Any]:
        if len(places) == 1:
            chunk, _, row_of = places[0]
            return self._array(chunk, name)[row_of]
        out = np.empty(rows, _dtype_of(name))
        for chunk, here, row_of in places:
            out[here] = self._array(chunk, name)[row_of]
        return out

    @staticmethod
    def _array(chunk: _Chunk, name: str) -> NDArray[Any]:
        return chunk.analysis[name] if name in chunk.analysis else chunk.columns[name]


def _dtype_of(name: str) -> str:
    return _DTYPES[name]


_DTYPES: Final = dict(_TYPES) | dict(_LATER_FIELDS)


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


__all__ = [
    "ANALYSIS_FIELDS",
    "CHUNK_ROWS",
    "DEFAULT_CAPACITY",
    "FLAGGED",
    "IDENTITY_FIELDS",
    "NOTE_FIELDS",
    "PacketLog",
    "Verdict",
]
