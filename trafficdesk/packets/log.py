"""`PacketLog`: the newest rows of a capture, in columns, bounded, addressed by packet_id.

Rows live in chunks of fixed size, so appending never moves what is there (a growing array would stall the window
while it is copied) and the oldest rows leave a whole chunk at a time. Beside the packet's columns the log keeps what
analysis adds later: score, verdict, family and incident; who is behind a row: program and host; and a person's mark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.fields import COLUMN_NAMES, arena_lengths
from trafficdesk.packets.identities import Identities, RowIdentity
from trafficdesk.packets.log_chunk import (
    ANALYSIS_FIELDS,
    CHUNK_ROWS,
    DTYPES,
    FLAGGED,
    IDENTITY_FIELDS,
    NOTE_FIELDS,
    Chunk,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

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

DEFAULT_CAPACITY: Final = 2_000_000
"""Rows; about 170 bytes each."""


class PacketLog:
    """Bounded log of packets.

    Parameters
    ----------
    capacity : rows kept at most, rounded up to whole chunks of `CHUNK_ROWS`.
    """

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self._max_chunks = max(2, -(-capacity // CHUNK_ROWS))
        self._chunks: list[Chunk] = []
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
        evicted = done = 0
        while done < len(batch):
            if not self._chunks or self._chunks[-1].rows == CHUNK_ROWS:
                evicted += self._make_room()
                self._chunks.append(Chunk.new())
            count = self._chunks[-1].fill(batch, done)
            done += count
            self._end_id += count
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
        unknown = np.full(stop_id - start_id, -1, np.int64)
        return RowIdentity(unknown, analysis["program"][rows], analysis["host"][rows])

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

    def _locate(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if len(ids) and (int(ids.min()) < self._first_id or int(ids.max()) >= self._end_id):
            raise IndexError(f"packet ids outside {self._first_id}..{self._end_id - 1}")
        return np.divmod(ids - self._first_id, CHUNK_ROWS)

    def _places(self, ids: NDArray[np.int64]) -> list[tuple[Chunk, NDArray[np.int64], NDArray[np.int64]]]:
        """Per chunk that holds some of `ids`: which of them, and their rows in it."""
        chunk_of, row_of = self._locate(ids)
        numbers = np.unique(chunk_of)
        if len(numbers) == 1:
            return [(self._chunks[int(numbers[0])], np.arange(len(ids)), row_of)]
        groups = ((int(number), np.flatnonzero(chunk_of == number)) for number in numbers)
        return [(self._chunks[number], here, row_of[here]) for number, here in groups]

    def _gather(
        self, name: str, places: list[tuple[Chunk, NDArray[np.int64], NDArray[np.int64]]], rows: int
    ) -> NDArray[Any]:
        if len(places) == 1:
            chunk, _, row_of = places[0]
            return chunk.column(name)[row_of]
        out = np.empty(rows, DTYPES[name])
        for chunk, here, row_of in places:
            out[here] = chunk.column(name)[row_of]
        return out
