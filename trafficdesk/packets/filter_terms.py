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

WIDTHS: Final = {Kind.MAC: 6, Kind.IPV4: 4}
"""Bytes of the addresses that are kept as one number."""
_MOST_TOLD: Final = 8
"""Names in a hint."""
ARITHMETIC: Final = "Arithmetic is not supported: compare a field with a value, as in tcp.len > 100."
_INSTEAD: Final = {
    "tcp.window_size": "Scaled windows are not kept: use tcp.window_size_value.",
    "tcp.stream": "Conversations have no number here: use ip.addr and tcp.port of both ends.",
    "udp.stream": "Conversations have no number here: use ip.addr and udp.port of both ends.",
    "frame.time_relative": "Use frame.time_epoch or frame.time.",
    "frame.time_delta": "Use frame.time_epoch or frame.time.",
    "frame.protocols": "Use the protocols' names, as in ip && tcp.",
    "_ws.col.info": "The info column is not searched: use td.text for names and requests.",
    "frame": "Bytes of frames are not searched: use td.text for names and requests.",
    "data": "Payload is not searched: use td.text for names and requests.",
    "http.host": "Use td.host for the peer's name.",
    "ip.host": "Use td.host for the peer's name.",
    "http.user_agent": "Of HTTP requests http.request.method and http.request.uri are kept.",
    "dns.a": "Addresses in answers are not kept: use td.host for the name they gave a peer.",
    "dns.resp.name": "Of DNS messages the first question is kept: use dns.qry.name, or td.text for mDNS answers.",
    "mpls": "Labels are not kept; the packet inside can be asked for as usual.",
    "pppoes": "It is not kept; the packet inside can be asked for as usual.",
    "bootp": "It is called dhcp.",
    "ssl": "It is called tls.",
    "spdy": "It is called http2.",
    "port": "Use tcp.port or udp.port.",
    "host": "Use ip.addr, ipv6.addr or td.host.",
    "src": "Use ip.src, ipv6.src or eth.src.",
    "dst": "Use ip.dst, ipv6.dst or eth.dst.",
    "net": "Use ip.addr with a network, as in ip.addr == 192.168.1.0/24.",
}
"""What is asked for often and called otherwise, or not kept."""


@dataclass(frozen=True, slots=True)
class Operand:
    """The left side of a comparison."""

    field: FilterField
    position: int
    bits: int | None = None
    """`field & bits`."""
    function: str = ""
    """`lower`, `upper` or `len` of a text."""
    slice: tuple[int, int] | None = None
    """First byte of it and the one past its last; None = all of them."""

    def cut(self, text: bytes) -> bytes:
        """The bytes of a text that are asked for."""
        return text if self.slice is None else text[slice(*self.slice)]

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
    if operand.slice is not None and operand.kind in WIDTHS:
        first, stop = operand.slice
        shift, kept = 8 * (WIDTHS[operand.kind] - stop), (1 << 8 * (stop - first)) - 1
        return Values(
            values.present, tuple((one.astype(np.int64) >> shift) & kept for one in values.occurrences)
        )
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
    return ARITHMETIC if re.search(r"[+*/%]|\w-\d", name) else _near(name.lower())


def _near(name: str) -> str:
    """Names that are written much the same, else those of the same protocol."""
    family, dot, _ = name.partition(".")
    kept = [known for known in FIELD_NAMES if dot and known.startswith(f"{family}.")]
    near = difflib.get_close_matches(name, kept or FIELD_NAMES, 3, 0.75 if kept else 0.55)
    if near:
        return f"Did you mean {either(near)}?"
    more = f" and {len(kept) - _MOST_TOLD} more" if len(kept) > _MOST_TOLD else ""
    known = f"Of {family} these are known: {', '.join(kept[:_MOST_TOLD])}{more}."
    return known if kept else "Ctrl+Space offers what is known."


def either(names: list[str]) -> str:
    """Names as a choice: a, b or c."""
    return " or ".join(", ".join(names).rsplit(", ", 1))
