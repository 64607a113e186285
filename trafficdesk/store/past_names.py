"""What is asked of names: what an address was called, and which name to show for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sql

from trafficdesk.packets.address import address_text, pack_address
from trafficdesk.packets.identities import NameSource
from trafficdesk.store.schema import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.engine import Connection

_AT_ONCE: Final = 500
"""Addresses of one question."""
_RANKS: Final = {source.words: int(source) for source in NameSource}


def names_of(connection: Connection, address: str, most: int = 100) -> list[dict[str, Any]]:
    """Name, `source` in words, `first_ns` and `last_ns` of what one address was called, newest first.

    Raises
    ------
    ValueError
        If `address` is none.
    """
    first, last = sql.func.min(NAME.c.first_ns), sql.func.max(NAME.c.last_ns)
    query = sql.select(NAME.c.name, NAME.c.source, first.label("first_ns"), last.label("last_ns"))
    query = query.where(NAME.c.address == pack_address(address)).group_by(NAME.c.name, NAME.c.source)
    rows = connection.execute(query.order_by(last.desc(), NAME.c.name).limit(most))
    return [
        {"name": row[0], "source": row[1], "first_ns": int(row[2]), "last_ns": int(row[3])} for row in rows
    ]


def shown_names(connection: Connection, addresses: Iterable[str]) -> dict[str, str]:
    """The best known name by address: of the best evidence the newest; those without one are left out."""
    best: dict[bytes, tuple[int, int, str]] = {}
    packed = [pack_address(address) for address in addresses if address]
    for some in _parts(packed):
        query = sql.select(NAME.c.address, NAME.c.source, NAME.c.last_ns, NAME.c.name)
        for row in connection.execute(query.where(NAME.c.address.in_(some))):
            told = (_RANKS.get(row.source, 0), int(row.last_ns), row.name)
            key = bytes(row.address)
            best[key] = max(best.get(key, told), told)
    return {address_text(address): name for address, (_, _, name) in best.items()}


def _parts(packed: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(packed), _AT_ONCE):
        yield packed[start : start + _AT_ONCE]
