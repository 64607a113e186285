"""`Pattern`: regular expressions asked of a million texts at once, in time that the texts' length bounds.

A library's engine answers for one text at a time, which costs a microsecond each whatever the text, and a backtracking
one for some expressions more time than there is. Here the expression becomes a table of states (Rabin and Scott, IBM
Journal 3(2), 1959), and all texts take their next step in it at once: some 5 ns a byte (2026-11, one core). An expression
that needs too large a table is refused.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.pattern_nodes import NEWLINE, WORD, Node, PatternError, Where, graph_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

MOST_STATES: Final = 2_000
"""A table of some MB; expressions that people write need some hundred states."""
_MOST_WORK: Final = 1_000_000
"""Steps through the graph while the states are found, a third of a second."""
LOWER: Final = np.frombuffer(bytes(range(256)).lower(), np.uint8)
UPPER: Final = np.frombuffer(bytes(range(256)).upper(), np.uint8)
"""ASCII's letters, as `bytes.lower` and `bytes.upper` map them."""
_CHUNK: Final = 1 << 15
"""Texts that walk together: their states stay in the processor's cache."""
_PRUNED_EVERY: Final = 8
"""Bytes after which texts that are decided are taken out."""

_BEGIN, _LINE, _LETTER, _OTHER = range(4)
"""What stands before a place, and behind it; _BEGIN stands for the end, too."""
_FOUND, _LOST = 0, 1
"""The states that nothing leaves."""


@lru_cache(maxsize=64)
def pattern_of(text: str) -> Pattern:
    """The pattern of a regular expression that ignores case, as `matches` does.

    Raises
    ------
    PatternError
        If it is none, or needs too large a table.
    """
    return Pattern(text)


