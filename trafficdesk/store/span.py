"""`Span`: of when something of the history is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import sqlalchemy as sql

NS: Final = 1_000_000_000
LAST: Final = 2**63 - 1
"""Largest number that a column holds."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start_s` to before `end_s`, seconds since the Unix epoch; `sensor` None = all of them."""

    start_s: int
    end_s: int
    sensor: int | None = None

    def holds(self, table: sql.Table, column: sql.Column[Any], units: int = 1) -> Any:
        """Condition that a row lies within."""
        start, end = (min(max(at * units, 0), LAST) for at in (self.start_s, self.end_s))
        inside = (column >= start) & (column < end)
        return inside if self.sensor is None else inside & (table.c.sensor == self.sensor)
