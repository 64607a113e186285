"""What a list's file looks like: which format it is in, and where in it the entries stand.

A format gives (place, text) pairs: the number of a line, or of an object in JSON, and what stands there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trafficdesk.threats.stix import stix_entries
from trafficdesk.threats.table import delimiter_of, table_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trafficdesk.threats.problems import Problems

SAMPLED: Final = 200
"""Lines looked at to tell a format."""
_HOSTS_LINE: Final = re.compile(
    r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?|fe80::1%\w+|255\.255\.255\.255|ff0\d::\w+)\s+(.*)", re.IGNORECASE
)
_OWN_NAMES: Final = frozenset(
    (
        "localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback",
        "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts", "0.0.0.0",  # noqa: S104  # a name here
    )
)  # fmt: skip
"""What every hosts file begins with."""
_LONGEST_LINE: Final = 10_000
"""Characters; a longer one is no entry."""


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a list."""

    name: str
    """As a person reads it."""
    unit: str
    """What places are counted in."""
    is_it: Callable[[str], bool]
    """Asked of the beginning of the text: `SAMPLED` lines at most."""
    entries: Callable[[str, Problems], Iterator[tuple[int, str]]]


def format_of(text: str) -> Format:
    """The first that fits; plain text always does."""
    head = "\n".join(text[: SAMPLED * 400].split("\n", SAMPLED)[:SAMPLED])
    return next(form for form in FORMATS if form.is_it(head))


def content_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with something on them besides remarks, by number from 1."""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line[:_LONGEST_LINE].strip()
        if stripped and stripped[0] not in "#!;/":
            yield number, stripped


def _plain_entries(text: str, _problems: Problems) -> Iterator[tuple[int, str]]:
    """One entry a line; what follows a blank is a remark."""
    for number, line in content_lines(text):
        if " " not in line and "\t" not in line:
            yield number, line
            continue
        first, _, rest = line.partition(" ") if " " in line else line.partition("\t")
        # "203.0.113.7 - 203.0.113.9" is one entry.
        yield number, line if rest.lstrip().startswith("-") else first.partition("\t")[0]


def _hosts_entries(text: str, problems: Problems) -> Iterator[tuple[int, str]]:
    for number, line in content_lines(text):
        found = _HOSTS_LINE.fullmatch(line)
        if found is None:
            problems.add(number, "does not begin with an address that leads nowhere")
            continue
        for name in found[1].partition("#")[0].split():
            if name.lower() not in _OWN_NAMES:
                yield number, name


def _is_json(head: str) -> bool:
    return head.lstrip()[:1] in ("{", "[") and not re.match(r"\s*\[[0-9a-fA-F:.]+\]", head)


def _is_hosts(head: str) -> bool:
    lines = [line for _, line in content_lines(head)]
    return bool(lines) and sum(_HOSTS_LINE.fullmatch(line) is not None for line in lines) * 2 > len(lines)


FORMATS: Final = (
    Format("STIX", "object", _is_json, stix_entries),
    Format("hosts", "line", _is_hosts, _hosts_entries),
    Format("CSV", "line", lambda head: bool(delimiter_of([line for _, line in content_lines(head)])), table_entries),
    Format("text", "line", lambda _head: True, _plain_entries),
)  # fmt: skip
"""In the order in which they are tried."""
