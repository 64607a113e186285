"""Text from the network made visible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.packets.printable import printable, shown


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"example.com", "example.com"),
        ("bücher.日本".encode(), "bücher.日本"),
        (b"a\r\nb\tc\x7f", "a\\x0d\\x0ab\\x09c\\x7f"),
        ("\u202e\u2066\u200d\ufeff".encode(), "\\u202e\\u2066\\u200d\\ufeff"),
        ("\u2028\u00a0\u3164\u2800".encode(), "\\u2028\\xa0\\u3164\\u2800"),
        ("\U000e0041".encode(), "\\U000e0041"),
        (b"\xff\xc3", "\\xff\\xc3"),
    ],
)
def test_what_cannot_be_seen_is_escaped(raw: bytes, text: str) -> None:
    """Control, bidirectional, zero-width and blank characters and invalid bytes show as escapes, letters as themselves."""
    assert printable(raw) == text


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_become_bounded_printable_text(raw: bytes, limit: int) -> None:
    """No input gives a control character or a longer text."""
    text = printable(raw, limit)
    assert text.isprintable()
    assert len(text) <= limit


def test_a_cut_is_shown() -> None:
    """A text too long ends in an ellipsis, one that fits does not."""
    assert printable(b"abcdef", 5) == "abcd…"
    assert shown("abcde", 5) == "abcde"
