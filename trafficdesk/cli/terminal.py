"""Words and numbers for a terminal: sizes, rates, a progress bar that is silent where nobody looks."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_WIDTH: Final = 32
_REDRAW_S: Final = 0.1


def say(text: str, *, to_stderr: bool = False) -> None:
    """One line."""
    (sys.stderr if to_stderr else sys.stdout).write(f"{text}\n")


def size(octets: float) -> str:
    """Bytes in decimal units, as disks and networks count them."""
    for unit in ("B", "kB", "MB", "GB"):
        if octets < 1000:
            return f"{octets:.0f} {unit}" if unit == "B" else f"{octets:.1f} {unit}"
        octets /= 1000
    return f"{octets:.1f} TB"


def visible(text: str) -> str:
    """`text` without anything that steers a terminal: it may come from the network."""
    from trafficdesk.packets.info import printable

    return printable(text.encode("utf-8", "surrogateescape"))


class Progress:
    """A bar on stderr while a block runs, when stderr is a terminal."""

    def __init__(self, words: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._words = words
        self._clock = clock
        self._shown = sys.stderr.isatty()
        self._next = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown and self._next:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def show(self, share: float) -> None:
        """Draw the share done, 0 to 1; cheap to call often."""
        if not self._shown or self._clock() < self._next:
            return
        self._next = self._clock() + _REDRAW_S
        share = min(1.0, max(0.0, share))
        bar = "#" * round(share * _WIDTH)
        sys.stderr.write(f"\r{self._words} [{bar:<{_WIDTH}}] {share:4.0%}\x1b[K")
        sys.stderr.flush()


class Terminals:
    """Those of standard output and error at the start."""

    def __init__(self) -> None:
        self._numbers = [number for number in (1, 2) if _is_terminal(number)]

    def have_gone(self) -> bool:
        """Whether one was closed; what is still said there goes nowhere from then on."""
        gone = [number for number in self._numbers if not _is_terminal(number)]
        for number in gone:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        self._numbers = [number for number in self._numbers if number not in gone]
        return bool(gone)


def _is_terminal(number: int) -> bool:
    with contextlib.suppress(OSError):
        return os.isatty(number)
    return False
