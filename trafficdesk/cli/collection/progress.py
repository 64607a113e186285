"""How far a collection is: one line that changes on a terminal, a plain line every ten seconds where nobody looks."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from trafficdesk.cli.terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable

_REDRAW_S: Final = 0.2
_PLAIN_S: Final = 10.0
_FILE_COSTS: Final = 300_000
"""What a file costs besides its bytes, in bytes: 12 ms (measured 2026-11)."""


class CollectionProgress:
    """Files done, files a second, time that remains.

    Parameters
    ----------
    files, octets : to be done.
    done_before : files that an earlier run did.
    """

    def __init__(
        self, files: int, octets: int, done_before: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._files = files
        self._work = octets + files * _FILE_COSTS
        self._before = done_before
        self._clock = clock
        self._done = 0
        self._work_done = 0
        self._since: tuple[float, int] | None = None
        """When the first file was done, and what it was of the work: what came before was the start of processes."""
        self._terminal = sys.stderr.isatty()
        self._next = clock() + (0.0 if self._terminal else _PLAIN_S)

    def done(self, octets: int) -> None:
        """One file more."""
        self._done += 1
        self._work_done += octets + _FILE_COSTS
        now = self._clock()
        self._since = self._since or (now, self._work_done)
        if now < self._next or self._done == self._files:
            return
        self._next = now + (_REDRAW_S if self._terminal else _PLAIN_S)
        if self._terminal:
            sys.stderr.write(f"\r{self.words(now)}\x1b[K")
            sys.stderr.flush()
        else:
            say(self.words(now), to_stderr=True)

    def clear(self) -> None:
        """Leave no line behind on a terminal."""
        if self._terminal and self._done:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def words(self, now: float) -> str:
        """`312 of 1,000 files, 45 files/s, about 15 s remaining`."""
        done, files = self._before + self._done, self._before + self._files
        told = f"{done:,} of {files:,} files"
        if self._since is None or now <= self._since[0]:
            return told
        took = now - self._since[0]
        rate = (self._done - 1) / took
        remaining = took * (self._work - self._work_done) / max(self._work_done - self._since[1], 1)
        pace = f"{rate:,.0f} files/s" if rate >= 10 else f"{rate:.1f} files/s"
        return f"{told}, {pace}, about {_span(remaining)} remaining"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
