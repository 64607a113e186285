"""`Span`: of when something of the history is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import sqlalchemy as sql

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
NS: Final = 1_000_000_000
LAST: Final = 2**63 - 1
"""Largest number that a column holds."""
SECONDS_S: Final = 1_800
"""Spans up to this are told second by second ..."""
PORTS_S: Final = 4 * HOUR
"""... conversations of spans up to this port by port ..."""
MINUTES_S: Final = 8 * HOUR
"""... hosts and protocols of spans beyond this by whole hours ..."""
HOURS_S: Final = 2 * DAY
"""... and beyond this by whole days."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start_s` to before `end_s`, seconds since the Unix epoch; `sensor` None = all of them."""

    start_s: int
    end_s: int
    sensor: int | None = None

    @property
    def length_s(self) -> int:
        """How long it is."""
        return self.end_s - self.start_s

    def begun(self, unit_s: int) -> Span:
        """From the begin of the hour or day that it begins in."""
        return Span(self.start_s // unit_s * unit_s, self.end_s, self.sensor)

    def holds(self, table: sql.Table, column: sql.Column[Any], units: int = 1) -> Any:
        """Condition that a row lies within."""
        start, end = (min(max(at * units, 0), LAST) for at in (self.start_s, self.end_s))
        inside = (column >= start) & (column < end)
        return inside if self.sensor is None else inside & (table.c.sensor == self.sensor)

    def by_day(self) -> tuple[Span, Span, Span]:
        """The hours before its first whole day, its whole days, the hours after."""
        first = min(-(-self.start_s // DAY) * DAY, self.end_s)
        last = max(self.end_s // DAY * DAY, first)
        bounds = (self.start_s, first, last, self.end_s)
        before, days, after = (Span(bounds[at], bounds[at + 1], self.sensor) for at in range(3))
        return before, days, after
