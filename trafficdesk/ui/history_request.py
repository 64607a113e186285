"""What the page of history asks for, and what it is told. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.store.span import PORTS_S
from trafficdesk.ui.models.sheet_cells import byte_count
from trafficdesk.ui.wording import thousands, visible

if TYPE_CHECKING:
    from trafficdesk.capture.source import Gap
    from trafficdesk.detect.finding import Incident
    from trafficdesk.metrics import MetricsSnapshot
    from trafficdesk.metrics.sheets import Sheet
    from trafficdesk.store.history import Span

_DAY: Final = 86_400
OTHERS: Final = "all others"
"""What stands for addresses that were too many to be told apart."""


class Last(StrEnum):
    """How much of the past is shown."""

    HOUR = "Last hour"
    DAY = "Last day"
    WEEK = "Last week"
    MONTH = "Last month"
    CUSTOM = "From … to …"

    @property
    def seconds(self) -> int:
        """How long; of `CUSTOM` nothing."""
        return _SECONDS[self]


_SECONDS: Final = {
    Last.HOUR: 3_600,
    Last.DAY: _DAY,
    Last.WEEK: 7 * _DAY,
    Last.MONTH: 31 * _DAY,
    Last.CUSTOM: 0,
}


class HistoryTab(StrEnum):
    """The tables."""

    HOSTS = "Hosts"
    CONVERSATIONS = "Conversations"
    INCIDENTS = "Incidents"
    CAPTURES = "Captures"


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """A question to the history."""

    tab: HistoryTab = HistoryTab.HOSTS
    last: Last = Last.DAY
    start_s: int = 0
    """Of `Last.CUSTOM`, seconds since the Unix epoch; as `end_s`."""
    end_s: int = 0
    sensor: int | None = None
    """None = all machines that wrote."""
    host: str = ""
    """Address that all is limited to; empty = none."""


@dataclass(frozen=True, slots=True, eq=False)
class HistoryAnswer:
    """What the page shows."""

    request: HistoryRequest
    span: Span
    sensors: list[tuple[int, str]]
    snapshot: MetricsSnapshot
    gaps: tuple[Gap, ...]
    incidents: tuple[Incident, ...]
    """All of the span, newest first."""
    told: list[dict[str, Any]] = field(repr=False)
    """The store's rows of them."""
    sheet: Sheet
    capped: bool
    """Whether there is more than the table lists."""
    name: str = ""
    """What the host that all is limited to is called; text from the network."""

    @property
    def alerts(self) -> tuple[Incident, ...]:
        """Incidents but for those that a person expects."""
        pairs = zip(self.incidents, self.told, strict=True)
        return tuple(incident for incident, told in pairs if not told["suppressed"])

    @property
    def summary(self) -> str:
        """The span in a line."""
        called = f" ({visible(self.name)})" if self.name else ""
        whose = f"{self.request.host}{called}: " if self.request.host else ""
        found = len(self.alerts)
        incidents = "1 incident" if found == 1 else f"{thousands(found)} incidents"
        if expected := len(self.incidents) - found:
            incidents += f", {thousands(expected)} expected"
        octets = byte_count(self.snapshot.bytes)
        return f"{whose}{thousands(self.snapshot.packets)} packets, {octets}, {incidents}"

    @property
    def note(self) -> str:
        """What the table leaves out, or what can be done with it."""
        pooled = self.request.tab is HistoryTab.CONVERSATIONS and self.span.length_s > PORTS_S
        if self.capped:
            ports = ", without clients' ports" if pooled else ""
            return f"The {len(self.sheet):,} heaviest are listed{ports}."
        if pooled:
            return "Over four hours, clients' ports are not told apart."
        if self.request.tab is HistoryTab.HOSTS and not self.request.host:
            return "Double-click a host for its month."
        return ""

    def address(self, row: int, column: int) -> str:
        """The address in a cell, in a row of hosts wherever; empty where it is none."""
        shown = self.sheet.columns[0 if self.request.tab is HistoryTab.HOSTS else column]
        if not shown.name.startswith("address") or not self.sheet.filter_of(row):
            return ""
        said = str(shown.plain(row))
        return "" if said == OTHERS else said
