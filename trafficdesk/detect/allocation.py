"""How the C library treats the arrays that every batch makes and drops."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_LARGEST: Final = 32 * 1024 * 1024 - 1
"""glibc refuses more (mallopt(3), DEFAULT_MMAP_THRESHOLD_MAX)."""
_KEPT: Final = 64 * 1024 * 1024
"""Bytes freed at the top of the heap that stay with the process."""


def keep_freed_memory() -> bool:
    """Let this process keep what it frees; returns whether that could be arranged (glibc only).

    By default arrays of some megabytes come from the kernel and go back to it with every batch, and each of their pages
    is faulted in anew: a fifth of the time that features take (measured 2026-11).
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl has none
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _LARGEST)) and bool(mallopt(_M_TRIM_THRESHOLD, _KEPT))
