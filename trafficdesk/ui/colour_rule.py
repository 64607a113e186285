"""Colouring rules: a display filter and a hue; the first rule that a packet passes gives its row a tint. No Qt here.

Amber and red are none of the hues: they say what the analysis flagged, which stands above every rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets.batch import Sample
from trafficdesk.packets.log_chunk import LATER_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from trafficdesk.packets.display_filter import DisplayFilter
    from trafficdesk.packets.log import PacketLog

LONGEST_NAME: Final = 40
MOST: Final = 50
"""Rules; each costs a search of every page of rows."""
_SEPARATOR: Final = "\t"
_LATER: Final = tuple(name for name, _ in LATER_FIELDS)


class Hue(IntEnum):
    """What a rule can colour a row; 0 = no rule's."""

    NONE = 0
    GREY = 1
    BLUE = 2
    TEAL = 3
    GREEN = 4
    OLIVE = 5
    PURPLE = 6
    PINK = 7


@dataclass(frozen=True, slots=True)
class ColourRule:
    """One line of the list."""

    name: str
    expression: str
    hue: Hue
    on: bool = True


DEFAULTS: Final = (
    ColourRule("Marked", "td.mark", Hue.PINK),
    ColourRule(
        "TCP trouble",
        "tcp.analysis.retransmission || tcp.analysis.out_of_order || tcp.analysis.zero_window",
        Hue.PURPLE,
    ),
    ColourRule("ICMP errors", "icmp.type in {3..5, 11} || icmpv6.type in {1..4}", Hue.PURPLE),
    ColourRule("TCP reset", "tcp.flags.reset == 1", Hue.PINK),
    ColourRule("ARP", "arp", Hue.OLIVE),
    ColourRule("DNS", "dns || mdns", Hue.BLUE),
    ColourRule("HTTP", "http", Hue.GREEN),
    ColourRule("TCP begins or ends", "tcp.flags.syn == 1 || tcp.flags.fin == 1", Hue.GREY),
    ColourRule("UDP", "udp", Hue.TEAL),
)
"""In the spirit of Wireshark's; what a capture has most of stays without a colour."""


def from_lines(lines: Iterable[str]) -> tuple[ColourRule, ...]:
    """Rules of a settings file; lines that are none are passed over, no line at all gives `DEFAULTS`."""
    rules, any_line = [], False
    for line in lines:
        any_line = True
        parts = line.split(_SEPARATOR)
        if len(parts) == 4 and parts[1] in Hue.__members__ and parts[1] != Hue.NONE.name and parts[3].strip():
            rules.append(
                ColourRule(parts[2][:LONGEST_NAME], parts[3].strip(), Hue[parts[1]], parts[0] == "on")
            )
    return tuple(rules[:MOST]) if any_line else DEFAULTS


def to_lines(rules: Iterable[ColourRule]) -> tuple[str, ...]:
    """As the settings file has them; a list without a rule is one line that is none."""
    lines = tuple(
        _SEPARATOR.join(
            ("on" if rule.on else "off", rule.hue.name, " ".join(rule.name.split()), rule.expression)
        )
        for rule in rules
    )
    return lines or ("none",)


class Colouring:
    """Rules that are on, ready to be asked.

    Parameters
    ----------
    compile_filter : compiles an expression or raises `BadDisplayFilter`; such a rule colours nothing.
    """

    def __init__(self, rules: Iterable[ColourRule], compile_filter: Callable[[str], DisplayFilter]) -> None:
        self._rules: list[tuple[DisplayFilter, Hue]] = []
        for rule in rules:
            if rule.on:
                try:
                    self._rules.append((compile_filter(rule.expression), rule.hue))
                except BadDisplayFilter:
                    continue

    def hues(self, log: PacketLog, ids: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(ids,) `Hue` of each packet, all of which must be in the log."""
        hues = np.zeros(len(ids), np.uint8)
        if not len(ids) or not self._rules:
            return hues
        ones = np.ones(len(ids), np.float32)
        # Filters ask a batch which packets its rows are.
        batch = replace(log.take(ids), sample=Sample(ids, ones, ones, ones, ones))
        later = {name: log.column(name, ids) for name in _LATER}
        for display_filter, hue in self._rules:
            hues[(hues == 0) & display_filter.mask(batch, later)] = hue
        return hues
