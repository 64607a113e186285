"""`Parcel`: rows that are written together or not at all; crosses threads, and waits on disk where it must."""

from __future__ import annotations

import json
import operator
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.errors import StoreError
from trafficdesk.store.database import lines_of
from trafficdesk.store.schema import METADATA, Merge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Table
    from sqlalchemy.engine import Connection

    from trafficdesk.store.database import Database

_LEVEL: Final = 1
_BYTES: Final = "base16"


@dataclass(slots=True)
class Parcel:
    """Rows by table."""

    tables: dict[str, list[list[Any]]] = field(default_factory=dict)
    """Per table's name one list of values per column, in the schema's order."""

    def __bool__(self) -> bool:
        return bool(self.tables)

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(len(columns[0]) for columns in self.tables.values())

    def add(self, table: Table, *columns: Any) -> None:
        """Add rows: one array or sequence per column of `table`, all of one length."""
        lines = lines_of(columns)
        if not lines[0]:
            return
        known = self.tables.get(table.name)
        if known is None:
            self.tables[table.name] = lines
        else:
            for column, more in zip(known, lines, strict=True):
                column.extend(more)

    def add_row(self, table: Table, *values: Any) -> None:
        """Add one row."""
        self.add(table, *([value] for value in values))

    def write(self, database: Database, connection: Connection) -> None:
        """Merge every row into its table."""
        for name, columns in self.tables.items():
            database.merge(connection, METADATA.tables[name], columns)

    def packed(self) -> bytes:
        """As bytes, without pickle."""
        return zlib.compress(json.dumps(self.tables, default=_as_text).encode(), _LEVEL)

    @classmethod
    def unpacked(cls, data: bytes) -> Parcel:
        """The parcel of `packed` bytes.

        Raises
        ------
        StoreError
            If they are none.
        """
        try:
            tables = json.loads(zlib.decompress(data), object_hook=_as_bytes)
            for name, columns in tables.items():
                _check(name, columns)
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError("A part of the history that waited to be sent is damaged.") from error
        return cls(tables)


def joined(parcels: Sequence[Parcel]) -> Parcel:
    """Several as one, rows of the same key merged: of a busy second's twenty updates of one host the store sees one."""
    out = Parcel()
    for name in dict.fromkeys(name for parcel in parcels for name in parcel.tables):
        parts = [parcel.tables[name] for parcel in parcels if name in parcel.tables]
        table = METADATA.tables[name]
        merges = [_MERGED[column.info["merge"]] for column in table.columns if not column.primary_key]
        width = len(table.columns) - len(merges)
        lines: dict[tuple[Any, ...], list[Any]] = {}
        for columns in parts:
            for line in zip(*columns, strict=True):
                known = lines.get(line[:width])
                if known is None:
                    lines[line[:width]] = list(line[width:])
                else:
                    known[:] = [
                        merged(old, new) for merged, old, new in zip(merges, known, line[width:], strict=True)
                    ]
        keys = zip(*lines, strict=True)
        values = zip(*lines.values(), strict=True)
        out.tables[name] = [*map(list, keys), *map(list, values)]
    return out


_MERGED: Final[Mapping[Merge, Callable[[Any, Any], Any]]] = {
    Merge.ADD: operator.add,
    Merge.LEAST: min,
    Merge.GREATEST: max,
    Merge.REPLACE: lambda _old, new: new,
    Merge.FILL: lambda old, new: new if new != "" else old,
}


def _as_text(value: object) -> object:
    if isinstance(value, bytes):
        return {_BYTES: value.hex()}
    raise TypeError(type(value))


def _as_bytes(value: dict[str, Any]) -> object:
    return bytes.fromhex(value[_BYTES]) if value.keys() == {_BYTES} else value


def _check(name: str, columns: list[list[Any]]) -> None:
    wanted = len(METADATA.tables[name].columns)
    # What waited while the program was updated lacks the columns that came with it.
    for column in list(METADATA.tables[name].columns)[len(columns) :]:
        if column.server_default is not None:
            columns.append([int(column.server_default.arg.text)] * len(columns[0]))  # type: ignore[attr-defined]
    if len(columns) != wanted or len({len(column) for column in columns}) != 1:
        raise ValueError(name)
