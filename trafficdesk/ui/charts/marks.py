"""Which flagged moments a time chart marks, and which of them it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trafficdesk.ui.wording import family_title, is_family

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trafficdesk.detect.finding import Incident

MAX_MARKS: Final = 24
"""More lines than this hide the curve."""
MAX_NAMED: Final = 4
_GAP: Final = 6.0
"""Pixels between a name and a line or another name."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One flagged moment."""

    second: float
    """Where the line stands, Unix epoch."""
    words: str
    is_family: bool
    """A rule's family (red) rather than the model's judgement (amber)."""
    severity: int
    incident: int
    """Incident id."""


def marks_between(incidents: Iterable[Incident], start_s: float, stop_s: float) -> list[Mark]:
    """The most severe incidents that touch the span, in order of time, each where it comes into view."""
    marks = [
        Mark(
            second=max(incident.start_ns / 1e9, start_s),
            words=family_title(incident.family),
            is_family=is_family(incident.family),
            severity=incident.severity,
            incident=incident.id,
        )
        for incident in incidents
        if incident.end_ns / 1e9 >= start_s and incident.start_ns / 1e9 < stop_s
    ]
    marks.sort(key=lambda mark: (mark.severity, mark.incident), reverse=True)
    return sorted(marks[:MAX_MARKS], key=lambda mark: mark.second)


def place_names(
    marks: Sequence[Mark], positions: Sequence[float], widths: Sequence[float], available: float
) -> dict[int, float]:
    """Where the names stand: left of their line, or right of it where fewer other lines cross them.

    The most severe come first; none stands over another.

    Parameters
    ----------
    marks : the marks drawn.
    positions : each mark's line in pixels from the left.
    widths : width of each mark's name in pixels.
    available : width of the plot in pixels.

    Returns
    -------
    dict
        Index of each named mark and its name's left edge in pixels.
    """
    taken: list[tuple[float, float]] = []
    placed: dict[int, float] = {}
    for index in sorted(range(len(marks)), key=lambda index: -marks[index].severity):
        width = widths[index]
        sides = (positions[index] - _GAP - width, positions[index] + _GAP)
        crossings = [sum(left < position < left + width for position in positions) for left in sides]
        for left in sorted(sides, key=lambda left: crossings[sides.index(left)]):
            free = all(left + width + _GAP <= start or left >= stop + _GAP for start, stop in taken)
            if len(placed) < MAX_NAMED and left >= 0 and left + width <= available and free:
                placed[index] = left
                taken.append((left, left + width))
                break
    return placed
