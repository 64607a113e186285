"""`moments`: the steps in which a batch's flagged rows are gathered into incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from trafficdesk.detect.forest import Model

MOMENT_S: Final = 7.5
"""Incidents are gathered in steps of this much capture time, or of a batch if that is shorter."""


def moments(
    seconds: NDArray[np.float64], flagged: NDArray[np.bool_], stretches: list[tuple[int, Model]]
) -> Iterator[tuple[int, int, Model | None]]:
    """Ranges of rows that hold flagged ones, within one `MOMENT_S` and of one model, with that model."""
    moment = np.maximum.accumulate(np.floor(seconds / MOMENT_S))
    cuts = np.concatenate(
        [[0, len(seconds)], np.flatnonzero(np.diff(moment)) + 1, [start for start, _ in stretches]]
    ).astype(np.int64)
    bounds = np.unique(cuts)
    starts = np.array([start for start, _ in stretches], np.int64)
    # The number of flagged rows before each row tells which ranges hold any.
    before = np.concatenate([[0], np.cumsum(flagged)])
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if before[stop] > before[start]:
            at = int(np.searchsorted(starts, start, "right")) - 1
            yield start, stop, stretches[at][1] if at >= 0 else None
