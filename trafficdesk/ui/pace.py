"""How many rows to work on between two paints, learned from how long the last ones took. No Qt here."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TURN_S: Final = 0.005
"""Aim for one turn of the event loop: a sixth of 33 ms, so that a paint and a chart still fit beside it, and threads
that decode may hold the interpreter as long again."""
_FIRST_ROWS: Final = 8_192
_FEWEST_ROWS: Final = 1_024
_MOST_ROWS: Final = 65_536


class Pace:
    """Rows per turn, at most doubled or halved from one turn to the next.

    Parameters
    ----------
    clock : seconds, monotonic.
    fewest : rows that are worked on however long it takes: a step that waits for other threads is not quicker with less.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter, *, fewest: int = _FEWEST_ROWS) -> None:
        self._clock = clock
        self._fewest = fewest
        self.rows = _FIRST_ROWS

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Work on at most `rows` rows inside; fewer rows than asked for teach nothing wrong, only slowly."""
        began = self._clock()
        yield
        took_s = max(self._clock() - began, 1e-6)
        wanted = int(self.rows * min(max(TURN_S / took_s, 0.5), 2.0))
        self.rows = min(max(wanted, self._fewest), _MOST_ROWS)
