from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trafficdesk.packets import PacketBatch
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.fields import empty_columns
from trafficdesk.packets.filter_texts import (
    View,
    literal_of_pattern,
    occurrences,
    rows_containing,
    rows_equal_to,
    rows_matching,
)
from trafficdesk.packets.pattern import LOWER, pattern_of

TEXT = st.binary(max_size=8).map(lambda raw: bytes(b"ab."[byte % 3] for byte in raw))


def every(batch: PacketBatch) -> np.ndarray:
    """All rows as candidates."""
    return np.ones(len(batch), np.bool_)


def with_texts(texts: list[bytes], gap: bytes = b"") -> PacketBatch:
    """Rows with these texts; `gap` lies between them in the arena."""
    columns = empty_columns(len(texts))
    columns["text_length"][:] = [len(text) for text in texts]
    starts = np.cumsum([len(gap) + len(text) for text in texts]) - [len(text) for text in texts]
    columns["text_start"][:] = starts
    columns["name_hash"][:] = [hash(text.lower()) % 2**63 + 1 for text in texts]
    return PacketBatch(0, columns, np.frombuffer(b"".join(gap + text for text in texts), np.uint8).copy())


@given(st.lists(TEXT, min_size=1), TEXT, st.sampled_from([b"", b"a", b"ab"]))
def test_finds_what_python_finds(texts, needle, gap):
    """A text is found where Python's `in` finds it, never across the border of two packets' texts."""
    batch = with_texts(texts, gap)
    expected = [needle in text and len(text) > 0 for text in texts]
    assert rows_containing(batch, every(batch), needle).tolist() == expected
    assert rows_equal_to(batch, every(batch), needle).tolist() == [text == needle for text in texts]


@given(TEXT, TEXT)
def test_occurrences_overlap(text, needle):
    """Every position counts, overlapping ones too."""
    found = occurrences(np.frombuffer(text, np.uint8), needle)
    expected = [at for at in range(len(text)) if needle and text.startswith(needle, at)]
    assert found.tolist() == expected


def test_shared_text_is_found_in_every_row():
    """Rows may share one piece of the arena, in any order."""
    columns = empty_columns(3)
    columns["text_start"][:] = (5, 0, 5)
    columns["text_length"][:] = (4, 5, 2)
    batch = PacketBatch(0, columns, np.frombuffer(b"alphabeta", np.uint8).copy())
    assert rows_containing(batch, every(batch), b"et").tolist() == [True, False, False]
    assert rows_containing(batch, every(batch), b"be").tolist() == [True, False, True]


@pytest.mark.parametrize("zero_hash", [False, True])
def test_texts_that_come_again_are_found_again(zero_hash):
    """Rows with and without a hash, and only those that are asked for."""
    batch = with_texts([b"one", b"ONE", b"two", b"one", b"one"])
    if zero_hash:
        columns = dict(batch.columns) | {"name_hash": np.zeros(5, np.uint64)}
        batch = PacketBatch(0, columns, batch.text)
    candidates = np.array([True, True, True, False, True])
    assert rows_matching(batch, candidates, pattern_of("^o.e")).tolist() == [True, True, False, False, True]


def test_case_is_told_apart_where_it_matters():
    """Texts that differ in case only share a hash, not the answer."""
    batch = with_texts([b"one", b"ONE"])
    assert rows_matching(batch, every(batch), pattern_of("(?-i:ONE)")).tolist() == [False, True]


@given(
    st.lists(st.text("aBc.", max_size=8).map(str.encode), min_size=1),
    st.text("abC.", max_size=3),
    st.integers(0, 3),
    st.integers(1, 6),
)
def test_a_part_of_a_text_is_searched_as_it_stands_alone(texts, needle, first, length):
    """Folded and cut texts are found where Python finds them, beside other texts in the arena."""
    batch, raw, view = with_texts(texts, b"aB"), needle.lower().encode(), View(LOWER, first, first + length)
    parts = [text.lower()[first : first + length] for text in texts]
    assert rows_containing(batch, every(batch), raw, view).tolist() == [
        raw in part and part != b"" for part in parts
    ]
    # A text that ends before has no such part: not even an empty one.
    there = [len(text) > first or not first for text in texts]
    expected = [part == raw and has for part, has in zip(parts, there, strict=True)]
    assert rows_equal_to(batch, every(batch), raw, view).tolist() == expected


@given(
    st.lists(st.lists(st.sampled_from(["", "ab", "b", "/a"]), min_size=1, max_size=3), min_size=1),
    st.integers(0, 2),
    st.sampled_from(["", "a", "ab"]),
)
def test_words_are_looked_at_by_their_place(words, part, needle):
    """Words are what single spaces separate; a text with fewer has no such word."""
    batch = with_texts([" ".join(line).encode() for line in words], b" x")
    asked, raw, view = every(batch), needle.encode(), View(part=part)
    there = [line[part] if part < len(line) else None for line in words]
    assert rows_equal_to(batch, asked, raw, view).tolist() == [word == needle for word in there]
    assert rows_containing(batch, asked, raw, view).tolist() == [
        bool(word) and needle in word for word in there
    ]
    found = rows_matching(batch, asked, pattern_of(f"{needle}$"), view).tolist()
    assert found == [word is not None and word.endswith(needle) for word in there]


PATTERN = st.text(st.sampled_from("aBc.^$|*-\\"), min_size=1, max_size=5)


@settings(deadline=None)  # the first call builds the parser
@given(st.lists(st.text("aBc.-", min_size=1, max_size=8).map(str.encode), min_size=1), PATTERN)
def test_patterns_match_as_regular_expressions_do(texts, pattern):
    """Whether a pattern is searched for as a literal or not, the rows are those that Python's `re` finds."""
    try:
        compiled = re.compile(pattern.encode(), re.IGNORECASE)
    except re.error:
        return
    escaped = pattern.replace("\\", "\\\\")
    found = compile_filter(f'td.text matches "{escaped}"').mask(with_texts(texts))
    assert found.tolist() == [compiled.search(text) is not None for text in texts]


def test_what_is_a_literal():
    """Only patterns that can match one text are."""
    assert literal_of_pattern("^www\\.Ex") == ("www.Ex", True)
    assert literal_of_pattern("local") == ("local", False)
    assert literal_of_pattern("a.b") is literal_of_pattern("a$") is literal_of_pattern("\\d") is None
