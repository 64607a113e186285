"""`TableFeed`: hands every row of a log to `TrafficTables` exactly once, also those that leave the log meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from trafficdesk.packets.log import CHUNK_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.log import PacketLog

_MOST_WAITING: Final = 1_048_576
"""Rows that have left the log and wait to be counted: some 180 MB at most. Counting is faster than any capture."""


class TableFeed:
    """Where counting stands in one log."""

    def __init__(self, log: PacketLog) -> None:
        self._log = log
        self._next_id = log.first_id
        self._waiting: list[PacketBatch] = []
        self.missed = log.first_id
        """Rows that left uncounted."""

    @property
    def has_waiting(self) -> bool:
        """Whether rows wait that have left the log."""
        return bool(self._waiting)

    @property
    def is_current(self) -> bool:
        """Whether every row was handed out."""
        return not self._waiting and self._next_id >= self._log.end_id

    def leaving(self, first_kept_id: int) -> None:
        """The rows before `first_kept_id` are about to leave: keep those that were not handed out."""
        stop = min(first_kept_id, self._log.end_id)
        if stop <= self._next_id:
            return
        if sum(map(len, self._waiting)) + stop - self._next_id > _MOST_WAITING:
            self.missed += stop - self._next_id
        else:
            self._waiting += self._parts(stop)
        self._next_id = stop

    def take(self, rows: int) -> list[PacketBatch]:
        """Up to about `rows` rows not handed out before, oldest first; their text is not to be relied on."""
        taken, self._waiting = self._waiting, []
        stop = min(self._log.end_id, self._next_id + rows)
        taken += self._parts(stop)
        self._next_id = max(self._next_id, stop)
        return taken

    def _parts(self, stop: int) -> Iterator[PacketBatch]:
        """Rows from the next one on; a part that crossed a chunk of the log would be copied."""
        start = self._next_id
        while start < stop:
            end = start + CHUNK_ROWS - (start - self._log.first_id) % CHUNK_ROWS
            end = min(end, stop)
            yield replace(self._log.slice(start, end), identity=self._log.identity(start, end))
            start = end
