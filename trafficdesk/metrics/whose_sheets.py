"""Program and host name as columns of a table of statistics, and where they are known from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from trafficdesk.metrics.sheets import Form, Naming, SheetColumn
from trafficdesk.packets.display_filter import filter_for_value

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from trafficdesk.metrics.whose import Several, Whose
    from trafficdesk.packets.identities import Host, Identities, Interned, Program

_SHOWN: Final = 3
"""Names in a cell; the rest is a number."""
_TOLD: Final = 12
"""Names in a tooltip."""
_ASKED: Final = 20
"""Names in a filter; of more the filter would be about something else than what one sees."""
_T = TypeVar("_T", bound="Hashable")


def whose_columns(
    whose: Whose, rows: int, identities: Identities | None
) -> tuple[tuple[SheetColumn, ...], tuple[SheetColumn, ...]]:
    """Columns to be shown, and those that only files have: where what is shown is known from.

    Programs only where this computer's own traffic was captured: a file does not know any.
    """
    if identities is None:
        return (), ()
    hosts = _pair("host", "Host name", whose.hosts, rows, _Host(identities.hosts))
    if not len(identities.own):
        return hosts[:1], hosts[1:]
    programs = _pair("program", "Program", whose.programs, rows, _Program(identities.programs))
    return (programs[0], hosts[0]), (programs[1], hosts[1])


class _Program:
    """How programs are worded."""

    def __init__(self, table: Interned[Program]) -> None:
        self._table = table

    def text(self, number: int) -> str:
        return self._table[number].label

    def source(self, number: int) -> str:
        return self._table[number].certainty.words

    def tip(self, number: int) -> str:
        program = self._table[number]
        process = f", pid {program.pid}" if program.pid else ""
        return f"{program.name} ({program.certainty.words}{process})" if program.name else program.label

    def filter(self, number: int) -> tuple[str, str]:
        program = self._table[number]
        return ("td.program", program.name) if program.name else ("td.program.source", self.source(number))


class _Host:
    """How hosts are worded."""

    def __init__(self, table: Interned[Host]) -> None:
        self._table = table

    def text(self, number: int) -> str:
        return self._table[number].name

    def source(self, number: int) -> str:
        return self._table[number].source.words

    def tip(self, number: int) -> str:
        return f"{self.text(number)} ({self.source(number)})"

    def filter(self, number: int) -> tuple[str, str]:
        return "td.host", self.text(number)


def _pair(
    name: str, title: str, numbers: Several, rows: int, of: _Program | _Host
) -> tuple[SheetColumn, SheetColumn]:
    first = numbers.first(rows)
    told = Naming(
        lambda row: _listed(_distinct(numbers.of(row), of.text)),
        of.text,
        lambda row: _lines(_distinct(numbers.of(row), of.tip)),
        lambda row: _filter(_distinct(numbers.of(row), of.filter)),
    )
    sources = Naming(lambda row: _listed(_distinct(numbers.of(row), of.source)), of.source)
    return (
        SheetColumn(name, title, Form.NAMED, first, told),
        SheetColumn(f"{name}_source", f"{title} known from", Form.NAMED, first, sources),
    )


def _distinct(numbers: list[int], of: Callable[[int], _T]) -> list[_T]:
    return list(dict.fromkeys(map(of, numbers)))


def _listed(texts: list[str]) -> str:
    more = f" +{len(texts) - _SHOWN}" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def _lines(texts: list[str]) -> str:
    more = [f"and {len(texts) - _TOLD} more"] if len(texts) > _TOLD else []
    return "\n".join(texts[:_TOLD] + more)


def _filter(wanted: list[tuple[Any, str]]) -> str:
    if len(wanted) > _ASKED:
        return ""
    return " || ".join(filter_for_value(field, value) for field, value in wanted)
