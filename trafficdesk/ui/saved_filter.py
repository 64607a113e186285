"""A display filter with a name, as the settings keep it. No Qt here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_NAME: Final = 40
"""Characters."""
MOST: Final = 50
"""Buttons; more can't be told apart."""
_SEPARATOR: Final = "\t"


class SavedFilter(NamedTuple):
    """One button."""

    name: str
    expression: str


def from_lines(lines: Iterable[str]) -> tuple[SavedFilter, ...]:
    """Filters of a settings file; lines that are none are passed over, and a second one of the same name."""
    found: dict[str, SavedFilter] = {}
    for line in lines:
        name, _, expression = line.partition(_SEPARATOR)
        name = " ".join(name.split())[:LONGEST_NAME]
        if name and expression.strip():
            found.setdefault(name, SavedFilter(name, expression.strip()))
    return tuple(found.values())[:MOST]


def to_lines(filters: Iterable[SavedFilter]) -> tuple[str, ...]:
    """As the settings file has them."""
    return tuple(f"{saved.name}{_SEPARATOR}{saved.expression}" for saved in filters)


def kept(filters: tuple[SavedFilter, ...], name: str, expression: str) -> tuple[SavedFilter, ...]:
    """With one more at the end; one of the same name asks for `expression` from now on, and stays where it is."""
    name = " ".join(name.split())[:LONGEST_NAME]
    new = SavedFilter(name, expression)
    if any(saved.name == name for saved in filters):
        return tuple(new if saved.name == name else saved for saved in filters)
    return (*filters, new)


def renamed(filters: tuple[SavedFilter, ...], old: str, new: str) -> tuple[SavedFilter, ...]:
    """One with another name; a name that is taken, or none, changes nothing."""
    new = " ".join(new.split())[:LONGEST_NAME]
    if not new or any(saved.name == new for saved in filters):
        return filters
    return tuple(SavedFilter(new, saved.expression) if saved.name == old else saved for saved in filters)


def moved(filters: tuple[SavedFilter, ...], name: str, step: int) -> tuple[SavedFilter, ...]:
    """One shifted by `step` places, not beyond the ends."""
    order = list(filters)
    place = next(number for number, saved in enumerate(order) if saved.name == name)
    one = order.pop(place)
    order.insert(max(0, min(len(order), place + step)), one)
    return tuple(order)


def without(filters: tuple[SavedFilter, ...], name: str) -> tuple[SavedFilter, ...]:
    """All but one."""
    return tuple(saved for saved in filters if saved.name != name)
