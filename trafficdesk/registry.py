"""The one rule of our registries: a literal list whose entries have unique names, checked at import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Named(Protocol):
    """Anything with a name to be found by."""

    @property
    def name(self) -> str:
        """Unique within its registry."""
        ...


Entry = TypeVar("Entry", bound=Named)


def by_name(entries: Iterable[Entry]) -> Mapping[str, Entry]:
    """Index `entries` by name, in their order.

    Raises
    ------
    ValueError
        If two entries share a name.
    """
    index: dict[str, Entry] = {}
    for entry in entries:
        if entry.name in index:
            raise ValueError(f"two entries are called {entry.name!r}")
        index[entry.name] = entry
    return index
