"""`Admitted`: which keys have rows of their own in the history, so that a flood of invented ones does not fill the disk."""

from __future__ import annotations

from typing import Any, Final

OTHERS: Final = bytes(16)
"""Address of those that have none."""


class Admitted:
    """Which keys have a row of their own within a span of time: the first `capacity` that come.

    Parameters
    ----------
    capacity : keys of one span.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._span = -1
        self._known: set[Any] = set()

    def named(self, spans: list[int], keys: list[Any], others: Any) -> list[Any]:
        """The keys, `others` in place of those without a row of their own."""
        out = []
        for span, key in zip(spans, keys, strict=True):
            if span > self._span:
                self._span, self._known = span, set()
            if span == self._span and key not in self._known and len(self._known) < self._capacity:
                self._known.add(key)
            # What comes late for an earlier span has its own row: there is little of it.
            out.append(key if span < self._span or key in self._known else others)
        return out
