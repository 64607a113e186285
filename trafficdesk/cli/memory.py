"""How much memory a process has."""

from __future__ import annotations


def resident_bytes(process: int | None) -> int:
    """Bytes of a process that are in memory, by its id; 0 where that can't be told, and for None."""
    if process is None:
        return 0
    import psutil

    try:
        return int(psutil.Process(process).memory_info().rss)
    except psutil.Error:  # it has just ended
        return 0
