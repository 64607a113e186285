"""What may come next in a display filter: names, comparisons and values, for the place where the cursor stands.

Reads what is left of the cursor word by word, forgivingly: while a person types, a filter is wrong most of the time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from trafficdesk.packets.filter_choices import NOTHING_KNOWN, Choice, Known, values_for
from trafficdesk.packets.filter_fields import BY_NAME
from trafficdesk.packets.filter_rows import FilterField, Kind
from trafficdesk.packets.filter_values import ORDERED, TEXTS

_WORD: Final = re.compile(
    r'(?P<space>\s+)|(?P<text>r?"(?:[^"\\]|\\.)*"?)|(?P<sign>===|!==|==|!=|~=|>=|<=|&&|\|\||\^\^|\.\.|[^\w:.+/-])'
    r"|(?P<word>(?:[\w:+-]|\.(?!\.)|/(?=\w)|[./])+)"
)
_SIGNS: Final = frozenset({"===", "!==", "==", "!=", "~=", ">=", "<=", ">", "<", "~"})
_RELATION_WORDS: Final = frozenset(
    {"eq", "ne", "gt", "lt", "ge", "le", "any_eq", "all_ne", "all_eq", "any_ne", "contains", "matches"}
)
_LOGIC: Final = frozenset({"&&", "||", "^^", "and", "or", "xor"})
_FUNCTIONS: Final = (
    Choice("lower(", "a text in small letters"),
    Choice("upper(", "a text in capital letters"),
    Choice("len(", "characters of a text"),
    Choice("not", "everything but what follows"),
    Choice("any", "at least one of several occurrences"),
    Choice("all", "every one of several occurrences"),
)
_EQUAL: Final = (Choice("==", "is"), Choice("!=", "is not, whichever occurrence"))
_ORDER: Final = (
    Choice("<", "less than"),
    Choice("<=", "at most"),
    Choice(">", "more than"),
    Choice(">=", "at least"),
)
_SEARCH: Final = (
    Choice("contains", "has the text in it, with case"),
    Choice("matches", "fits the regular expression, without case"),
)
_AMONG: Final = (Choice("in", "is one of, as in {80, 443, 8000..8999}"),)
_OPENED: Final = (Choice("{", "the values, separated by commas"),)
_JOINTS: Final = (
    Choice("&&", "and"),
    Choice("||", "or"),
    Choice("and", ""),
    Choice("or", ""),
    Choice("xor", "either"),
)
_LEAST_MEANT: Final = 3
"""Letters from which a name is also found by its meaning."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What may stand from `start` to `stop` of the expression instead of what stands there."""

    start: int
    stop: int
    choices: tuple[Choice, ...]
    tail: str
    """What follows a choice that is taken."""
    eager: bool
    """Whether it is worth showing without being asked."""


@dataclass(slots=True)
class _Place:
    """Where the reading has come to."""

    expects: str = "test"
    """Either "test", "relation", "value", "brace" or "joint"."""
    field: FilterField | None = None
    inside: bool = False
    """Between { and }."""
    calling: bool = False
    """Between the brackets of a function."""
    last: str = ""

    def read(self, word: str) -> None:
        """Go on past one whole word."""
        if word in _LOGIC or (word in {"!", "not"} and self.expects != "relation"):
            self.expects, self.inside = "test", False
        elif word == "(":
            self.calling, self.expects = self.last in {"lower", "upper", "len"}, "test"
        elif word == ")":
            self.expects, self.calling = ("relation" if self.calling else "joint"), False
        elif word == "in":
            self.expects = "brace"
        elif word in _SIGNS or word in _RELATION_WORDS or word in {"{", ",", ".."}:
            self.inside |= word == "{"
            self.expects = "value"
        elif word == "}":
            self.expects, self.inside = "joint", False
        elif word not in {"not", "any", "all", "&"}:
            self._read_name_or_value(word)
        self.last = word

    def _read_name_or_value(self, word: str) -> None:
        if self.expects == "value":
            self.expects = "joint"
        elif self.expects == "test":
            self.field = BY_NAME.get(word)
            protocol = self.field is not None and self.field.kind is Kind.PROTOCOL
            self.expects = "joint" if protocol else "relation"


def complete(expression: str, cursor: int, known: Known = NOTHING_KNOWN) -> Offer:
    """What may be written at `cursor` (0 to the expression's length), best first."""
    place = _Place()
    partial, start = "", cursor
    for found in _WORD.finditer(expression, 0, cursor):
        kind, word = found.lastgroup, found.group()
        unfinished = kind == "text" and (len(word.lstrip("r")) < 2 or not word.endswith('"'))
        if found.end() == cursor and (kind == "word" or unfinished):
            partial, start = word, found.start()
        elif kind != "space":
            place.read(word)
    stop = cursor
    if partial and not partial.startswith('"'):
        rest = re.match(r"[\w.:-]*", expression[cursor:])
        stop += rest.end() if rest else 0
    choices = _fitting(_candidates(place, known), partial)
    if len(choices) == 1 and choices[0].text == expression[start:stop]:
        choices = ()
    eager = bool(partial) or (
        place.expects in {"relation", "value", "brace"} and expression[:cursor].endswith(" ")
    )
    tail = " " if place.expects in {"relation", "joint"} else ""
    return Offer(start, stop, choices, tail, eager and bool(choices))


def _candidates(place: _Place, known: Known) -> tuple[Choice, ...]:
    if place.expects == "test":
        return _names(place)
    if place.expects == "joint":
        return () if place.inside else _JOINTS
    if place.field is None:
        return ()
    if place.expects == "relation":
        return _relations(place.field)
    return _OPENED if place.expects == "brace" else values_for(place.field, known)


def _names(place: _Place) -> tuple[Choice, ...]:
    if place.calling:
        return tuple(
            Choice(name, entry.words) for name, entry in sorted(BY_NAME.items()) if entry.kind is Kind.TEXT
        )
    return (*(Choice(name, entry.words) for name, entry in sorted(BY_NAME.items())), *_FUNCTIONS)


def _relations(field: FilterField) -> tuple[Choice, ...]:
    order = _ORDER if field.kind in ORDERED else ()
    search = _SEARCH if field.kind in TEXTS else ()
    return (*_EQUAL, *order, *search, *_AMONG, *_JOINTS[:2])


def _fitting(candidates: tuple[Choice, ...], partial: str) -> tuple[Choice, ...]:
    """Those that begin with what was typed, then those that have it in them, then those that mean it."""
    if not partial:
        return candidates
    typed = partial.casefold().removeprefix("r").removeprefix('"') if '"' in partial else partial.casefold()
    ranked: tuple[list[Choice], list[Choice], list[Choice]] = ([], [], [])
    for choice in candidates:
        name = choice.text.casefold().removeprefix('"')
        if name.startswith(typed):
            ranked[0].append(choice)
        elif typed in name and choice.text[:1].isalpha() | (choice.text[:1] == '"'):
            ranked[1].append(choice)
        elif len(typed) >= _LEAST_MEANT and typed in choice.words.casefold():
            ranked[2].append(choice)
    return (*ranked[0], *ranked[1], *ranked[2])
