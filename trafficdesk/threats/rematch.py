"""Lists that come while rows are in the log: what they have of them, worked out in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from trafficdesk.packets.identities import ThreatMatching
    from trafficdesk.packets.log import PacketLog


def rematched(
    log: PacketLog, matching: ThreatMatching | None
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint16]]]:
    """packet_ids of rows whose hit is another one than the log has, and their hits.

    Of every row of `log`, which must not change meanwhile.
    """
    for batch in log.batches():
        ids = batch.ids
        numbers = np.zeros(len(batch), np.uint16)
        if matching is not None:
            numbers = matching.numbers(batch, log.column("host", ids), log.identities)
        changed = np.flatnonzero(log.column("threat", ids) != numbers)
        if len(changed):
            yield ids[changed], numbers[changed]
