"""`Reloaded`: what reading settings and files again has changed, in words and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

_SECRETIVE: Final = frozenset({"history.url", "mail.webhook"})
"""May hold what opens a door."""
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that has another value now."""

    name: str
    """As in the file: "detection.incidents_per_day"."""
    label: str
    before: Any
    after: Any

    @property
    def words(self) -> str:
        """`alert budget 10 → 5`."""
        label = self.label[:1].lower() + self.label[1:]
        if self.name in _SECRETIVE:
            return label
        return f"{label} {_short(self.before)} → {_short(self.after)}"

    @property
    def table(self) -> dict[str, Any]:
        """As a JSON object."""
        shown = self.name not in _SECRETIVE
        return {
            "setting": self.name,
            "before": self.before if shown else None,
            "after": self.after if shown else None,
        }

    @property
    def waits(self) -> bool:
        """Whether it holds from the next start on only."""
        section, value = self.name.split(".")
        if section == "capture":
            return value != "capture_filter"
        return section == "names" and value != "reverse_dns"


@dataclass(frozen=True, slots=True)
class Reloaded:
    """One reading."""

    changes: tuple[Change, ...] = ()
    also: tuple[str, ...] = ()
    """What else is another now: "corrections"."""
    warnings: tuple[str, ...] = ()
    """A sentence for each thing that could not be used; what was in force is."""

    @property
    def words(self) -> str:
        """One sentence."""
        now = [one.words for one in self.changes if not one.waits]
        later = [one.words for one in self.changes if one.waits]
        said = "; ".join([*now, *self.also]) or "nothing that holds at once has changed"
        if later:
            said += f"; from the next start on: {'; '.join(later)}"
        return f"Settings and files were read again: {said}."

    @property
    def table(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "changed": [one.table for one in self.changes if not one.waits],
            "also": list(self.also),
            "from_next_start": [one.table for one in self.changes if one.waits],
            "warnings": list(self.warnings),
        }


def _short(value: object) -> str:
    text = f"“{value}”" if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
