"""`Timeline`: when an incident's rows happened, in a bounded number of equal steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS: Final = 48
"""Steps at most: what fits beside each other on a card."""
LEAST_NS: Final = 62_500_000
"""Length of the first steps; when the last one is passed, two become one."""


class Timeline:
    """Rows per step of time, from the first row on; steps double as time goes on."""

    def __init__(self) -> None:
        self._counts = np.zeros(STEPS, np.int64)
        self._start_ns: int | None = None
        self._step_ns = LEAST_NS

    @property
    def step_s(self) -> float:
        """Seconds of each step."""
        return self._step_ns / 1e9

    @property
    def counts(self) -> tuple[int, ...]:
        """Rows in each step, up to the last that has any."""
        last = np.flatnonzero(self._counts)
        return tuple(self._counts[: last[-1] + 1].tolist()) if len(last) else ()

    def add(self, timestamps_ns: NDArray[np.int64]) -> None:
        """Count rows; what is older than the first ones counts as theirs."""
        if not len(timestamps_ns):
            return
        if self._start_ns is None:
            self._start_ns = int(timestamps_ns.min())
        since = np.maximum(timestamps_ns - self._start_ns, 0)
        while int(since.max()) // self._step_ns >= STEPS:
            self._counts = np.concatenate(
                [self._counts.reshape(-1, 2).sum(axis=1), np.zeros(STEPS // 2, np.int64)]
            )
            self._step_ns *= 2
        self._counts += np.bincount(since // self._step_ns, minlength=STEPS)
