"""`Target`: one reader of foreign bytes, and what it may cost."""

from __future__ import annotations

import importlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    Check = Callable[[bytes], Iterable[Hashable]]

MOST_CPU_S: Final = 1.0
"""Of one execution, on the processor and not on the clock: the machine may be busy."""
MOST_MEMORY: Final = 500 << 20
"""Bytes of the whole process, interpreter and libraries included."""


class SlowError(AssertionError):
    """One input kept the processor busy for more than `MOST_CPU_S`."""


class MemoryLimitError(AssertionError):
    """One input took the process beyond `MOST_MEMORY`."""


@dataclass(frozen=True, slots=True)
class Target:
    """One reader of foreign bytes."""

    name: str
    place: str
    """`module:function` below tests.fuzz; a process imports, and instruments, what its target needs and no more."""
    runs: int
    """Executions within `dev.py test`: about four seconds of them."""
    longest: int = 4_096
    """Bytes of an input."""
    compares: bool = False
    """Whether an engine may learn from the values that are compared; not where those are arrays."""

    def check(self) -> Check:
        """What reads the bytes and asserts what must hold of the result.

        It returns what kinds of thing it met, which tells an engine that an input is a new one where the reader's own
        branches do not: numpy has none per row.
        """
        module, _, function = self.place.partition(":")
        check: Check = getattr(importlib.import_module(f"tests.fuzz.{module}"), function)
        return check


def execute(target: Target, check: Check, data: bytes) -> list[Hashable]:
    """One execution within the limits; what was met.

    Raises
    ------
    SlowError, MemoryLimitError
        If a limit is broken; anything else that is raised is a fault, too.
    """
    spent, met = _timed(check, data)
    # Before the time: who takes much memory takes time for it, too.
    if (peak := peak_memory()) > MOST_MEMORY:
        raise MemoryLimitError(f"{target.name} needed {peak >> 20} MiB")
    # Once more: a virtual machine that was held up may count that as work.
    if spent > MOST_CPU_S and (spent := min(spent, _timed(check, data)[0])) > MOST_CPU_S:
        raise SlowError(f"{len(data)} bytes kept {target.name} busy for {spent:.1f} s")
    return met


def _timed(check: Check, data: bytes) -> tuple[float, list[Hashable]]:
    """Seconds of the processor, and what was met."""
    started = time.thread_time()
    met = list(check(data))
    return time.thread_time() - started, met


def peak_memory() -> int:
    """Most bytes that this process ever had in memory."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1_024)
    if peak > MOST_MEMORY and sys.platform == "linux":
        # Linux counts in what the process was that started this one (getrusage(2)); proc(5) does not.
        status = Path("/proc/self/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0]) * 1_024
    return peak
