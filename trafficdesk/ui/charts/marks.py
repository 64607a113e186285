"""Which flagged moments a time chart marks, and which of them it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trafficdesk.detect.finding import Incident

MAX_MARKS: Final = 24
"""More lines than this hide the curve."""
MAX_NAMED: Final = 4
UNUSUAL: Final = "unusual"
"""The family of what the model flagged and no rule names."""


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
            words=incident.family.replace("_", " "),
            is_family=incident.family != UNUSUAL,
            severity=incident.severity,
            incident=incident.id,
        )
        for incident in incidents
        if incident.end_ns / 1e9 >= start_s and incident.start_ns / 1e9 < stop_s
    ]
    marks.sort(key=lambda mark: (mark.severity, mark.incident), reverse=True)
    return sorted(marks[:MAX_MARKS], key=lambda mark: mark.second)


def named_marks(marks: Sequence[Mark], positions: Sequence[float], widths: Sequence[float]) -> set[int]:
    """Indices of the marks whose names fit: the most severe first, none over another.

    Parameters
    ----------
    marks : the marks drawn.
    positions : centre of each mark's name in pixels.
    widths : width of each mark's name in pixels.
    """
    chosen: set[int] = set()
    for index in sorted(range(len(marks)), key=lambda index: -marks[index].severity):
        if len(chosen) >= MAX_NAMED:
            break
        if all(
            abs(positions[index] - positions[other]) >= (widths[index] + widths[other]) / 2 + 8 for other in chosen
        ):
            chosen.add(index)
    return chosen
