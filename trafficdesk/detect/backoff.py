"""`Backoff`: how long to wait before the analysis process is started once more."""

from __future__ import annotations

from typing import Final

FIRST_S: Final = 1.0
LONGEST_S: Final = 60.0
WELL_STEPS: Final = 100
"""So many steps without a fault, half a minute of full work, and the next fault counts as the first."""


class Backoff:
    """Doubles from fault to fault, so that a process that can't run is not started without end."""

    def __init__(self) -> None:
        self._next_s = FIRST_S
        self._well = 0

    def next_s(self) -> float:
        """Seconds to wait after one more fault."""
        wait, self._next_s = self._next_s, min(2 * self._next_s, LONGEST_S)
        self._well = 0
        return wait

    def went_well(self) -> None:
        """A step was done."""
        self._well += 1
        if self._well >= WELL_STEPS:
            self._next_s = FIRST_S
