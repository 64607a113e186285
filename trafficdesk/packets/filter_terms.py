"""The words of a display filter: operands, literals, and what may have been meant by an unknown one."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets.filter_fields import BY_NAME, FIELD_NAMES
from trafficdesk.packets.filter_rows import Column, FilterField, Kind, Mask, Rows, Values

if TYPE_CHECKING:
    from lark import Token

Predicate: TypeAlias = Callable[[Rows], Mask]

_INSTEAD: Final = {
    "tcp.window_size": "Scaled windows are not kept: use tcp.window_size_value.",
    "frame.time_relative": "Use frame.time_epoch or frame.time.",
    "bootp": "It is called dhcp.",
    "ssl": "It is called tls.",
    "port": "Use tcp.port or udp.port.",
    "host": "Use ip.addr or ipv6.addr.",
}


@dataclass(frozen=True, slots=True)
class Operand:
    """The left side of a comparison."""

    field: FilterField
    position: int
    bits: int | None = None
    """`field & bits`."""
    function: str = ""
    """`lower`, `upper` or `len` of a text."""

    @property
    def kind(self) -> Kind:
        """Kind of what is compared."""
        return Kind.NUMBER if self.function == "len" else self.field.kind


JOIN: Final = {"any": np.logical_or, "all": np.logical_and}


def values_of(operand: Operand, rows: Rows) -> Values:
    """Occurrences of an operand, its function or bits applied."""
    values = operand.field.read(rows)
    if operand.function == "len":
        return Values(values.present, (rows.column("text_length"),))
    if operand.bits is not None:
        bits = operand.bits
        return Values(values.present, tuple(one.astype(np.int64) & bits for one in values.occurrences))
    return values


def over(operand: Operand, test: Callable[[Column], Mask], asked: str) -> Predicate:
    """`test` asked of "any" or "all" occurrences; false where the field is absent."""

    def mask(rows: Rows) -> Mask:
        values = values_of(operand, rows)
        return values.present & functools.reduce(JOIN[asked], (test(one) for one in values.occurrences))

    return mask


def is_field(node: Any) -> bool:
    """Whether the right side of a comparison names a field rather than a value."""
    return hasattr(node, "data") or (node.type == "ATOM" and str(node) in BY_NAME)


def literal_of(node: Token) -> tuple[str, bool]:
    """A value as written, without its quotes, and whether it had any."""
    text = str(node)
    if node.type == "ATOM":
        return text, False
    if text.startswith("r"):
        return text[2:-1], True
    # A backslash before any other letter stays, so that "matches" patterns need no doubling.
    return re.sub(r"\\(.)", lambda found: found[1] if found[1] in '"\\' else found[0], text[1:-1]), True


def field_named(token: Token) -> FilterField:
    """The field of that name.

    Raises
    ------
    BadDisplayFilter
        If there is none; the hint says what may have been meant.
    """
    name = str(token)
    if token.type == "ATOM" and name in BY_NAME:
        return BY_NAME[name]
    raise BadDisplayFilter(
        f"{name} is no field or protocol known here.", _meant(name), position=token.start_pos or 0
    )


def _meant(name: str) -> str:
    if name in _INSTEAD:
        return _INSTEAD[name]
    if re.fullmatch(r"[\d.]+(/\d+)?", name) and name.count(".") == 3:
        return f"Did you mean ip.addr == {name}?"
    if re.fullmatch(r"[0-9a-fA-F:]*::?[0-9a-fA-F:.]*(/\d+)?", name):
        return (
            f"Did you mean {'eth' if name.count(':') == 5 and '::' not in name else 'ipv6'}.addr == {name}?"
        )
    if name.isdigit():
        return f"Did you mean tcp.port == {name} || udp.port == {name}?"
    near = difflib.get_close_matches(name.lower(), FIELD_NAMES, 3, 0.6)
    return f"Did you mean {either(near)}?" if near else ""


def either(names: list[str]) -> str:
    """Names as a choice: a, b or c."""
    return " or ".join(", ".join(names).rsplit(", ", 1))
