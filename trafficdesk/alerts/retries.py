"""`Retries`: when a channel that failed may be tried again."""

from __future__ import annotations

from typing import Final

BACK_OFF_S: Final = (30.0, 3_600.0)
"""First pause after a failure, doubled up to the second; a refusal waits the second at once."""
_ENOUGH: Final = 30
"""Failures after which the pause is the longest anyway."""


class Retries:
    """Failures of each channel; times are seconds of a monotonic clock."""

    def __init__(self, back_off_s: tuple[float, float] = BACK_OFF_S) -> None:
        self._first, self._longest = back_off_s
        self._failures: dict[str, int] = {}
        self._again: dict[str, float] = {}

    def forget(self) -> None:
        """Everything may be tried at once."""
        self._failures.clear()
        self._again.clear()

    def failing(self, channel: str) -> bool:
        """Whether its last try failed."""
        return self._failures.get(channel, 0) > 0

    def may(self, channel: str, now: float, *, last_try: bool) -> bool:
        """Whether it may be tried; at the end at once, but not what fails already."""
        return not self.failing(channel) if last_try else self._again.get(channel, 0.0) <= now

    def succeeded(self, channel: str) -> None:
        """It delivered."""
        self._failures[channel] = 0

    def failed(self, channel: str, now: float, *, refused: bool) -> float:
        """It did not; returns the pause in seconds."""
        count = _ENOUGH if refused else min(self._failures.get(channel, 0) + 1, _ENOUGH)
        self._failures[channel] = count
        pause = min(self._longest, self._first * 2.0 ** (count - 1))
        self._again[channel] = now + pause
        return pause

    def waits(self, now: float) -> list[float]:
        """Seconds until each channel that waits may be tried again."""
        return [again - now for again in self._again.values() if again > now]
