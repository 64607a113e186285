"""Bringing pages of a mapped file into memory without holding the interpreter.

A thread that touches a page which is not there waits for the disk, and with it every other thread, as numpy and Python
keep the interpreter meanwhile: on a slow disk the window would stand still.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy.typing import NDArray

_POPULATE_READ: Final = 22
"""MADV_POPULATE_READ, madvise(2): since Linux 5.14; what can't be read is an error, not a signal."""


def fetch(data: NDArray[Any], start: int, stop: int) -> bool:
    """Have the bytes `start:stop` of a mapped file, as far as there are any; returns whether the system does that.

    Parameters
    ----------
    data : (bytes,) from the mapping's first byte on.
    """
    first, stop = start - start % mmap.PAGESIZE, min(stop, len(data))
    madvise = _madvise()
    if madvise is None or stop <= first:
        return False
    return bool(madvise(data.ctypes.data + first, stop - first, _POPULATE_READ) == 0)


@cache
def _madvise() -> Any | None:  # a foreign function
    """The system's own; ctypes lets go of the interpreter while it runs, as `mmap.madvise` does not."""
    if sys.platform != "linux":
        return None
    function = ctypes.CDLL(None).madvise
    function.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    function.restype = ctypes.c_int
    return function
