"""`RecentShares`: which protocols the traffic of the last minutes was, from counts that only grow."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from trafficdesk.metrics import MetricsSnapshot

STEP_S: Final = 15.0
STEPS: Final = 20
"""Five minutes together."""


class RecentShares:
    """Remembers what the counts were; the sum of weeks would hide what goes on."""

    def __init__(self) -> None:
        self._known: deque[tuple[float, dict[str, int]]] = deque(maxlen=STEPS)

    def of(self, metrics: MetricsSnapshot, now_s: float) -> list[tuple[str, int]]:
        """(name, bytes) of each protocol since five minutes ago, or since the start, most bytes first.

        Parameters
        ----------
        now_s : of a clock that never steps.
        """
        counts = {name: octets for name, _, octets in metrics.protocols}
        # With all steps taken the first one is what is compared with; before, there was nothing.
        before = self._known[0][1] if len(self._known) == STEPS else {}
        if not self._known or now_s - self._known[-1][0] >= STEP_S:
            self._known.append((now_s, counts))
        recent = ((name, octets - before.get(name, 0)) for name, octets in counts.items())
        return sorted((one for one in recent if one[1] > 0), key=lambda one: (-one[1], one[0]))
