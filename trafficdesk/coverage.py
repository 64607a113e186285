"""How much of the traffic analysis has looked at: ever, and of late."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

RECENT_S: Final = 60
"""What is said of the recent past spans this much capture time."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share of the rows that analysis looked at, of those it has passed; 1 = all."""

    overall: float = 1.0
    recent: float = 1.0
    """Within the last `RECENT_S` of what it has passed."""

    @property
    def words(self) -> str:
        """`scored 62 %, last minute 31 %`; empty where nothing was left out."""
        if self.overall >= 1:
            return ""
        overall, recent = _percent(self.overall), _percent(self.recent)
        return self.overall_words + (f", last minute {recent}" if recent != overall else "")

    @property
    def overall_words(self) -> str:
        """`scored 62 %`."""
        return f"scored {_percent(self.overall)}"


class Passed:
    """What analysis has passed of late."""

    def __init__(self) -> None:
        self._steps: deque[tuple[int, int, int]] = deque()

    def add(self, now_ns: int, scored: int, unscored: int) -> None:
        """A step ended at `now_ns` of the capture's time: so many rows were scored, so many not."""
        self._steps.append((now_ns, scored, unscored))
        while self._steps[0][0] < now_ns - RECENT_S * 1_000_000_000:
            self._steps.popleft()

    def coverage(self, scored: int, unscored: int) -> Coverage:
        """Of rows scored and not scored ever, and of late."""
        if not unscored:
            return Coverage()
        recent = sum(step[1] for step in self._steps)
        every = recent + sum(step[2] for step in self._steps)
        return Coverage(scored / (scored + unscored), recent / every if every else 1.0)


def _percent(share: float) -> str:
    """Rounded down: 100 % is all."""
    return "<1 %" if 0 < share < 0.01 else f"{int(share * 100 + 1e-9)} %"
