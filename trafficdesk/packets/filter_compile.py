"""From the syntax tree of a display filter to one function over rows."""

from __future__ import annotations

import difflib
import functools
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets.filter_labels import LabelTest
from trafficdesk.packets.filter_operands import octets, operand_of
from trafficdesk.packets.filter_rows import FilterField, Kind, Mask, Rows
from trafficdesk.packets.filter_search import comment_predicate, test_of, text_predicate
from trafficdesk.packets.filter_terms import (
    JOIN,
    Operand,
    Predicate,
    either,
    is_field,
    literal_of,
    over,
    values_of,
)
from trafficdesk.packets.filter_values import (
    ORDERED,
    TEXTS,
    Constant,
    compare,
    compare_columns,
    constant_of,
)

if TYPE_CHECKING:
    from lark import Token, Tree


DEEPEST: Final = 100
"""Nested conditions; Python's own recursion limit is ten times as far away."""

_RELATIONS: Final = {
    "==": ("==", "any"), "eq": ("==", "any"), "any_eq": ("==", "any"),
    "!=": ("!=", "all"), "ne": ("!=", "all"), "all_ne": ("!=", "all"),
    "===": ("==", "all"), "all_eq": ("==", "all"),
    "!==": ("!=", "any"), "~=": ("!=", "any"), "any_ne": ("!=", "any"),
    ">": (">", "any"), "gt": (">", "any"), "<": ("<", "any"), "lt": ("<", "any"),
    ">=": (">=", "any"), "ge": (">=", "any"), "<=": ("<=", "any"), "le": ("<=", "any"),
    "contains": ("contains", "any"), "matches": ("matches", "any"), "~": ("matches", "any"),
}  # fmt: skip
"""Comparison of one occurrence, and of how many occurrences it is asked (wireshark-filter(4))."""

_COMBINE: Final = {"disjunction": np.logical_or, "exclusion": np.logical_xor, "conjunction": np.logical_and}


