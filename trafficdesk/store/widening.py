"""Columns that came with a later version, for a table of an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sql
from sqlalchemy.schema import CreateColumn

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


def widen(connection: Connection, table: sql.Table) -> None:
    """Add the columns that a table lacks."""
    there = {column["name"] for column in sql.inspect(connection).get_columns(table.name)}
    for column in table.columns:
        if column.name not in there:
            spec = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {spec}")
