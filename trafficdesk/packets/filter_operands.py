"""The left side of a comparison: a field, some of its bits or bytes, or a function of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets.filter_rows import Kind
from trafficdesk.packets.filter_terms import WIDTHS, Operand, field_named
from trafficdesk.packets.filter_values import whole_number

if TYPE_CHECKING:
    from lark import Token

_SLICE: Final = re.compile(r"(-?\d+)?(?:(:)(\d+)?|(-)(\d+))?")
_LONGEST: Final = 65_535
"""Bytes of a text: what `text_length` holds."""


def operand_of(node: Any) -> Operand:
    """What a part of the syntax tree stands for.

    Raises
    ------
    BadDisplayFilter
        If there is no such field, or what is asked of it is not supported.
    """
    if isinstance(node, Operand):
        return node
    if not hasattr(node, "data"):
        return Operand(field_named(node), node.start_pos or 0)
    if node.data == "bits":
        return _bits(*node.children)
    if node.data == "slice":
        return _slice(*node.children)
    function, argument = node.children
    field = field_named(argument)
    if function not in {"lower", "upper", "len"} or field.kind is not Kind.TEXT:
        raise BadDisplayFilter(
            f"{function}({argument}) is not supported.",
            "lower, upper and len work on text fields, such as lower(dns.qry.name).",
            position=function.start_pos or 0,
        )
    return Operand(field, argument.start_pos or 0, function=str(function))


def octets(text: str, operand: Operand) -> int:
    """Bytes as they are written behind a slice ("00:11:22", "0x0a" for a single one), as a number.

    Raises
    ------
    ValueError
        If these are not as many as the slice has.
    """
    assert operand.slice is not None
    wanted = operand.slice[1] - operand.slice[0]
    number = whole_number(text)
    if wanted == 1 and number is not None and 0 <= number <= 0xFF and not re.fullmatch(r"[0-9]{2}", text):
        return number
    digits = re.sub(r"(?<=[0-9A-Fa-f]{2})[:.-](?=[0-9A-Fa-f]{2})", "", text)
    if not re.fullmatch(rf"[0-9A-Fa-f]{{{2 * wanted}}}", digits):
        raise ValueError(
            f"{wanted} bytes are wanted here, such as {':'.join(['0a'] * wanted)}, not {text!r}."
        )
    return int(digits, 16)


def _bits(name: Token, bits: Token) -> Operand:
    field, value = field_named(name), whole_number(str(bits))
    if field.kind is not Kind.NUMBER or value is None or value < 0:
        raise BadDisplayFilter(
            f"{name} & {bits} is not supported.",
            "Combine conditions with &&; & takes a number's bits, as in tcp.flags & 0x02.",
            position=name.start_pos or 0,
        )
    return Operand(field, name.start_pos or 0, bits=value)


def _slice(name: Token, part: Token) -> Operand:
    field, found = field_named(name), _SLICE.fullmatch(str(part))
    width = _LONGEST if field.kind is Kind.TEXT else WIDTHS.get(field.kind, 0)
    if not width or found is None:
        raise BadDisplayFilter(
            f"{name}[{part}] is not supported.",
            "Parts can be taken of eth., ip. and text fields, as in eth.src[0:3], ip.src[3] or dns.qry.name[0:4].",
            position=name.start_pos or 0,
        )
    first, colon, length, dash, last = found.groups()
    begin = int(first or 0)
    begin += width if begin < 0 and field.kind is not Kind.TEXT else 0
    if dash:
        stop = int(last) + 1
    elif colon:
        stop = begin + int(length) if length else width
    else:
        stop = begin + 1
    if not 0 <= begin < stop <= width:
        raise BadDisplayFilter(
            f"{name} has no part {part}.", f"It has {width} bytes, from 0.", position=part.start_pos or 0
        )
    return Operand(field, name.start_pos or 0, slice=(begin, stop))
