"""`Standing`: how a monitor is doing at one moment, for whoever shows or writes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trafficdesk.capture.source import CaptureStatistics, Gap
    from trafficdesk.cli.going_incidents import Turn
    from trafficdesk.cli.reloaded import Reloaded
    from trafficdesk.detect.finding import Incident
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.session import AnalysisSession
    from trafficdesk.store.writer import StoreState


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """One moment."""

    session: AnalysisSession
    lost: CaptureStatistics
    now_ns: int = 0
    """What "now" is to those who look on, ns since the Unix epoch: of a file its last packet."""
    going: tuple[Incident, ...] = ()
    """Incidents that go on, the one heard of last first."""
    waiting_for: str = ""
    """Which interfaces are away, and why."""
    store: StoreState | None = None
    """None = there is no history."""
    mails: int | None = None
    """Alerts that were not delivered yet; None = nobody is told."""
    memory: int = 0
    """Bytes resident of this process; 0 = not known."""
    analysis_memory: int = 0
    """The same of the analysis process."""

    @property
    def scored_share(self) -> float:
        """Of the rows that analysis has passed those it looked at; NaN before there are any."""
        passed = self.session.scored + self.session.unscored
        return self.session.scored / passed if passed else math.nan


class Teller(Protocol):
    """Tells people or programs what a monitor sees."""

    def incidents(self, turns: Iterable[tuple[Turn, Incident]]) -> None:
        """Incidents opened, changed, closed."""
        ...

    def gaps(self, changed: Iterable[Gap]) -> None:
        """An interface was lost, or is back."""
        ...

    def say(self, words: str) -> None:
        """One sentence."""
        ...

    def warn(self, error: TrafficDeskError) -> None:
        """Something is wrong that ends nothing."""
        ...

    def reloaded(self, reloaded: Reloaded) -> None:
        """Settings and files were read again."""
        ...

    def is_due(self, now_s: float) -> bool:
        """Whether it wants to know how the monitor stands."""
        ...

    def show(self, standing: Standing, now_s: float) -> None:
        """Tell how it stands, when that was due."""
        ...

    def ended(self, reason: str, standing: Standing) -> None:
        """It has ended; `reason` is empty or a sentence without its full stop. The last call."""
        ...
