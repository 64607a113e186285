"""A sheet's values as a person reads them. No Qt here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from trafficdesk.metrics.sheets import Form
from trafficdesk.ui.wording import scaled, thousands, visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.metrics.sheets import SheetColumn
    from trafficdesk.ui.address_names import AddressNames

NUMBERS: Final = frozenset(
    {Form.PORT, Form.COUNT, Form.BYTES, Form.SECONDS, Form.MILLISECONDS, Form.BITS_PER_S, Form.SHARE}
)
"""Forms that are aligned at the right."""


def cell_text(column: SheetColumn, row: int) -> str:
    """One cell; empty where there is no value."""
    value = column.plain(row)
    if value is None:
        return ""
    if isinstance(value, str):
        return visible(value)
    return _WORDS.get(column.form, _whole)(value)


def address_name(column: SheetColumn, row: int, names: AddressNames) -> str:
    """What the address in a cell is called; empty where there is none, or it has no name."""
    if column.form is Form.IP:
        return visible(names.ip(column.values[row].tobytes()))
    return visible(names.mac(int(column.values[row]))) if column.form is Form.MAC else ""


def address_words(column: SheetColumn, row: int, names: AddressNames) -> str:
    """The address in a cell with its name, and where that is known from; empty where there is no name."""
    name = address_name(column, row, names)
    if not name:
        return ""
    source = names.host(column.values[row].tobytes()).source.words if column.form is Form.IP else ""
    return f"{column.plain(row)} · {name}" + (f" ({source})" if source else "")


def bit_rate(bits_per_second: float) -> str:
    """4.2e6 becomes "4.20 Mbit/s"."""
    divisor, prefix = scaled(bits_per_second)
    value = bits_per_second / divisor
    digits = 0 if divisor == 1 or value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {prefix}bit/s"


def milliseconds(value: float) -> str:
    """48.7 becomes "48.70 ms"; a dash where there is none."""
    if math.isnan(value):
        return "—"
    digits = 3 if value < 1 else 2 if value < 100 else 0
    return f"{value:,.{digits}f} ms"


def percent(part: float) -> str:
    """0.6134 becomes "61.3 %"; what is there but rounds to nothing becomes "<0.1 %"."""
    return "<0.1 %" if 0 < part < 0.001 else f"{part * 100:.1f} %"


def byte_count(octets: float) -> str:
    """64214936 becomes "64.2 MB"."""
    divisor, prefix = scaled(octets)
    return f"{thousands(octets)} B" if divisor == 1 else f"{octets / divisor:.1f} {prefix}B"


def _whole(number: float) -> str:
    return f"{number:,}"


_WORDS: Final[dict[Form, Callable[[float], str]]] = {
    Form.PORT: str,
    Form.SECONDS: lambda seconds: f"{seconds:,.6f}",
    Form.MILLISECONDS: milliseconds,
    Form.BITS_PER_S: bit_rate,
    Form.SHARE: percent,
}
