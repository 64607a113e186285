"""How a display filter's test of a text is carried out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets import filter_texts
from trafficdesk.packets.filter_values import COMPARE
from trafficdesk.packets.pattern import LOWER, UPPER, pattern_of
from trafficdesk.packets.pattern_nodes import PatternError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lark import Token

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.filter_rows import Mask, Rows
    from trafficdesk.packets.filter_terms import Operand, Predicate
    from trafficdesk.packets.pattern import Pattern

    Find = Callable[[PacketBatch, Mask], Mask]
    """Those of some rows whose text passes."""

_FOLDS: Final = {"lower": LOWER, "upper": UPPER}


def text_predicate(operand: Operand, operation: str, text: str, node: Token) -> Predicate:
    """The test of a text field.

    Raises
    ------
    BadDisplayFilter
        If `text` is to be a regular expression and is none, or one that is refused.
    """
    field = operand.field
    first, stop = operand.slice or (0, filter_texts.WHOLE_TEXT)
    view = filter_texts.View(_FOLDS.get(operand.function), first, stop, field.part)
    find = _searched(operand, operation, text, view, node)
    if operation == "!=":

        def differing(batch: PacketBatch, present: Mask) -> Mask:
            return filter_texts.rows_with(batch, present, view) & ~find(batch, present)

        return lambda rows: differing(rows.batch, field.read(rows).present)
    return lambda rows: find(rows.batch, field.read(rows).present)


def comment_predicate(test: Callable[[bytes], bool], asked: str) -> Predicate:
    """Whether "any" or "all" of a packet's comments pass; a packet without one never does."""
    joined = any if asked == "any" else all

    def mask(rows: Rows) -> Mask:
        passed = np.zeros(len(rows.batch), np.bool_)
        for row, said in rows.comments().items():
            passed[row] = joined(test(text.encode("utf-8", "backslashreplace")) for text in said)
        return passed

    return mask


def test_of(operation: str, text: str, node: Token) -> Callable[[bytes], bool]:
    """The test of one text, whatever it is of.

    Raises
    ------
    BadDisplayFilter
        If `text` is to be a regular expression and is none, or one that is refused.
    """
    raw = text.encode()
    if operation == "contains":
        return lambda value: raw in value
    if operation == "matches":
        return _pattern(text, node).search
    return lambda value: bool(COMPARE[operation](value, raw))


def _pattern(text: str, node: Token) -> Pattern:
    try:
        return pattern_of(text)
    except PatternError as error:
        raise BadDisplayFilter(f"{text!r} {error}.", position=node.start_pos or 0) from None


def _searched(operand: Operand, operation: str, text: str, view: filter_texts.View, node: Token) -> Find:
    """How the texts are searched: for a word in the whole arena at once where that can be."""
    raw = text.encode()
    if operation == "contains":
        return lambda batch, present: filter_texts.rows_containing(batch, present, raw, view)
    if operation in {"==", "!="}:
        return lambda batch, present: filter_texts.rows_equal_to(batch, present, raw, view)
    literal = filter_texts.literal_of_pattern(text)
    if literal is None or operand.function:
        pattern = _pattern(text, node)
        return lambda batch, present: filter_texts.rows_matching(batch, present, pattern, view)
    word = literal[0].lower().encode()
    folded = replace(view, fold=LOWER)
    if not literal[1]:
        return lambda batch, present: filter_texts.rows_containing(batch, present, word, folded)
    begin = replace(folded, stop=min(view.stop, view.first + len(word)))
    return lambda batch, present: filter_texts.rows_equal_to(batch, present, word, begin)