class Pattern:
    """A regular expression, ready to be searched for.

    Parameters
    ----------
    text : the expression.
    """

    def __init__(self, text: str) -> None:
        nodes, first = graph_of(text)
        states = _States(nodes, first)
        self._classes = states.classes
        self._symbols = states.symbols
        # The rows' numbers times the row's length, so that a step is one addition and one look-up.
        self._table = (np.array(_without_traps(states.found()), np.intp) * self._symbols).reshape(-1)
        self.ignores_case = bool((self._classes[LOWER] == self._classes).all())
        """Whether texts that differ in the case of letters are alike to it."""

    def search(self, text: bytes) -> bool:
        """Whether the expression is found in one text."""
        classes, table = self._lists
        state = 2 * self._symbols
        for octet in text:
            state = table[state + classes[octet]]
        return table[state + self._symbols - 1] == _FOUND

    @cached_property
    def _lists(self) -> tuple[list[int], list[int]]:
        return self._classes.tolist(), self._table.tolist()

    def search_all(
        self,
        data: NDArray[np.uint8],
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        fold: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.bool_]:
        """(texts,) whether it is found in each of `data[starts[i] : starts[i] + lengths[i]]`.

        Parameters
        ----------
        fold : (256,) byte for every byte, by which the texts are looked at.
        """
        classes = self._classes if fold is None else self._classes[fold]
        found = np.empty(len(starts), np.bool_)
        for begin in range(0, len(starts), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            found[part] = self._walk(data, starts[part], lengths[part], classes)
        return found

    def _walk(
        self,
        data: NDArray[np.uint8],
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        classes: NDArray[np.uint8],
    ) -> NDArray[np.bool_]:
        table, end = self._table, self._symbols - 1
        # The longest first: those that still go on are always the first ones.
        order = np.argsort(-lengths, kind="stable")
        at, left = starts[order], lengths[order]
        states = np.full(len(order), 2 * self._symbols, np.intp)
        found = np.zeros(len(order), np.bool_)
        step = 0
        while len(order):
            going = int(np.searchsorted(-left, -step, "left"))
            if not going:
                break
            index = classes[data[at[:going] + step]] + states[:going]
            np.take(table, index, out=states[:going], mode="clip")
            step += 1
            if step % _PRUNED_EVERY == 0:
                open_ = np.flatnonzero(states > _LOST * self._symbols)
                if 2 * len(open_) < len(order):
                    found[order[states == _FOUND]] = True
                    order, at, left, states = order[open_], at[open_], left[open_], states[open_]
        found[order] = table[states + end] == _FOUND
        return found


def _without_traps(table: list[list[int]]) -> list[list[int]]:
    """The table with every state that only leads to itself and finds nothing replaced by `_LOST`."""
    trapped = {
        state for state, row in enumerate(table) if row[-1] == _LOST and set(row[:-1]) <= {state, _LOST}
    }
    return [[_LOST if state in trapped else state for state in row] for row in table]


class _States:
    """Finds the states that a graph can be in (the subset construction)."""

    def __init__(self, nodes: list[Node], first: int) -> None:
        self._nodes, self._first = nodes, first
        places = {node.where for node in nodes if node.where}
        self._tells_lines = bool(places & {Where.LINE_BEGIN, Where.LINE_END})
        self._tells_words = bool(places & {Where.WORD_BORDER, Where.NO_WORD_BORDER})
        self._tells_begin = bool(places)
        self.classes, self._kinds, members = self._classes_of()
        """(256,) class of every byte: those that no node tells apart have one."""
        self.symbols = len(self._kinds) + 1
        """Classes, and the end of the text."""
        self._taken = [
            [number for number, member in enumerate(members) if node.octets >> member & 1] for node in nodes
        ]
        self._work = 0

    def _classes_of(self) -> tuple[NDArray[np.uint8], list[int], list[int]]:
        """Class of every byte; kind and one byte of every class."""
        sets = {node.octets for node in self._nodes if node.octets}
        sets |= {NEWLINE} if self._tells_lines else set()
        sets |= {WORD} if self._tells_words else set()
        numbers: dict[tuple[int, ...], int] = {}
        classes = np.zeros(256, np.uint8)
        members: list[int] = []
        for octet in range(256):
            signature = tuple(one >> octet & 1 for one in sets)
            if signature not in numbers:
                numbers[signature] = len(members)
                members.append(octet)
            classes[octet] = numbers[signature]
        return classes, [self._kind(octet) for octet in members], members

    def _kind(self, octet: int) -> int:
        """What a byte is to the places beside it, as far as the expression asks."""
        if self._tells_lines and octet == ord("\n"):
            return _LINE
        return _LETTER if self._tells_words and WORD >> octet & 1 else _OTHER

    def found(self) -> list[list[int]]:
        """For every state the one after each class and after the end; state 2 is the first."""
        empty: frozenset[int] = frozenset()
        numbers = {(empty, _BEGIN if self._tells_begin else _OTHER): 2}
        table = [[_FOUND] * self.symbols, [_LOST] * self.symbols]
        waiting = list(numbers)
        for core, before in waiting:
            row = []
            for target in self._after(core, before):
                if isinstance(target, int):
                    row.append(target)
                    continue
                if target not in numbers:
                    numbers[target] = len(numbers) + 2
                    waiting.append(target)
                row.append(numbers[target])
            table.append(row)
            if self._work > _MOST_WORK or len(numbers) > MOST_STATES:
                raise PatternError("has too many ways to go on at once")
        return table

    def _after(self, core: frozenset[int], before: int) -> Iterable[tuple[frozenset[int], int] | int]:
        """What follows a state at each symbol: another state, `_FOUND` or `_LOST`."""
        targets: list[set[int]] = [set() for _ in self._kinds]
        over = set()
        for behind in {*self._kinds, _BEGIN}:
            reached = self._reached(core, before, behind)
            if 0 in reached:
                over.add(behind)
                continue
            for node in reached:
                self._work += len(self._taken[node])
                for number in self._taken[node]:
                    if self._kinds[number] == behind:
                        targets[number].add(self._nodes[node].following[0])
        for target, kind in zip(targets, self._kinds, strict=True):
            yield _FOUND if kind in over else (frozenset(target), kind)
        yield _FOUND if _BEGIN in over else _LOST

    def _reached(self, core: frozenset[int], before: int, behind: int) -> set[int]:
        """Nodes that can be stood at without taking a byte, between these two; the search begins anew everywhere."""
        reached: set[int] = set()
        waiting = [*core, self._first]
        while waiting:
            number = waiting.pop()
            if number in reached:
                continue
            reached.add(number)
            node = self._nodes[number]
            if not node.octets and (node.where is None or _holds(node.where, before, behind)):
                waiting.extend(node.following)
        self._work += len(reached)
        return reached


def _holds(where: Where, before: int, behind: int) -> bool:
    if where is Where.BEGIN:
        return before == _BEGIN
    if where is Where.END:
        return behind == _BEGIN
    if where is Where.LINE_BEGIN:
        return before in {_BEGIN, _LINE}
    if where is Where.LINE_END:
        return behind in {_BEGIN, _LINE}
    return ((before == _LETTER) != (behind == _LETTER)) == (where is Where.WORD_BORDER)
