"""What the history's tables are made of: the kinds of their columns, and what becomes of one whose row is there already."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sql
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects import mysql


class Merge(StrEnum):
    """What becomes of a column when its row is there already."""

    ADD = "add"
    """Old and new are added."""
    LEAST = "least"
    GREATEST = "greatest"
    REPLACE = "replace"
    """The new value counts."""
    FILL = "fill"
    """The new value counts unless it is empty."""


METADATA: Final = MetaData()

ADDRESS: Final = LargeBinary(16).with_variant(mysql.VARBINARY(16), "mysql", "mariadb")
LONG: Final = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
NAME_LENGTH: Final = 255
"""Longest name kept (RFC 1035 section 2.3.4); longer ones are cut before they get here."""


def table(name: str, *parts: Any) -> Table:
    """A table clustered by its key: half the size. Time comes first in it, so that a span of time lies together."""
    return Table(
        name, METADATA, *parts, sqlite_with_rowid=False, mysql_engine="InnoDB", mysql_charset="utf8mb4"
    )


def key(name: str, kind: Any) -> Column[Any]:
    """A column of the key."""
    return Column(name, kind, primary_key=True, autoincrement=False)


def value(name: str, kind: Any, merge: Merge = Merge.REPLACE) -> Column[Any]:
    """A column beside the key."""
    return Column(name, kind, nullable=False, info={"merge": merge})


def added(name: str, kind: Any, default: int) -> Column[Any]:
    """A column that came with a later version; rows of before have `default`."""
    text = sql.text(str(default))
    return Column(name, kind, nullable=False, server_default=text, info={"merge": Merge.REPLACE})


def counts(*names: str) -> tuple[Column[Any], ...]:
    """Columns that are added up."""
    return tuple(value(name, BigInteger, Merge.ADD) for name in names)
