"""The alert budget: how severe an incident must be so that about as many a day are told as a person wants.

Nobody can say which share of packets should be odd; how many incidents a day they want to read, everybody can. So the
budget sets a line in severity. Before anything is known it follows from what quiet networks showed; then, more and
more, from what this network itself would have told. It is a ceiling and no quota: evidence has its floors (the rules',
and five rows for what has no rule), so a quiet hour tells nothing. Above `LOUD` everything is told, however much there
is: who makes noise for a day must not be able to hide in it.
"""

from __future__ import annotations

from math import exp2, log
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.baseline import NEEDED_S, SEVERITIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY_S: Final = 86_400.0
QUIET: Final = 20
"""The least severe incident there is: nothing can be below it."""
LOUD: Final = 60
"""Always told."""
MOST_A_DAY: Final = 50
"""What quiet networks show a day of at least severity `QUIET`."""
_PRIOR_S: Final = 2 * DAY_S
"""What is known of other networks weighs as much as two days of this one."""
_LOG_RATE: Final = log(MOST_A_DAY) / 17
"""The rate falls by that much per point: ten a day are above severity 27, one above 37. (Of what the model alone found
odd in 692 hours of home devices' traffic, half was below 27 and nothing above 35; measured 2026-11.)"""
_YOUNG: Final = 8
"""Added at a network's first packet, nothing after `NEEDED_S`: whatever happens for the second time was never seen to
happen again. (Our own sample: one such finding in its fifth minute, severity 31.)"""
_HALF_LIFE_S: Final = 7 * DAY_S
"""What was a week ago counts half."""


class AlertBudget:
    """Which severity an incident needs.

    Parameters
    ----------
    per_day : about so many incidents a day are wanted.
    severities, watched_s : what an earlier start counted, see `Baseline`.
    """

    def __init__(
        self, per_day: int, severities: NDArray[np.float64] | None = None, watched_s: float = 0.0
    ) -> None:
        self.per_day = per_day
        self._counts = np.zeros(SEVERITIES) if severities is None else severities.copy()
        self._watched_s = watched_s
        self._until_s: float | None = None

    @property
    def line(self) -> int:
        """Severity from which an incident is told, `QUIET` to `LOUD`."""
        above = np.cumsum(self._counts[::-1])[::-1]
        severity = np.arange(SEVERITIES)
        usual = MOST_A_DAY * np.exp(-_LOG_RATE * (severity - QUIET)) * (_PRIOR_S / DAY_S)
        per_day = (usual + above) / ((_PRIOR_S + self._watched_s) / DAY_S)
        enough = per_day[QUIET:LOUD] <= self.per_day * (1 + 1e-9)
        return QUIET + int(enough.argmax()) if enough.any() else LOUD

    def line_for(self, *, named: bool) -> int:
        """Severity from which an incident is told; of what no rule has a name for more is asked while all is new."""
        if named:
            return self.line
        youth = max(0.0, 1.0 - self._watched_s / NEEDED_S)
        return min(LOUD, self.line + round(_YOUNG * youth))

    @property
    def state(self) -> tuple[NDArray[np.float64], float]:
        """Counts by severity and the seconds they are about, to be kept."""
        return self._counts.copy(), self._watched_s

    def watch(self, seconds: float) -> None:
        """The traffic's clock stands at `seconds`."""
        if self._until_s is not None and seconds > self._until_s:
            passed = seconds - self._until_s
            fading = exp2(-passed / _HALF_LIFE_S)
            self._counts *= fading
            self._watched_s = self._watched_s * fading + (1.0 - fading) * _HALF_LIFE_S / log(2)
        self._until_s = seconds if self._until_s is None else max(seconds, self._until_s)

    def count(self, severity: int) -> None:
        """An incident is over, told or not; so severe it was at most."""
        self._counts[severity] += 1.0
