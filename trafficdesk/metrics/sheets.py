"""`Sheet`: a table of numbers ready to be shown, sorted, copied and written, whatever it is of.

Values stay numbers and addresses until a cell is looked at; who shows them chooses the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from trafficdesk.packets.address import address_text, mac_text
from trafficdesk.packets.key_table import mix

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


class Form(Enum):
    """What a column's values are, and so how they are written."""

    TEXT = "text"
    IP = "halves of addresses as they lie in memory, (rows, 2)"
    MAC = "link-layer addresses as numbers"
    PORT = "ports, -1 = none"
    COUNT = "whole numbers"
    BYTES = "bytes"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds, NaN = none"
    BITS_PER_S = "bits per second, NaN = none"
    SHARE = "parts of one"
    NAMED = "numbers that stand for names, 0 = none"


def _nothing(_row: int) -> str:
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class Naming:
    """What the numbers of a column of `Form.NAMED` stand for: a row may have more names than the one it is sorted by."""

    text: Callable[[int], str]
    """What a row's cell says; hostile until it is made visible."""
    name: Callable[[int], str]
    """Of one number."""
    tip: Callable[[int], str] = _nothing
    """All of a row's names, and where they are known from, a line each."""
    filter_of: Callable[[int], str] = _nothing
    """The display filter that asks for a row's names; empty where there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class SheetColumn:
    """One column."""

    name: str
    """In files: lower case, the unit at the end."""
    title: str
    """For people."""
    form: Form
    values: NDArray[Any]
    """(rows,), or (rows, 2) of `Form.IP`."""
    naming: Naming | None = None
    """Of `Form.NAMED`."""

    def plain(self, row: int) -> str | int | float | None:
        """One value as files have it; None = none."""
        value = self.values[row]
        if self.naming is not None:
            return self.naming.text(row) or None
        match self.form:
            case Form.TEXT:
                return str(value)
            case Form.IP:
                return address_text(value.tobytes())
            case Form.MAC:
                return mac_text(int(value))
            case Form.PORT | Form.COUNT | Form.BYTES:
                return int(value) if value >= 0 else None
            case _:
                return round(float(value), 9) if np.isfinite(value) else None

    def order(self) -> NDArray[np.int64]:
        """(rows,) rows in ascending order of this column; equal ones keep theirs, none comes last."""
        if self.form is Form.TEXT:
            return np.array(
                sorted(range(len(self.values)), key=lambda row: str(self.values[row]).lower()), np.int64
            )
        if self.form is Form.NAMED:
            return self._order_of_names()
        if self.form is Form.IP:
            halves = self.values.byteswap() if np.little_endian else self.values
            return np.lexsort((halves[:, 1], halves[:, 0]))
        return np.argsort(self.values, kind="stable")

    def sorted_rows(self, *, descending: bool) -> NDArray[np.int64]:
        """(rows,) rows in the order of this column, those without a value last either way."""
        order = self.order()
        absent = self._absent()[order]
        there = order[~absent]
        return np.concatenate([there[::-1] if descending else there, order[absent]])

    def _absent(self) -> NDArray[np.bool_]:
        match self.form:
            case Form.TEXT:
                absent = self.values == ""
            case Form.NAMED:
                absent = self.values == 0
            case Form.PORT:
                absent = self.values < 0
            case Form.IP | Form.MAC | Form.COUNT | Form.BYTES:
                absent = np.zeros(len(self.values), np.bool_)
            case _:
                absent = ~np.isfinite(self.values)
        return np.asarray(absent, np.bool_)

    def _order_of_names(self) -> NDArray[np.int64]:
        assert self.naming is not None
        distinct, which = np.unique(self.values, return_inverse=True)
        names = [self.naming.name(number).lower() if number else "" for number in distinct.tolist()]
        rank = np.empty(len(distinct), np.int64)
        rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
        return np.argsort(rank[which], kind="stable")


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Columns of equal length."""

    columns: tuple[SheetColumn, ...]
    keys: NDArray[np.uint64]
    """(rows,) what a row is of: the same in a later sheet of the same kind."""
    filter_of: Callable[[int], str]
    """The display filter that asks for a row's packets; empty where there is none."""
    note: str = ""
    """What the table leaves out, in a sentence."""
    aside: tuple[SheetColumn, ...] = ()
    """Columns that only files have."""

    @property
    def file_columns(self) -> tuple[SheetColumn, ...]:
        """As files have them: names came later, and stand behind what was there before."""
        named = [column for column in self.columns if column.naming is not None]
        others = [column for column in self.columns if column.naming is None]
        return (*others, *named, *self.aside)

    def __len__(self) -> int:
        return len(self.keys)


def keys_of(columns: Sequence[NDArray[Any]]) -> NDArray[np.uint64]:
    """(rows,) one number for each row's identity, out of whole-number columns."""
    parts = []
    for column in columns:
        wide = column if column.ndim > 1 else column[:, None]
        parts += [np.ascontiguousarray(wide[:, part]).astype(np.uint64) for part in range(wide.shape[1])]
    return mix(*parts)


def text_keys(texts: Sequence[str]) -> NDArray[np.uint64]:
    """(rows,) the same of texts, which are few."""
    return np.array([hash(text) & 0xFFFF_FFFF_FFFF_FFFF for text in texts], np.uint64)


def texts(values: Sequence[str]) -> NDArray[np.object_]:
    """(rows,) a column of texts."""
    column = np.empty(len(values), object)
    column[:] = values
    return column
