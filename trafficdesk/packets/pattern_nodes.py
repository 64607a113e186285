"""A regular expression as a graph of nodes (Thompson, CACM 11(6), 1968): what `pattern` makes its table of states from.

The language is that of Python's `re` for bytes, read by the parser of `re` itself; only what such a graph can't do is
refused: back references, look-around, atomic groups.
"""

from __future__ import annotations

import re
import warnings
from enum import Enum, auto
from re import _constants, _parser  # no other parser reads quite the same language
from typing import Any, Final, NamedTuple

MOST_NODES: Final = 4_000
"""Counted repetitions are written out: `(.{50}){50}` would be 2,500."""
_EVERYTHING: Final = (1 << 256) - 1
_LOWER: Final = bytes(range(256)).lower()


class PatternError(ValueError):
    """The expression can't be searched for; the message says why, as half a sentence."""


class Where(Enum):
    """Places between bytes."""

    BEGIN = auto()
    END = auto()
    LINE_BEGIN = auto()
    LINE_END = auto()
    WORD_BORDER = auto()
    NO_WORD_BORDER = auto()


class Node(NamedTuple):
    """One step."""

    following: tuple[int, ...]
    """Where it leads."""
    octets: int = 0
    """Set of the bytes it takes, bit by bit; 0 = it takes none."""
    where: Where | None = None
    """Where it may be passed; None = anywhere."""


def _bytes_where(test: str) -> int:
    compiled = re.compile(test.encode(), re.DOTALL)
    return sum(1 << octet for octet in range(256) if compiled.fullmatch(bytes((octet,))))


NEWLINE: Final = 1 << ord("\n")
WORD: Final = _bytes_where(r"\w")
_CATEGORIES: Final = {
    _constants.CATEGORY_DIGIT: _bytes_where(r"\d"),
    _constants.CATEGORY_NOT_DIGIT: _bytes_where(r"\D"),
    _constants.CATEGORY_SPACE: _bytes_where(r"\s"),
    _constants.CATEGORY_NOT_SPACE: _bytes_where(r"\S"),
    _constants.CATEGORY_WORD: WORD,
    _constants.CATEGORY_NOT_WORD: _EVERYTHING ^ WORD,
}
_PLACES: Final = {
    _constants.AT_BEGINNING_STRING: Where.BEGIN,
    _constants.AT_END_STRING: Where.END,
    _constants.AT_BOUNDARY: Where.WORD_BORDER,
    _constants.AT_NON_BOUNDARY: Where.NO_WORD_BORDER,
}
_REFUSED: Final = {
    _constants.ASSERT: "looks ahead or behind",
    _constants.ASSERT_NOT: "looks ahead or behind",
    _constants.GROUPREF: "refers back to a group",
    _constants.GROUPREF_EXISTS: "refers back to a group",
    _constants.ATOMIC_GROUP: "has an atomic group",
    _constants.POSSESSIVE_REPEAT: "has a possessive repetition",
}


def graph_of(pattern: str) -> tuple[list[Node], int]:
    """Nodes and the first of them; node 0 is the end: whoever reaches it has found the expression.

    Raises
    ------
    PatternError
        If it is no regular expression, or one that is refused.
    """
    try:
        with warnings.catch_warnings():
            # A set that a later Python may read otherwise is read as this one does.
            warnings.simplefilter("ignore", FutureWarning)
            parsed = _parser.parse(pattern.encode(), re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"is no regular expression: {getattr(error, 'msg', error)}") from None
    flags = parsed.state.flags
    _refuse_locale(flags)
    builder = _Builder()
    try:
        return builder.nodes, builder.sequence(parsed, 0, flags)
    except RecursionError:
        raise PatternError("is nested too deeply") from None


class _Builder:
    """Puts the graph together from its end."""

    def __init__(self) -> None:
        self.nodes = [Node(())]

    def sequence(self, items: Any, following: int, flags: int) -> int:
        """First node of `items` one after the other, then `following`."""
        for operation, argument in reversed(items):
            following = self._item(operation, argument, following, flags)
        return following

    def _item(self, operation: Any, argument: Any, following: int, flags: int) -> int:
        if operation in _REFUSED:
            raise PatternError(f"{_REFUSED[operation]}, which can't be answered in bounded time")
        if operation is _constants.AT:
            return self._add(Node((following,), where=_place(argument, flags)))
        if operation is _constants.BRANCH:
            branches = (self.sequence(branch, following, flags) for branch in argument[1])
            return self._add(Node(tuple(branches)))
        if operation is _constants.SUBPATTERN:
            _, added, removed, items = argument
            _refuse_locale(added)
            return self.sequence(items, following, (flags | added) & ~removed)
        if operation in {_constants.MAX_REPEAT, _constants.MIN_REPEAT}:
            least, most, items = argument
            return self._repeat(least, most, items, following, flags)
        if operation is _constants.FAILURE:
            return self._add(Node(()))
        octets = _octets(operation, argument, flags)
        return self._add(Node((following,) if octets else (), octets))

    def _repeat(self, least: int, most: int, items: Any, following: int, flags: int) -> int:
        if most is _constants.MAXREPEAT:
            loop = self._add(Node(()))
            self.nodes[loop] = Node((self.sequence(items, loop, flags), following))
            first = loop
        else:
            first = following
            for _ in range(most - least):
                first = self._add(Node((self.sequence(items, first, flags), following)))
        for _ in range(least):
            first = self.sequence(items, first, flags)
            self._check()
        return first

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        self._check()
        return len(self.nodes) - 1

    def _check(self) -> None:
        if len(self.nodes) > MOST_NODES:
            raise PatternError(f"has more than {MOST_NODES:,} steps, its repetitions written out")


def _refuse_locale(flags: int) -> None:
    if flags & re.LOCALE:
        raise PatternError("depends on the locale")


def _place(at: Any, flags: int) -> Where:
    lines = flags & re.MULTILINE
    if at is _constants.AT_BEGINNING:
        return Where.LINE_BEGIN if lines else Where.BEGIN
    if at is _constants.AT_END:
        return Where.LINE_END if lines else Where.END
    return _PLACES[at]


def _octets(operation: Any, argument: Any, flags: int) -> int:
    """Set of bytes that an item takes."""
    if operation is _constants.ANY:
        return _EVERYTHING if flags & re.DOTALL else _EVERYTHING ^ NEWLINE
    if operation is _constants.LITERAL:
        return _folded(1 << argument, flags)
    if operation is _constants.NOT_LITERAL:
        return _EVERYTHING ^ _folded(1 << argument, flags)
    found, inverted = 0, False
    for kind, value in argument:
        if kind is _constants.NEGATE:
            inverted = True
        elif kind is _constants.LITERAL:
            found |= 1 << value
        elif kind is _constants.RANGE:
            found |= (1 << value[1] + 1) - (1 << value[0])
        else:
            found |= _CATEGORIES[value]
    found = _folded(found, flags)
    return _EVERYTHING ^ found if inverted else found


def _folded(octets: int, flags: int) -> int:
    """The set with both cases of its letters, where case is ignored."""
    if not flags & re.IGNORECASE:
        return octets
    lower = {_LOWER[octet] for octet in range(256) if octets >> octet & 1}
    return sum(1 << octet for octet in range(256) if _LOWER[octet] in lower)
