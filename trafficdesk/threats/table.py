"""Lists as tables: CSV with commas, semicolons, tabulators or bars; which column has the entries is found out."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from trafficdesk.threats.indicator import NotUsable, indicator_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trafficdesk.threats.problems import Problems

_DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLED: Final = 100
_TITLES: Final = (
    "ioc_value", "indicator", "ioc", "observable", "dst_ip", "dest_ip", "destination_ip", "ip", "ip_address",
    "ipaddress", "ipv4", "ipv6", "address", "addr", "src_ip", "source_ip", "cidr", "network", "subnet", "netblock",
    "prefix", "range", "domain", "domain_name", "domainname", "fqdn", "hostname", "host", "value",
)  # fmt: skip
"""What publishers (abuse.ch, MISP, AlienVault OTX, DShield, national CERTs) call the column, the surest first."""


def delimiter_of(lines: Sequence[str]) -> str:
    """What separates cells: the same number of times, at least once, on nearly every line; empty = no table."""
    best, fields = "", 0
    for delimiter in _DELIMITERS:
        counts = [len(_cells(line, delimiter)) for line in lines if line]
        if not counts:
            continue
        usual = max(set(counts), key=counts.count)
        # "192.0.2.0/24 ; SBL123" has one entry and a remark.
        remark = delimiter == ";" and sum(" ;" in line for line in lines) * 2 > len(lines)
        if usual > max(fields, 1) and counts.count(usual) * 10 >= len(counts) * 8 and not remark:
            best, fields = delimiter, usual
    return best


def table_entries(text: str, problems: Problems) -> Iterator[tuple[int, str]]:
    """The cells of the one column that has addresses or names."""
    lines = text.split("\n")
    content = [
        (number, line) for number, line in enumerate(lines, 1) if line.strip() and not _is_remark(line)
    ]
    sample = [line.strip() for _, line in content[:_SAMPLED]]
    delimiter = delimiter_of(sample) or ","
    rows = [_cells(line, delimiter) for line in sample]
    if not rows:
        return
    titles = _titles(rows[0])
    has_titles = bool(titles)
    if not has_titles and content[0][0] > 1:
        titles = _titles(_cells(lines[content[0][0] - 2].strip().lstrip("#; "), delimiter), len(rows[0]))
    column = _column(titles, rows[1:] if has_titles else rows)
    if column < 0:
        problems.add(content[0][0], "no column has addresses or names")
        return
    for number, line in content[1:] if has_titles else content:
        cells = _cells(line.strip(), delimiter)
        if column < len(cells) and cells[column].strip():
            yield number, cells[column]
        else:
            problems.add(number, f"has no column {column + 1}")


def _is_remark(line: str) -> bool:
    return line.lstrip().startswith(("#", "//", "!", ";"))


def _cells(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:  # a cell longer than csv takes
        return []


def _titles(cells: Sequence[str], width: int = 0) -> list[str]:
    """Names of the columns, if these are names of columns."""
    names = [cell.strip().strip('"').lower().replace(" ", "_").replace("-", "_") for cell in cells]
    fits = not width or len(names) == width
    return names if fits and any(name in _TITLES for name in names) else []


def _column(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Where most cells are entries; a column with a telling title first. -1 = nowhere."""
    width = max(map(len, rows), default=0)
    found = [sum(_weight(row[at]) for row in rows if at < len(row)) for at in range(width)]
    for title in _TITLES:
        if title in titles and titles.index(title) < width and found[titles.index(title)]:
            return titles.index(title)
    best = max(range(width), key=lambda at: (found[at], -at), default=-1)
    return best if best >= 0 and found[best] * 2 >= len(rows) else -1


def _weight(cell: str) -> int:
    """An address counts more than a name: many words with a dot look like one."""
    try:
        return 1 if isinstance(indicator_of(cell), bytes) else 3
    except NotUsable:
        return 0
