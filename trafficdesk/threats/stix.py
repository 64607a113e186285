"""STIX 2.x, the simple part: indicators whose pattern names addresses or domains, alone or one of several.

OASIS STIX 2.1 section 4.7 (Indicator) and 9 (Patterning). What a pattern joins with AND, FOLLOWEDBY or NOT is not true
of an address alone, and is not taken.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.threats.indicator import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trafficdesk.threats.problems import Problems

_STRING: Final = r"'(?:[^'\\]|\\.)*'"
_SIMPLE: Final = re.compile(
    r"(?:ipv4-addr|ipv6-addr|domain-name):value\s*"
    rf"(?:(?:=|ISSUBSET|LIKE)\s*({_STRING})|IN\s*\(\s*({_STRING}(?:\s*,\s*{_STRING})*)\s*\))"
)
_JOINED: Final = re.compile(r"\b(?:AND|FOLLOWEDBY|NOT|WITHIN|REPEATS|START|STOP)\b|!=|[<>]")
_LONGEST: Final = 20_000
"""Characters of a pattern; a list of a million addresses in one pattern is none we know of."""


def stix_entries(text: str, problems: Problems) -> Iterator[tuple[int, str]]:
    """Values of every indicator in force, by its place among the objects."""
    try:
        # A surrogate or a lone NaN harms nobody here; depth and digits are limited by the parser.
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        problems.add(0, f"is no JSON (line {line})" if line else "is no JSON that can be read")
        return
    for place, thing in enumerate(_objects(found), 1):
        if not isinstance(thing, dict) or thing.get("type") != "indicator":
            continue
        if why := _not_in_force(thing):
            problems.add(place, why)
            continue
        pattern = thing.get("pattern")
        values = _values(pattern) if isinstance(pattern, str) else []
        if not values:
            problems.add(place, f"{quoted(str(pattern))} is not simply an address or a name")
        for value in values:
            yield place, value


def newest_s(text: str) -> int:
    """When the newest object was modified, seconds since 1970; 0 = none says so."""
    moments = re.findall(r'"modified"\s*:\s*"([0-9T:.+-]{19,32}Z?)"', text[:_SEARCHED])
    return max((int(moment.timestamp()) for one in moments if (moment := _moment(one))), default=0)


_SEARCHED: Final = 2_000_000


def _objects(found: Any) -> list[Any]:
    if isinstance(found, list):
        return found
    objects = found.get("objects") if isinstance(found, dict) else None
    return objects if isinstance(objects, list) else [found]


def _not_in_force(thing: dict[str, Any]) -> str:
    if thing.get("revoked") is True:
        return "was revoked"
    kind = thing.get("pattern_type", "stix")  # STIX 2.0 has no other
    if kind != "stix":
        return f"is a pattern of {quoted(str(kind))}"
    until = thing.get("valid_until")
    moment = _moment(until) if isinstance(until, str) else None
    if moment is not None and moment < datetime.now(UTC):
        return f"was valid until {moment:%Y-%m-%d}"
    return ""


def _values(pattern: str) -> list[str]:
    """What it names; nothing where more than that is asked for."""
    if len(pattern) > _LONGEST or _JOINED.search(re.sub(_STRING, "''", pattern)):
        return []
    found: list[str] = []
    for match in _SIMPLE.finditer(pattern):
        found += re.findall(_STRING, match[1] or match[2])
    return [re.sub(r"\\(.)", r"\1", value[1:-1]) for value in found]


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        return None
