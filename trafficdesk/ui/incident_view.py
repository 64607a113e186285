"""Which incidents are listed, in which order, under which headings; no Qt here."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from trafficdesk.ui.wording import family_title, is_family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from trafficdesk.detect.finding import Incident

SEVERE: Final = 60
"""Severity from which on an incident counts as severe: a flood, a tunnel, a brute force by themselves."""


class Order(StrEnum):
    """What comes first."""

    NEWEST = "Newest first"
    SEVERE = "Most severe first"
    LARGEST = "Most packets first"
    FAMILY = "By family"
    CULPRIT = "By culprit"


class Group(StrEnum):
    """What has a heading of its own."""

    NONE = "Not grouped"
    FAMILY = "Grouped by family"
    CULPRIT = "Grouped by culprit"


class Kind(StrEnum):
    """What is listed at all."""

    ALL = "All incidents"
    SEVERE = "Severe ones only"
    RULES = "Those with a name"
    UNUSUAL = "Those the model found"


@dataclass(frozen=True, slots=True)
class Section:
    """Incidents under one heading."""

    title: str
    """Empty = without a heading."""
    count: int
    """All that belong here, also where fewer are shown."""
    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True)
class IncidentView:
    """What a person chose to see of the incidents."""

    order: Order = Order.NEWEST
    group: Group = Group.NONE
    kind: Kind = Kind.ALL
    text: str = ""
    """Words, all of which must occur: in title, sentence, culprit, peers or reasons."""

    @property
    def narrowed(self) -> bool:
        """Whether some may be left out."""
        return self.kind is not Kind.ALL or bool(self.text.strip())

    def chosen(self, incidents: Iterable[Incident]) -> list[Incident]:
        """Those that are listed."""
        words = self.text.casefold().split()
        kind = _KINDS[self.kind]
        return [
            incident for incident in incidents if kind(incident) and (not words or _holds(incident, words))
        ]

    def arranged(self, incidents: Sequence[Incident], most: int) -> list[Section]:
        """At most `most` of `incidents`, the most severe ones, in their order under their headings."""
        shown = heapq.nlargest(most, incidents, key=lambda incident: (incident.severity, incident.id))
        shown.sort(key=_ORDERS[self.order])
        heading = _HEADINGS.get(self.group)
        if heading is None:
            return [Section("", len(incidents), tuple(shown))] if shown else []
        totals: dict[str, int] = {}
        for incident in incidents:
            totals[heading(incident)] = totals.get(heading(incident), 0) + 1
        sections: dict[str, list[Incident]] = {}
        for incident in shown:
            sections.setdefault(heading(incident), []).append(incident)
        return [Section(title, totals[title], tuple(members)) for title, members in sections.items()]


_KINDS: Final[dict[Kind, Callable[[Incident], bool]]] = {
    Kind.ALL: lambda _incident: True,
    Kind.SEVERE: lambda incident: incident.severity >= SEVERE,
    Kind.RULES: lambda incident: is_family(incident.family),
    Kind.UNUSUAL: lambda incident: not is_family(incident.family),
}
_ORDERS: Final[dict[Order, Callable[[Incident], tuple[object, ...]]]] = {
    Order.NEWEST: lambda incident: (-incident.id,),
    Order.SEVERE: lambda incident: (-incident.severity, -incident.id),
    Order.LARGEST: lambda incident: (-incident.packets, -incident.id),
    Order.FAMILY: lambda incident: (family_title(incident.family), -incident.id),
    Order.CULPRIT: lambda incident: (incident.culprit, -incident.id),
}
_HEADINGS: Final[dict[Group, Callable[[Incident], str]]] = {
    Group.FAMILY: lambda incident: family_title(incident.family),
    Group.CULPRIT: lambda incident: incident.culprit,
}


def _holds(incident: Incident, words: list[str]) -> bool:
    parts = (
        family_title(incident.family),
        incident.family,
        incident.culprit,
        *incident.peers,
        incident.sentence,
        *(reason.words for reason in incident.reasons),
        f"#{incident.id}",
    )
    text = "\n".join(parts).casefold()
    return all(word in text for word in words)
