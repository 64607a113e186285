"""Regular expressions as tables of states find what Python's `re` finds, and never take long."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.pattern import LOWER, Pattern, pattern_of
from trafficdesk.packets.pattern_nodes import MOST_NODES, PatternError

ATOM = st.sampled_from(
    ["a", "B", "c", ".", "-", "[ab]", "[^a]", "[A-b]", r"\w", r"\W", r"\d", r"\s", r"\b", r"\B", "^", "$", r"\.", "[^\\W_]", r"\xe9"]
)  # fmt: skip
EXPRESSION = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "{0,2}?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        inner.map(lambda part: f"(?-i:{part})"),
        inner.map(lambda part: f"(?ms:{part})"),
    ),
    max_leaves=6,
)
TEXTS = st.lists(st.text("aAbBcC.- 1_é", min_size=1, max_size=10), min_size=1, max_size=8)
"""Not the empty one, in which Python 3.14 finds `\\B` and earlier ones don't."""


def searched(pattern: Pattern, texts: list[bytes], fold: np.ndarray | None = None) -> list[bool]:
    """All texts at once, each apart from the next."""
    data = np.frombuffer(b"#".join(texts) + b"#", np.uint8)
    lengths = np.array([len(text) for text in texts])
    found: list[bool] = pattern.search_all(data, np.cumsum(lengths + 1) - lengths - 1, lengths, fold).tolist()
    return found


@given(EXPRESSION, TEXTS)
def test_finds_what_re_finds(expression: str, texts: list[str]) -> None:
    """In every text by itself, many at once and one alone."""
    raw = [text.encode() for text in texts]
    expected = [re.search(expression.encode(), text, re.IGNORECASE) is not None for text in raw]
    pattern = Pattern(expression)
    assert searched(pattern, raw) == expected
    assert [pattern.search(text) for text in raw] == expected


@given(EXPRESSION, TEXTS)
def test_texts_may_be_looked_at_in_lower_case(expression: str, texts: list[str]) -> None:
    """Folding changes what is seen, not the texts."""
    raw = [text.encode() for text in texts]
    pattern = Pattern(expression)
    assert searched(pattern, raw, LOWER) == [pattern.search(text.lower()) for text in raw]
    if pattern.ignores_case:
        assert searched(pattern, raw, LOWER) == searched(pattern, raw)


def test_lines_are_told_where_asked_for() -> None:
    """`(?m)` lets ^ and $ stand at line breaks, `(?s)` lets a point stand for one."""
    text = b"one\ntwo"
    for expression, found in (
        ("^two", False),
        ("(?m)^two$", True),
        ("one.two", False),
        ("(?s)one.two", True),
    ):
        assert pattern_of(expression).search(text) is found


def test_many_texts_of_many_lengths() -> None:
    """Texts that are decided early and those that are not, more than walk together at once."""
    random = np.random.default_rng(3)
    texts = [bytes(random.integers(97, 101, size)) for size in random.integers(0, 90, 70_000)]
    expected = [re.search(b"a.*bb|^d+$", text) is not None for text in texts]
    assert searched(pattern_of("a.*bb|^d+$"), texts) == expected


@pytest.mark.parametrize(
    ("expression", "found"),
    [("(a+)+$", False), ("(a|aa)+$", False), ("(.*)*b", False), ("(a?){30}a{30}", True), ("(a+a+)+y", False)],
)
def test_what_backtracking_never_ends_is_answered(expression: str, found: bool) -> None:
    """Expressions for which `re` tries all of 2**5000 ways look at each byte once."""
    text = b"a" * 5_000 + b"x"
    assert Pattern(expression).search(text) is found
    assert searched(Pattern(expression), [text]) == [found]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("(", "is no regular expression"),
        ("a{9999999999999999999999}", "is no regular expression"),
        (r"(a)\1", "refers back to a group"),
        ("a(?=b)", "looks ahead or behind"),
        ("(?<!a)b", "looks ahead or behind"),
        ("(?>a)", "has an atomic group"),
        ("a*+", "has a possessive repetition"),
        ("(?L:a)", "locale"),
        ("(a{100}){100}", f"more than {MOST_NODES:,} steps"),
        ("a.{30}b", "has too many ways to go on at once"),
        ("(" * 3_000 + ")" * 3_000, "is nested too deeply|is no regular expression"),
    ],
)
def test_what_can_not_be_asked_is_refused_with_a_reason(expression: str, words: str) -> None:
    """No expression compiles for long: it has a table, or it is refused."""
    with pytest.raises(PatternError, match=words):
        Pattern(expression)
    quoted = expression.replace("\\", "\\\\")
    for field in ("dns.qry.name", "td.host", "td.family", "frame.interface_name"):
        with pytest.raises(BadDisplayFilter, match=words):
            compile_filter(f'{field} matches "{quoted}"')


def test_nothing_is_found_where_nothing_can_be() -> None:
    """A set without bytes, and an expression that has lost, stay lost."""
    assert not pattern_of(r"[^\x00-\xff]").search(b"abc")
    assert not pattern_of("^b").search(b"ab" * 100)
    assert pattern_of("").search(b"")
