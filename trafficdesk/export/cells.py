"""Cells of CSV as fixed-width byte columns, NUL-padded, by table look-up; no Python loop per row.

A row is the concatenation of its columns with every NUL removed, so a column is as wide as its widest text and costs
nothing where it is shorter. RFC 4180; a text that a spreadsheet would run as a formula gets an apostrophe in front
(OWASP, "CSV Injection").
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.address import IPV4_PREFIX, address_text, unique_addresses
from trafficdesk.packets.fields import NO_MAC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

FORMULA_STARTS: Final = b"=+-@\t\r"
_NONE_16: Final = 1 << 16
"""Index of the empty text in the 16-bit tables."""


def join(columns: Iterable[NDArray[np.bytes_]], rows: int) -> bytes:
    """The rows' bytes: every column's text of row 0, then those of row 1, and so on."""
    if not rows:
        return b""
    parts = [column for column in columns if column.dtype.itemsize]
    layout = np.dtype([(f"c{number}", column.dtype) for number, column in enumerate(parts)])
    buffer = bytearray(layout.itemsize * rows)
    table = np.frombuffer(buffer, layout)
    for number, column in enumerate(parts):
        table[f"c{number}"] = column
    return bytes(buffer.translate(None, b"\0"))


def constant(text: bytes) -> NDArray[np.bytes_]:
    """One text for all rows."""
    return np.array(text, f"S{max(1, len(text))}")


def whole_numbers(values: NDArray[np.integer]) -> list[NDArray[np.bytes_]]:
    """Decimal digits of values >= 0; two look-ups below 10**8, the slow way above."""
    if not len(values):
        return []
    highest = int(values.max())
    if int(values.min()) < 0 or highest >= 100_000_000:
        return [values.astype("S20")]
    if highest < 10_000:
        return [_plain_4()[values]]
    upper, lower = np.divmod(values.astype(np.uint32), np.uint32(10_000))
    # Second half of the table: padded with zeros, behind other digits.
    return [
        _plain_4()[upper + np.uint32(10_000) * (upper == 0)],
        _both_4()[lower + np.uint32(10_000) * (upper > 0)],
    ]


def small_numbers(values: NDArray[np.signedinteger]) -> NDArray[np.bytes_]:
    """Decimal digits of -1 to 65535, -1 = empty: ports, VLANs, hop limits."""
    digits: NDArray[np.bytes_] = _plain_16()[values]
    return digits


def timestamps(values: NDArray[np.int64]) -> list[NDArray[np.bytes_]]:
    """Decimal digits of nanoseconds since the Unix epoch."""
    if not len(values):
        return []
    if int(values.min()) < 10**18:  # before September 2001
        return [values.astype("S20")]
    upper, lower = np.divmod(values, 100_000_000)
    top, middle = np.divmod(upper, 100_000_000)  # upper: 11 digits
    padded = _both_4()[10_000:]
    middle_parts = np.divmod(middle.astype(np.uint32), np.uint32(10_000))
    lower_parts = np.divmod(lower.astype(np.uint32), np.uint32(10_000))
    return [_plain_4()[top], *(padded[part] for part in (*middle_parts, *lower_parts))]


def fixed_points(values: NDArray[np.floating]) -> list[NDArray[np.bytes_]]:
    """Six decimals; empty where the value is not finite."""
    known = np.isfinite(values)
    micro = np.round(np.where(known, values, 0).astype(np.float64) * 1e6).astype(np.int64)
    whole, part = np.divmod(np.abs(micro), 1_000_000)
    upper, lower = np.divmod(part, 1_000)
    sign = np.where(known & (micro < 0), b"-", b"")
    columns = [sign, *whole_numbers(whole), constant(b"."), _padded_3()[upper], _padded_3()[lower]]
    return [np.where(known, column, b"") for column in columns]


def macs(values: NDArray[np.uint64]) -> list[NDArray[np.bytes_]]:
    """Colon-separated hexadecimal, `NO_MAC` = empty."""
    none = values == NO_MAC
    low16 = np.uint64(0xFFFF)
    groups = [((values >> np.uint64(shift)) & low16).astype(np.int64) for shift in (32, 16, 0)]
    if none.any():
        for group in groups:
            group[none] = _NONE_16
    return [_hex_pairs(b":")[groups[0]], _hex_pairs(b":")[groups[1]], _hex_pairs(b"")[groups[2]]]


def addresses(values: NDArray[np.void], valid: NDArray[np.bool_]) -> list[NDArray[np.bytes_]]:
    """Text of V16 addresses, empty where not valid: IPv4 by table, each distinct IPv6 once."""
    raw = np.ascontiguousarray(values).view(np.uint8).reshape(-1, 16)
    words = raw.view(np.uint32)
    prefix = np.frombuffer(IPV4_PREFIX, np.uint32)
    is_4 = valid & (words[:, 0] == prefix[0]) & (words[:, 1] == prefix[1]) & (words[:, 2] == prefix[2])
    pairs = raw.view(">u2")[:, 6:].astype(np.int64)  # _NONE_16 does not fit 16 bits
    upper = np.where(is_4, pairs[:, 0], _NONE_16)
    lower = np.where(is_4, pairs[:, 1], _NONE_16)
    columns = [_octet_pairs(b".")[upper], _octet_pairs(b"")[lower]]
    is_6 = np.flatnonzero(valid & ~is_4)
    if len(is_6):
        distinct, inverse = unique_addresses(values[is_6])
        texts = np.array([_address(packed.tobytes()) for packed in distinct])
        column = np.zeros(len(values), texts.dtype)
        column[is_6] = texts[inverse]
        columns.append(column)
    return columns


def named(values: NDArray[np.integer], name_of: Callable[[int], str]) -> NDArray[np.bytes_]:
    """A text for each number; `name_of` is asked once per distinct one and its answers need no quoting."""
    if not len(values):
        return np.empty(0, "S1")
    if (values == values[0]).all():
        return constant(name_of(int(values[0])).encode()).repeat(len(values))
    lowest = int(values.min())
    if int(values.max()) - lowest > _NONE_16:
        distinct, inverse = np.unique(values, return_inverse=True)
        return np.array([name_of(int(value)).encode() for value in distinct])[inverse]
    # Counting is ten times as fast as sorting.
    places = values.astype(np.intp) - lowest
    present = np.flatnonzero(np.bincount(places))
    names = np.array([name_of(int(place) + lowest).encode() for place in present])
    table = np.empty(int(present[-1]) + 1, names.dtype)
    table[present] = names
    return table[places]


def texts(values: NDArray[np.bytes_]) -> list[NDArray[np.bytes_]]:
    """Any UTF-8 text without NUL: made safe and quoted where RFC 4180 needs it."""
    width = values.dtype.itemsize
    if not len(values) or not width:
        return []
    raw = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), width)
    formula = np.isin(raw[:, 0], np.frombuffer(FORMULA_STARTS, np.uint8))
    has_quote = _rows_with(raw, b'"')
    needs = has_quote | _rows_with(raw, b",\r\n")
    if has_quote.any():
        doubled = np.char.replace(values[has_quote], b'"', b'""')
        values = values.astype(f"S{max(width, doubled.dtype.itemsize)}")
        values[has_quote] = doubled
    edge = np.where(needs, b'"', b"")
    return [edge, np.where(formula, b"'", b""), values, edge]


def _rows_with(raw: NDArray[np.uint8], signs: bytes) -> NDArray[np.bool_]:
    """(rows,) whether a row has one of `signs`; three times as fast as `any(axis=1)` on short rows."""
    flat = raw.reshape(-1)
    found = flat == signs[0]
    for sign in signs[1:]:
        found |= flat == sign
    rows = np.zeros(len(raw), bool)
    rows[np.flatnonzero(found) // raw.shape[1]] = True
    return rows


def text_cell(text: str) -> str:
    """One cell, as `texts` would have it, for rows so few that they are written one at a time."""
    text = text.replace("\0", "")
    if text[:1].encode("utf-8", "replace") in {bytes([start]) for start in FORMULA_STARTS}:
        text = f"'{text}"
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def line(cells: Sequence[str | float | None]) -> bytes:
    """One row of text and number cells; None is empty."""
    shown = (
        "" if cell is None else text_cell(cell) if isinstance(cell, str) else str(cell) for cell in cells
    )
    return (",".join(shown) + "\n").encode("utf-8", "backslashreplace")


@lru_cache(maxsize=1 << 16)
def _address(packed: bytes) -> bytes:
    return address_text(packed).encode()


@cache
def _plain_4() -> NDArray[np.bytes_]:
    """0 to 9999, and the empty text at 10000."""
    return _with_empty(np.arange(10_000).astype("S4"))


@cache
def _both_4() -> NDArray[np.bytes_]:
    """0 to 9999 as they are, then the same padded with zeros."""
    plain = np.arange(10_000).astype("S4")
    return np.concatenate([plain, np.strings.zfill(plain, 4)])


@cache
def _padded_3() -> NDArray[np.bytes_]:
    return np.strings.zfill(np.arange(1_000).astype("S3"), 3)


@cache
def _plain_16() -> NDArray[np.bytes_]:
    """0 to 65535, and the empty text as the last, which -1 finds."""
    return _with_empty(np.arange(_NONE_16).astype("S5"))


@cache
def _hex_pairs(end: bytes) -> NDArray[np.bytes_]:
    return _pairs(np.array([b"%02x" % number for number in range(256)]), b":", end)


@cache
def _octet_pairs(end: bytes) -> NDArray[np.bytes_]:
    return _pairs(np.array([b"%d" % number for number in range(256)]), b".", end)


def _pairs(octets: NDArray[np.bytes_], between: bytes, end: bytes) -> NDArray[np.bytes_]:
    """(65537,) two texts each by 16-bit number, then the empty text."""
    upper, lower = np.strings.add(octets, between), np.strings.add(octets, end)
    return _with_empty(np.strings.add(upper[:, None], lower[None, :]).reshape(-1))


def _with_empty(table: NDArray[np.bytes_]) -> NDArray[np.bytes_]:
    return np.append(table, np.array(b"", table.dtype))