class Compiler:
    """Compiles one expression.

    Parameters
    ----------
    families : names of `td.family`'s numbers.
    """

    def __init__(self, families: tuple[str, ...]) -> None:
        self._families = families

    @staticmethod
    def everything(rows: Rows) -> Mask:
        """Every row."""
        return np.ones(len(rows.batch), np.bool_)

    def predicate(self, node: Tree[Token] | Token, depth: int = 0) -> Predicate:
        """The function a (sub)tree stands for.

        Raises
        ------
        BadDisplayFilter
            If it names what is not there, or compares what can't be compared.
        """
        if depth > DEEPEST:
            raise BadDisplayFilter(
                "The filter is nested too deeply.", f"At most {DEEPEST} conditions in each other."
            )
        children: list[Any] = list(node.children)  # type: ignore[union-attr]
        kind = node.data  # type: ignore[union-attr]
        if kind in _COMBINE:
            parts = [self.predicate(child, depth + 1) for child in children]
            return lambda rows: functools.reduce(_COMBINE[kind], (part(rows) for part in parts))
        if kind == "inverted":
            inner = self.predicate(children[0], depth + 1)
            return lambda rows: ~inner(rows)
        return self._test(kind, children)

    def _test(self, kind: str, children: list[Any]) -> Predicate:
        if kind == "exists":
            return self._exists(children[0])
        if kind == "related":
            return self._related(children[0], children[1], children[2], "")
        if kind == "quantified":
            return self._related(children[1], children[2], children[3], str(children[0]))
        inside = self._member(operand_of(children[0]), children[1:])
        return inside if kind == "member" else lambda rows: ~inside(rows)

    def _exists(self, node: Any) -> Predicate:
        operand = operand_of(node)
        field = operand.field
        if operand.bits is not None:
            return over(operand, lambda occurrence: occurrence != 0, "any")
        if field.alone:
            return lambda rows: field.read(rows).occurrences[0]
        if field.kind is Kind.LABEL:
            return LabelTest(field, bool)
        return lambda rows: field.read(rows).present

    def _related(self, left: Any, relation: Token, right: Any, quantifier: str) -> Predicate:
        operation, asked = _RELATIONS[relation]
        asked = quantifier or asked
        operand = operand_of(left)
        self._check(operand, operation, relation)
        if is_field(right):
            return self._between(operand, operation, asked, operand_of(right))
        text, quoted = literal_of(right)
        if operand.kind in TEXTS:
            return self._worded(operand, operation, text, right, asked)
        constant = self._constant(operand, right, text, quoted=quoted)
        return over(operand, lambda occurrence: compare(operand.kind, operation, occurrence, constant), asked)

    def _worded(self, operand: Operand, operation: str, text: str, node: Token, asked: str) -> Predicate:
        """The test of a field whose values are texts."""
        match operand.kind:
            case Kind.NAMED:
                return self._named(operand, operation, text, node)
            case Kind.LISTED:
                return self._listed(operand, operation, text, node)
            case Kind.LABEL:
                _check_name(operand.field, operation, text, node, operand.field.names)
                return LabelTest(operand.field, test_of(operation, text, node))
            case Kind.COMMENT:
                return comment_predicate(test_of(operation, text, node), asked)
        return text_predicate(operand, operation, text, node)

    def _check(self, operand: Operand, operation: str, relation: Token) -> None:
        texts = operand.kind in TEXTS
        fits = operation in {"==", "!="} or (
            texts if operation in {"contains", "matches"} else operand.kind in ORDERED
        )
        if operand.kind is Kind.PROTOCOL or not fits:
            raise BadDisplayFilter(
                f"{operand.field.name} can't be compared with {str(relation)!r}.",
                f"Write {operand.field.name} alone: a frame has it or not." if operand.kind is Kind.PROTOCOL
                else f"{operand.field.name} takes {operand.kind.value}.",
                position=getattr(relation, "start_pos", None) or operand.position,
            )  # fmt: skip

    def _member(self, operand: Operand, elements: list[Any]) -> Predicate:
        parts = []
        for element in elements:
            if hasattr(element, "data"):
                parts.append(self._span(operand, *element.children))
            else:
                parts.append(self._related(operand, _EQUAL, element, ""))
        return lambda rows: functools.reduce(np.logical_or, (part(rows) for part in parts))

    def _span(self, operand: Operand, low: Token, high: Token) -> Predicate:
        self._check(operand, ">=", low)
        first, last = (
            self._constant(operand, end, *literal_of(end)[:1], quoted=literal_of(end)[1])
            for end in (low, high)
        )
        kind = operand.kind
        return over(
            operand,
            lambda values: compare(kind, ">=", values, first) & compare(kind, "<=", values, last),
            "any",
        )

    def _between(self, left: Operand, operation: str, asked: str, right: Operand) -> Predicate:
        if (
            left.kind is not right.kind
            or left.kind in {*TEXTS, Kind.PROTOCOL}
            or right.function
            or left.slice != right.slice
        ):
            raise BadDisplayFilter(
                f"{left.field.name} and {right.field.name} can't be compared.",
                f"{left.field.name} takes {left.kind.value}.",
                position=right.position,
            )

        def mask(rows: Rows) -> Mask:
            here, there = values_of(left, rows), values_of(right, rows)
            pairs = [
                compare_columns(left.kind, operation, one, other)
                for one in here.occurrences
                for other in there.occurrences
            ]
            return here.present & there.present & functools.reduce(JOIN[asked], pairs)

        return mask

    def _named(self, operand: Operand, operation: str, text: str, node: Token) -> Predicate:
        field = operand.field
        names = self._families if field.name == "td.family" else field.names
        _check_name(field, operation, text, node, names)
        test = test_of(operation, text.casefold() if operation in {"==", "!="} else text, node)
        fold = operation in {"==", "!="}
        table = np.array(
            [test((name.casefold() if fold else name).encode()) for name in names] + [False], np.bool_
        )
        return over(operand, lambda numbers: table[np.minimum(numbers, len(names)).astype(np.intp)], "any")

    @staticmethod
    def _listed(operand: Operand, operation: str, text: str, node: Token) -> Predicate:
        """A name that the rows bring themselves: which names there are is known when they are looked at."""
        test = test_of(operation, text, node)

        def mask(rows: Rows) -> Mask:
            values = values_of(operand, rows)
            names = rows.batch.interfaces
            passed = np.array([*(test(name.encode(errors="replace")) for name in names), False], np.bool_)
            return values.present & passed[np.minimum(values.occurrences[0], len(names)).astype(np.intp)]

        return mask

    @staticmethod
    def _constant(operand: Operand, node: Token, text: str, *, quoted: bool) -> Constant:
        field = operand.field
        if operand.function == "len":
            field = FilterField(f"len({field.name})", Kind.NUMBER, "", field.read)
        try:
            if operand.slice is not None:
                return Constant(octets(text, operand))
            return constant_of(field, text, quoted=quoted)
        except ValueError as error:
            raise BadDisplayFilter(str(error), position=node.start_pos or 0) from None


_EQUAL: Final[Any] = "=="


def _check_name(field: FilterField, operation: str, text: str, node: Token, names: tuple[str, ...]) -> None:
    """Refuse what a field with a few names never is."""
    if not names or operation not in {"==", "!="} or text.casefold() in {n.casefold() for n in names if n}:
        return
    near = difflib.get_close_matches(text, names, 3, 0.5)
    raise BadDisplayFilter(
        f"{field.name} is never {text!r}.",
        f"Did you mean {either(near)}?" if near else f"It takes one of: {', '.join(filter(None, names))}.",
        position=node.start_pos or 0,
    )
