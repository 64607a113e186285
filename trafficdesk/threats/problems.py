"""What is wrong with a list, by place; bounded, the rest is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST: Final = 100
"""Told of one list; a file that is no list at all has a problem per line."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One place that could not be used, and why."""

    place: int
    """Number of the line, or of the object in JSON; 0 = the file as a whole."""
    words: str


class Problems:
    """Collects them."""

    def __init__(self) -> None:
        self.told: list[Problem] = []
        self.count = 0

    def add(self, place: int, words: str) -> None:
        """One more."""
        self.count += 1
        if len(self.told) < MOST:
            self.told.append(Problem(place, words))
