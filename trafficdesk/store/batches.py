"""Batches of a moment as few: what many small ones say is summed once, and fewer rows go to the store."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.identities import RowIdentity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

MOST_ROWS: Final = 50_000
"""Of one batch made of several: more are not summed faster."""


def fewer(batches: Iterable[PacketBatch]) -> Iterator[PacketBatch]:
    """The same packets in the same order, in batches as large as they may be.

    What is not summed (names, comments, fragments) is left out.
    """
    waiting: list[PacketBatch] = []
    rows = 0
    for batch in batches:
        if waiting and (rows + len(batch) > MOST_ROWS or not _follows(waiting[-1], batch)):
            yield _together(waiting)
            waiting, rows = [], 0
        waiting.append(batch)
        rows += len(batch)
    if waiting:
        yield _together(waiting)


def _follows(one: PacketBatch, other: PacketBatch) -> bool:
    if one.sample is not None or other.sample is not None:
        return False
    return one.first_id + len(one) == other.first_id and (one.identity is None) == (other.identity is None)


def _together(batches: list[PacketBatch]) -> PacketBatch:
    if len(batches) == 1:
        return batches[0]
    columns = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0].columns}
    # A text's place is that in its own batch's arena.
    before = [0, *accumulate(len(batch.text) for batch in batches)]
    starts = [batch["text_start"] + at for batch, at in zip(batches, before, strict=False)]
    columns["text_start"] = np.concatenate(starts).astype(batches[0]["text_start"].dtype)
    return PacketBatch(
        batches[0].first_id,
        columns,
        np.concatenate([batch.text for batch in batches]),
        interfaces=batches[-1].interfaces,
        identity=_identity([batch.identity for batch in batches if batch.identity is not None]),
    )


def _identity(known: list[RowIdentity]) -> RowIdentity | None:
    if not known:
        return None
    threats: NDArray[np.uint16] | None = None
    if any(one.threat is not None for one in known):
        none = [np.zeros(len(one.host), np.uint16) for one in known]
        parts = [
            one.threat if one.threat is not None else zero for one, zero in zip(known, none, strict=True)
        ]
        threats = np.concatenate(parts)
    return RowIdentity(
        np.concatenate([one.conversation for one in known]),
        np.concatenate([one.program for one in known]),
        np.concatenate([one.host for one in known]),
        known[-1].version,
        threats,
    )
