"""`RecentRows`: which conversation the newest rows of a log belong to, so that they can be told who it was."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.identity.identity import RECENT_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.identity.identity import Changes
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.log import PacketLog

MAX_ROWS: Final = 262_144
"""Rows that can still be told; 2 MB, gone through in less than a millisecond."""
_CHANGES: Final = 64
"""Remembered for batches that were on their way meanwhile; four are at most."""


class RecentRows:
    """Writes late knowledge into the log.

    Parameters
    ----------
    log : its columns `program`, `host` and `threat` are written.
    """

    def __init__(self, log: PacketLog) -> None:
        self._log = log
        self._parts: deque[tuple[int, NDArray[np.int64], int]] = deque()
        self._rows = 0
        self._changes: deque[Changes] = deque(maxlen=_CHANGES)

    def clear(self) -> None:
        """Another capture begins."""
        self._parts.clear()
        self._changes.clear()
        self._rows = 0

    def add(self, batch: PacketBatch) -> None:
        """Take rows just appended to the log."""
        if batch.identity is None or not len(batch):
            return
        newest_ns = int(batch["timestamp_ns"][-1])
        part = (batch.first_id, batch.identity.conversation, newest_ns)
        for changes in self._changes:
            if changes.version > batch.identity.version:
                self._tell(changes, part)
        self._parts.append(part)
        self._rows += len(batch)
        while len(self._parts) > 1 and (self._rows > MAX_ROWS or self._parts[0][2] < newest_ns - RECENT_NS):
            self._rows -= len(self._parts.popleft()[1])

    def tell(self, changes: Changes) -> tuple[int, int] | None:
        """Write what became known; returns the span of packet_ids in which rows changed."""
        self._changes.append(changes)
        spans = [span for part in self._parts if (span := self._tell(changes, part)) is not None]
        return (spans[0][0], spans[-1][1]) if spans else None

    def _tell(self, changes: Changes, part: tuple[int, NDArray[np.int64], int]) -> tuple[int, int] | None:
        if not len(changes.conversation):
            return None
        first_id, conversation, _ = part
        low = int(changes.conversation[0])
        index = np.full(int(changes.conversation[-1]) - low + 2, -1, np.int32)
        index[changes.conversation - low] = np.arange(len(changes.conversation))
        inside = np.clip(conversation - low, -1, len(index) - 1)
        which = index[inside]  # -1 reads the last one, which is none
        rows = np.flatnonzero(which >= 0)
        if not len(rows):
            return None
        ids = first_id + rows
        self._log.update_analysis("program", ids, changes.program[which[rows]])
        self._log.update_analysis("host", ids, changes.host[which[rows]])
        self._match(ids, changes.host[which[rows]])
        return int(ids[0]), int(ids[-1]) + 1

    def _match(self, ids: NDArray[np.int64], hosts: NDArray[np.uint32]) -> None:
        """A name that came late may be on a threat list; what a row has already stays."""
        identities = self._log.identities
        if identities.matching is None:
            return
        numbers = identities.matching.of_hosts(hosts, identities)
        hit = (numbers > 0) & (ids >= self._log.first_id) & (ids < self._log.end_id)
        ids, numbers = ids[hit], numbers[hit]
        free = self._log.column("threat", ids) == 0
        self._log.update_analysis("threat", ids[free], numbers[free])
