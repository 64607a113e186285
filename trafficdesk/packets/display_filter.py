"""Display filters: Wireshark's language over our columns, compiled to one mask over many rows.

Meaning follows Wireshark 4 (wireshark-filter(4)): a comparison with an absent field is false whatever the operator;
`==` asks for any occurrence, `!=` that all differ, `===` and `!==` are the other two; `matches` ignores case; strings
compare with case. What the columns can't answer (arithmetic, bytes of payload) is refused in words.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets.filter_compile import Compiler
from trafficdesk.packets.filter_fields import BY_NAME, FIELD_NAMES
from trafficdesk.packets.filter_rows import Column, Kind, Mask, Rows
from trafficdesk.packets.filter_terms import ARITHMETIC
from trafficdesk.packets.filter_values import TEXTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.filter_terms import Predicate
    from trafficdesk.packets.identities import Identities

GRAMMAR: Final = r"""
?start: disjunction
?disjunction: exclusion (_OR exclusion)*
?exclusion: conjunction (_XOR conjunction)*
?conjunction: negation (_AND negation)*
?negation: _NOT negation -> inverted
    | test
?test: "(" disjunction ")"
    | operand -> exists
    | operand RELATION operand -> related
    | QUANTIFIER operand RELATION operand -> quantified
    | operand _IN "{" element ("," element)* "}" -> member
    | operand _NOT _IN "{" element ("," element)* "}" -> outsider
?element: value
    | value ".." value -> span
?operand: value
    | value "&" value -> bits
    | ATOM "(" ATOM ")" -> call
    | ATOM "[" ATOM "]" -> slice
?value: ATOM
    | STRING
_OR.3: /\|\||or(?![\w.:-])/
_XOR.3: /\^\^|xor(?![\w.:-])/
_AND.3: /&&|and(?![\w.:-])/
_NOT.3: /!(?!=)|not(?![\w.:-])/
_IN.3: /in(?![\w.:-])/
QUANTIFIER.3: /(?:any|all)(?=\s+\w)/
RELATION.3: /===|!==|==|!=|~=|>=|<=|>|<|~|(?:eq|ne|gt|lt|ge|le|any_eq|all_ne|all_eq|any_ne|contains|matches)(?![\w.:-])/
STRING.4: /r?"(?:[^"\\]|\\.)*"/
ATOM: /(?:[\w:+-]|\.(?!\.)|\/(?=\w))+/
%ignore /\s+/
"""
"""Precedence from loose to tight: or, xor, and, not, comparison. `ATOM` is a name or an unquoted value."""

LONGEST: Final = 10_000
"""Characters; far beyond what a person writes, and it bounds the work of a pasted mistake."""


@dataclass(frozen=True, slots=True, eq=False)
class DisplayFilter:
    """A compiled filter; may be used from any thread."""

    expression: str
    """As it was written; empty = every packet."""
    predicate: Predicate
    identities: Identities | None = None
    """What the rows' programs and hosts stand for."""

    def mask(self, batch: PacketBatch, analysis: Mapping[str, Column] | None = None) -> Mask:
        """(rows,) which rows it lets through; `analysis` as `PacketLog.select` gives it."""
        return self.predicate(Rows(batch, analysis or {}, self.identities))


def compile_filter(
    expression: str, families: Sequence[str] = (), identities: Identities | None = None
) -> DisplayFilter:
    """Compile `expression`.

    Parameters
    ----------
    families : names behind the numbers of `td.family`, by position (`detect.families`; position 0 = none).
    identities : those of the log whose rows are asked for; without them no row has a program or a host.

    Raises
    ------
    BadDisplayFilter
        If it is not understood, with the position and, where one is near, what may have been meant.
    """
    if len(expression) > LONGEST:
        raise BadDisplayFilter(f"The filter is longer than {LONGEST:,} characters.", "Please shorten it.")
    text = expression.strip()
    compiler = Compiler(tuple(families))
    predicate = compiler.predicate(_parse(expression)) if text else compiler.everything
    return DisplayFilter(expression, predicate, identities)


def filter_for_value(field: str, value: object) -> str:
    """The filter that asks for `value` of `field`, as "Apply as filter" writes it.

    An IPv6 address asked of an `ip.` field becomes one of the `ipv6.` field; text is quoted.
    """
    text = str(value)
    name = field.replace("ip.", "ipv6.", 1) if field.startswith("ip.") and ":" in text else field
    kind = BY_NAME[name].kind
    if kind is Kind.PROTOCOL:
        return name
    if kind in {*TEXTS, Kind.TIME}:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'{name} == "{escaped}"'
    return f"{name} == {text}"


@functools.cache
def _parser() -> Any:
    from lark import Lark

    return Lark(GRAMMAR, parser="lalr")


def _parse(expression: str) -> Any:
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    try:
        return _parser().parse(expression)
    except UnexpectedCharacters as error:
        position = error.pos_in_stream or 0
        raise BadDisplayFilter(*_bad_character(expression, position), position=position) from None
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise BadDisplayFilter(
                "The filter ends too early.",
                "Something has to follow its last word.",
                position=len(expression),
            ) from None
        position = error.token.start_pos or 0
        raise BadDisplayFilter(
            f"{str(error.token)!r} was not expected here.", _hint_at(str(error.token)), position=position
        ) from None


def _bad_character(expression: str, position: int) -> tuple[str, str]:
    character = expression[position]
    hints = {
        "=": "Compare with ==.",
        "|": "Combine with || or the word or.",
        "^": "Combine with ^^ or the word xor.",
        "*": ARITHMETIC,
        "%": ARITHMETIC,
        "/": ARITHMETIC,
        '"': "The closing quote is missing.",
        "'": 'Put text in double quotes: "…".',
    }
    return f"{character!r} was not expected here.", hints.get(character, "")


def _hint_at(token: str) -> str:
    if token[:1] in {"+", "-"}:
        return ARITHMETIC
    if token.startswith("&"):
        return "Combine with &&; a single & takes a number's bits, as in tcp.flags & 0x02."
    if token.startswith('"') or token[:1].isalnum():
        return "Between two conditions stands && or ||; between a field and its value ==, != or another comparison."
    return ""


__all__ = ["FIELD_NAMES", "DisplayFilter", "compile_filter", "filter_for_value"]
