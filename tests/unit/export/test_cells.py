"""Cells: what look-up tables write is what str() writes, and what csv reads back."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.export import cells
from trafficdesk.packets.address import address_text, mac_text, pack_address
from trafficdesk.packets.fields import NO_MAC

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def lines(columns: list, rows: int) -> list[str]:
    """Each row's text."""
    return cells.join([*columns, cells.constant(b"\n")], rows).decode().split("\n")[:-1]


def shown(columns: list, rows: int) -> list[str]:
    return list(lines(columns, rows)) if rows else []


EDGES = [0, 1, 9, 10, 99, 9_999, 10_000, 10_001, 99_999_999, 100_000_000, 2**32 - 1, 10**12]


@given(st.lists(st.integers(0, 2**32 - 1) | st.sampled_from(EDGES), min_size=1, max_size=50))
def test_whole_numbers(values: list[int]) -> None:
    """Any mixture of sizes reads as str() writes it."""
    assert shown(cells.whole_numbers(np.array(values)), len(values)) == [str(value) for value in values]


@given(
    st.lists(st.integers(10**18, 2**63 - 1), min_size=1, max_size=20)
    | st.lists(st.integers(-(10**9), 2**62), min_size=1)
)
def test_timestamps(values: list[int]) -> None:
    """Nanoseconds keep every digit, before 1970 too."""
    assert shown(cells.timestamps(np.array(values)), len(values)) == [str(value) for value in values]


@given(st.lists(st.integers(-1, 65_535), min_size=1))
def test_small_numbers(values: list[int]) -> None:
    """-1 is an empty cell."""
    expected = ["" if value < 0 else str(value) for value in values]
    assert shown([cells.small_numbers(np.array(values))], len(values)) == expected


@given(st.lists(st.integers(0, 2**48 - 1) | st.just(int(NO_MAC)), min_size=1))
def test_macs(values: list[int]) -> None:
    """Every address as `mac_text` has it, none as an empty cell."""
    assert shown(cells.macs(np.array(values, np.uint64)), len(values)) == [
        mac_text(value) for value in values
    ]


@given(st.lists(st.tuples(st.ip_addresses().map(str), st.booleans()), min_size=1))
def test_addresses(values: list[tuple[str, bool]]) -> None:
    """IPv4 and IPv6 mixed, each as `address_text` has it; rows without an address are empty."""
    packed = [pack_address(text) for text, _ in values]
    valid = np.array([is_valid for _, is_valid in values])
    columns = cells.addresses(np.frombuffer(b"".join(packed), "V16"), valid)
    expected = [
        address_text(raw) if is_valid else "" for raw, (_, is_valid) in zip(packed, values, strict=True)
    ]
    assert shown(columns, len(values)) == expected


@given(
    st.lists(st.floats(-1_000, 1_000, width=32) | st.just(float("nan")) | st.just(float("inf")), min_size=1)
)
def test_fixed_points(values: list[float]) -> None:
    """Six decimals, rounded; unknown is empty."""
    found = shown(cells.fixed_points(np.array(values, np.float32)), len(values))
    for text, value in zip(found, values, strict=True):
        assert (text == "") == (not np.isfinite(value))
        if text:
            assert abs(float(text) - value) <= 5.1e-7
            assert len(text.rpartition(".")[2]) == 6


@given(st.lists(TEXT, min_size=1, max_size=20))
def test_any_text_reads_back_and_starts_no_formula(values: list[str]) -> None:
    """csv reads each text back, with an apostrophe before what a spreadsheet would run; the two writers agree."""
    column = np.array([value.encode() for value in values])
    written = cells.join([*cells.texts(column), cells.constant(b"\n")], len(values)).decode()
    assert written == "".join(cells.text_cell(value) + "\n" for value in values)
    for row, value in zip(csv.reader(io.StringIO(written, newline=""), strict=True), values, strict=True):
        text = row[0] if row else ""
        assert text in {value, "'" + value}
        assert not text.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x","y")'])
def test_formulas_are_defused(evil: str) -> None:
    """Each known way to start a formula gets an apostrophe."""
    written = cells.join(cells.texts(np.array([evil.encode()])), 1).decode()
    assert next(csv.reader(io.StringIO(written, newline="")))[0] == "'" + evil


def test_numbers_stay_numbers() -> None:
    """A negative number in a number column is no formula."""
    assert cells.line((-5, 2.5, None, "-5")) == b"-5,2.5,,'-5\n"


def test_no_rows_are_no_bytes() -> None:
    """Empty batches write nothing."""
    empty = np.empty(0, np.int64)
    columns = [*cells.whole_numbers(empty), *cells.timestamps(empty), *cells.texts(np.empty(0, "S5"))]
    assert cells.join(columns, 0) == b""
