"""`SleepWatch`: whether the computer has slept, or its clock was put forward, since one last asked."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SLEPT_S: Final = 1.0
"""The clocks are read one after another: what they differ by less than this is no sleep."""
CLOCK_STEP_S: Final = 5.0
"""Time servers correct by less than this all the time."""
STOOD_STILL_S: Final = 10.0
"""Where sleep shows in no clock, nobody asked for so long: we are asked ten times a second."""
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Pause:
    """A span in which the computer did not run, or which its clock left out."""

    start_ns: int
    """Nanoseconds since the Unix epoch."""
    end_ns: int
    reason: str


def _since_boot() -> float | None:
    """Seconds since boot, sleep included; None where no clock tells (clock_gettime(2): CLOCK_BOOTTIME, Linux)."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(clock) if clock is not None else None


class SleepWatch:
    """Compares clocks that run on in sleep with one that does not.

    Parameters
    ----------
    monotonic : seconds; on Linux and macOS it stands still in sleep.
    since_boot : seconds, sleep included; None = this system does not tell.
    wall_ns : nanoseconds since the Unix epoch.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        since_boot: Callable[[], float | None] = _since_boot,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._clocks = (monotonic, since_boot, wall_ns)
        self._last = self._now()

    def pause(self) -> Pause | None:
        """What happened since the last call; None = nothing of note."""
        (mono, boot, wall), (now_mono, now_boot, now_wall) = self._last, self._now()
        self._last = now_mono, now_boot, now_wall
        ran = now_mono - mono
        passed = (now_wall - wall) / _NS
        if boot is not None and now_boot is not None:
            slept = now_boot - boot - ran > SLEPT_S
        else:
            slept = ran > STOOD_STILL_S
        if slept:
            return Pause(wall, max(now_wall, wall), "the computer slept")
        if passed - ran > CLOCK_STEP_S:
            why = (
                "the clock was put forward"
                if boot is not None
                else "the computer slept, or its clock was put forward"
            )
            return Pause(wall, now_wall, why)
        return None

    def _now(self) -> tuple[float, float | None, int]:
        monotonic, since_boot, wall_ns = self._clocks
        return monotonic(), since_boot(), wall_ns()
