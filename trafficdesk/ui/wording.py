"""Numbers, times and foreign text as a person reads them; no Qt here.

Whatever came from the network passes `visible` before it is shown: control and direction-changing characters become
escapes that can be seen, so that no host name can rearrange the line it stands in.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

from trafficdesk.detect.families import FAMILIES, FAMILY_INDEX, UNUSUAL

_FORMULA_STARTS: Final = ("=", "+", "-", "@")
_PREFIXES: Final = ("", "k", "M", "G", "T", "P")
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Divisions that people read easily, times a power of ten."""
_SECONDS_PER_MINUTE: Final = 60
_SECONDS_PER_HOUR: Final = 3_600


def visible(text: str) -> str:
    """`text` on one line, with an escape for every character that doesn't print."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def pasted(text: str) -> str:
    """Text that a spreadsheet, into which it may be pasted, would run as a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def thousands(number: float) -> str:
    """1204 becomes "1,204"; a number that is not there becomes a dash."""
    return "—" if math.isnan(number) else f"{number:,.0f}"


def scaled(value: float) -> tuple[float, str]:
    """Divisor and SI prefix that bring `value` (bytes, bytes/s) into 1 to 999: 4.2e6 gives (1e6, "M")."""
    power = 0 if value < 1_000 else min(int(math.log10(value) // 3), len(_PREFIXES) - 1)
    return 1_000.0**power, _PREFIXES[power]


def byte_rate(bytes_per_second: float) -> str:
    """4.2e6 becomes "4.2 MB/s"; decimal prefixes, as link speeds have."""
    divisor, prefix = scaled(bytes_per_second)
    value = bytes_per_second / divisor
    digits = 0 if divisor == 1 or value >= 100 else 1
    return f"{value:.{digits}f} {prefix}B/s"


def share(part: float) -> str:
    """0.61 becomes "61 %"; what is there but rounds to nothing becomes "<1 %"."""
    if 0 < part < 0.01:
        return "<1 %"
    return f"{part * 100:.0f} %"


def nice_step(maximum: float, divisions: int) -> float:
    """The smallest easily read step of which `divisions` reach `maximum`; 1 where there is nothing to show."""
    if maximum <= 0:
        return 1.0
    least = maximum / divisions
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))


def duration(seconds: float) -> str:
    """12 becomes "12 s", 200 "3 min", 7,400 "2 h"."""
    if seconds < _SECONDS_PER_MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _SECONDS_PER_HOUR:
        return f"{seconds / _SECONDS_PER_MINUTE:.0f} min"
    return f"{seconds / _SECONDS_PER_HOUR:.0f} h"


def clock_time(timestamp_ns: int) -> str:
    """Local time of day, HH:MM:SS."""
    return datetime.fromtimestamp(timestamp_ns // 1_000_000_000).astimezone().strftime("%H:%M:%S")


def clock_date(timestamp_ns: int) -> str:
    """Local date and time of day, YYYY-MM-DD HH:MM."""
    return datetime.fromtimestamp(timestamp_ns // 1_000_000_000).astimezone().strftime("%Y-%m-%d %H:%M")


def family_title(name: str) -> str:
    """Heading of a family of findings: "port scan" becomes "Port scan"; an unknown one is taken as it is."""
    index = FAMILY_INDEX.get(name)
    return visible(name.replace("_", " ")) if index is None else FAMILIES[index].title


def family_words(name: str) -> str:
    """What a family means, and what harmless thing looks the same; empty for an unknown one."""
    index = FAMILY_INDEX.get(name)
    return "" if index is None else FAMILIES[index].words


def is_family(name: str) -> bool:
    """Whether a rule named it, rather than the model alone."""
    return name != FAMILIES[UNUSUAL].name


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
