"""Constants of a display filter, and how they are compared with a column, by kind of field."""

from __future__ import annotations

import ipaddress
import operator
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.filter_rows import Column, Kind, Mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.packets.filter_rows import FilterField

COMPARE: Final[dict[str, Callable[..., Mask]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""Per occurrence; whether any or all occurrences must agree is the caller's."""

ORDERED: Final = frozenset(
    {Kind.NUMBER, Kind.REAL, Kind.TIME, Kind.TIME_EPOCH, Kind.IPV4, Kind.IPV6, Kind.MAC}
)
"""Kinds whose values have an order that a person means."""

TEXTS: Final = frozenset({Kind.TEXT, Kind.NAMED, Kind.LISTED, Kind.LABEL, Kind.COMMENT})
"""Kinds whose values are texts, which contain and match others."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value of a column's kind; for addresses the network it stands for."""

    value: float | tuple[int, int]
    """IPv6: big-endian halves."""
    mask: int | tuple[int, int] | None = None
    """None = the whole value is compared."""


def constant_of(field: FilterField, text: str, *, quoted: bool) -> Constant:
    """`text` as a value of the field's kind.

    Raises
    ------
    ValueError
        If it is none; the message says what is wanted.
    """
    if quoted and field.kind in {Kind.IPV4, Kind.IPV6, Kind.MAC}:
        raise ValueError(f"{field.name} takes {field.kind.value}, without quotes.")
    return _READERS[field.kind](field, text)


def compare(kind: Kind, operation: str, occurrence: Column, constant: Constant) -> Mask:
    """(rows,) one occurrence against a constant."""
    if kind is Kind.IPV6:
        return _compare_halves(operation, occurrence, constant)
    if constant.mask is not None:
        return COMPARE[operation](occurrence & constant.mask, constant.value)
    return COMPARE[operation](occurrence, constant.value)


def compare_columns(kind: Kind, operation: str, left: Column, right: Column) -> Mask:
    """(rows,) one occurrence of a field against one of another of the same kind."""
    if kind is not Kind.IPV6:
        return COMPARE[operation](left, right)
    higher, lower = left[:, 0], left[:, 1]
    return _ordered(operation, (higher, lower), (right[:, 0], right[:, 1]))


def _compare_halves(operation: str, occurrence: Column, constant: Constant) -> Mask:
    assert isinstance(constant.value, tuple)
    high, low = occurrence[:, 0], occurrence[:, 1]
    if isinstance(constant.mask, tuple):
        high, low = high & np.uint64(constant.mask[0]), low & np.uint64(constant.mask[1])
    return _ordered(operation, (high, low), (np.uint64(constant.value[0]), np.uint64(constant.value[1])))


def _ordered(
    operation: str, left: tuple[Column, Column], right: tuple[Column | np.uint64, Column | np.uint64]
) -> Mask:
    same: Mask = left[0] == right[0]
    if operation in {"==", "!="}:
        equal: Mask = same & (left[1] == right[1])
        return equal if operation == "==" else ~equal
    strict = COMPARE[operation[0]](left[0], right[0])
    return strict | (same & COMPARE[operation](left[1], right[1]))


def _number(field: FilterField, text: str) -> Constant:
    value = whole_number(text)
    if value is None:
        raise ValueError(f"{field.name} takes {Kind.NUMBER.value}, not {text!r}.")
    if field.maximum and value > field.maximum:
        raise ValueError(f"{text} is too big for {field.name}: {field.maximum} is its largest value.")
    return Constant(value)


def whole_number(text: str) -> int | None:
    """A number as Wireshark writes it: decimal, 0x hexadecimal, 0b binary, leading 0 octal; None if it is none."""
    if re.fullmatch(r"-?0[0-7]+", text):
        return int(text, 8)
    try:
        return int(text, 0) if "_" not in text and "o" not in text.lower() else None
    except ValueError:
        return None


def _boolean(field: FilterField, text: str) -> Constant:
    if text.lower() in {"true", "false"}:
        return Constant(int(text.lower() == "true"))
    value = whole_number(text)
    if value is None:
        raise ValueError(f"{field.name} takes {Kind.BOOLEAN.value}, not {text!r}.")
    return Constant(int(value != 0))


def _decimal(field: FilterField, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite() or abs(value) > 10**18:
        raise ValueError(f"{field.name} takes {field.kind.value}, not {text!r}.")
    return value


def _real(field: FilterField, text: str) -> Constant:
    return Constant(float(_decimal(field, text)))


def _epoch(field: FilterField, text: str) -> Constant:
    # Clamped to what an int64 holds (years 1678 to 2262).
    nanoseconds = int(_decimal(field, text) * 1_000_000_000)
    return Constant(max(-(2**63), min(2**63 - 1, nanoseconds)))


def _time(field: FilterField, text: str) -> Constant:
    fraction = re.fullmatch(r"(.*:\d\d)\.(\d{1,9})(Z|[+-]\d\d:?\d\d)?", text.strip())
    whole = (fraction[1] + (fraction[3] or "")) if fraction else text.strip()
    try:
        # A time without a zone is the reader's own, as in Wireshark.
        seconds = int(datetime.fromisoformat(whole).astimezone().timestamp())
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{field.name} takes {Kind.TIME.value}, not {text!r}.") from None
    nanoseconds = int(fraction[2].ljust(9, "0")) if fraction else 0
    return Constant(seconds * 1_000_000_000 + nanoseconds)


def _mac(field: FilterField, text: str) -> Constant:
    digits = re.sub(r"[:.-]", "", text)
    if not re.fullmatch(r"[0-9A-Fa-f]{12}", digits) or not re.fullmatch(
        r"(?:[0-9A-Fa-f]{2}([:.-]))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}",
        text,
    ):
        raise ValueError(f"{field.name} takes {Kind.MAC.value}, not {text!r}.")
    return Constant(int(digits, 16))


def _ipv4(field: FilterField, text: str) -> Constant:
    try:
        network = ipaddress.IPv4Interface(text)
    except ValueError:
        raise ValueError(_wrong_address(field, text)) from None
    mask = int(network.netmask)
    value = int(network.ip)
    return Constant(value) if "/" not in text else Constant(value & mask, mask)


def _ipv6(field: FilterField, text: str) -> Constant:
    try:
        network = ipaddress.IPv6Interface(text)
    except ValueError:
        raise ValueError(_wrong_address(field, text)) from None
    mask = int(network.netmask)
    value = int(network.ip)
    return Constant(_split(value)) if "/" not in text else Constant(_split(value & mask), _split(mask))


def _split(number: int) -> tuple[int, int]:
    return number >> 64, number & 0xFFFF_FFFF_FFFF_FFFF


def _wrong_address(field: FilterField, text: str) -> str:
    other = (
        field.name.replace("ipv6.", "ip.") if field.kind is Kind.IPV6 else field.name.replace("ip.", "ipv6.")
    )
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return f"{field.name} takes {field.kind.value}, not {text!r}."
    return f"{text} is no {field.kind.name.replace('IPV', 'IPv')} address: use {other} for it."


_READERS: Final[dict[Kind, Callable[[FilterField, str], Constant]]] = {
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.REAL: _real,
    Kind.TIME_EPOCH: _epoch,
    Kind.TIME: _time,
    Kind.MAC: _mac,
    Kind.IPV4: _ipv4,
    Kind.IPV6: _ipv6,
}
