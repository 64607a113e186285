"""How a display filter's test of a text is carried out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets import filter_texts
from trafficdesk.packets.filter_values import COMPARE

if TYPE_CHECKING:
    from collections.abc import Callable

    from lark import Token

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.filter_rows import Mask, Rows
    from trafficdesk.packets.filter_terms import Operand, Predicate

_FOLDS: Final = {"lower": filter_texts.LOWER, "upper": filter_texts.UPPER}
_TRANSFORMS: Final[dict[str, Callable[[bytes], bytes]]] = {"lower": bytes.lower, "upper": bytes.upper}


def text_predicate(operand: Operand, operation: str, text: str, node: Token) -> Predicate:
    """The test of a text field: over the arena at once where that can be, else text by text."""
    field = operand.field
    test = test_of(operation, text, node)
    searched = _searched(operand, operation, text)
    if searched is not None:
        find, raw, view = searched
        if operation == "!=":
            return lambda rows: _as_long(field.read(rows).present, rows, view) & ~find(rows.batch, raw, view)
        return lambda rows: field.read(rows).present & find(rows.batch, raw, view)
    transform, cut = _TRANSFORMS.get(operand.function, bytes), operand.cut

    def one(whole: bytes) -> bool:
        words = whole.split(b" ") if field.part >= 0 else [whole]
        return len(words) > field.part and test(transform(cut(words[max(field.part, 0)])))

    plain = operation == "matches" and not operand.function and operand.slice is None
    case_matters = not plain or filter_texts.matcher(text)[1]
    asked = test if field.part < 0 and plain else one
    return lambda rows: filter_texts.rows_where(
        rows.batch, field.read(rows).present, asked, case_matters=case_matters
    )


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
        If `text` is to be a regular expression and is none.
    """
    raw = text.encode()
    if operation == "contains":
        return lambda value: raw in value
    if operation == "matches":
        try:
            pattern, _ = filter_texts.matcher(text)
        except re.error as error:
            raise BadDisplayFilter(
                f"{text!r} is no regular expression: {error.msg}.", position=node.start_pos or 0
            ) from None
        return lambda value: pattern.search(value) is not None
    return lambda value: bool(COMPARE[operation](value, raw))


def _as_long(present: Mask, rows: Rows, view: filter_texts.View) -> Mask:
    """Rows whose text has the part that is looked at."""
    return present if view.first == 0 else present & (view.spans(rows.batch)[1] > 0)


def _searched(
    operand: Operand, operation: str, text: str
) -> tuple[Callable[[PacketBatch, bytes, filter_texts.View], Mask], bytes, filter_texts.View] | None:
    """How the arena is searched as a whole; None where every text has to be looked at."""
    if operand.field.part >= 0:
        return None
    first, stop = operand.slice or (0, filter_texts.WHOLE.stop)
    view = filter_texts.View(_FOLDS.get(operand.function), first, stop)
    if operation == "contains":
        return filter_texts.rows_containing, text.encode(), view
    if operation in {"==", "!="}:
        return filter_texts.rows_equal_to, text.encode(), view
    literal = filter_texts.literal_of_pattern(text) if operation == "matches" else None
    if literal is None or operand.function:
        return None
    raw = literal[0].lower().encode()
    if not literal[1]:
        return filter_texts.rows_containing, raw, filter_texts.View(filter_texts.LOWER, first, stop)
    view = filter_texts.View(filter_texts.LOWER, first, min(stop, first + len(raw)))
    return filter_texts.rows_equal_to, raw, view
