"""Numbers and reasons as a person reads them."""

from __future__ import annotations

from math import isfinite, nan
from typing import TYPE_CHECKING

from trafficdesk.detect.finding import Reason
from trafficdesk.features import FEATURES, End

if TYPE_CHECKING:
    from trafficdesk.features import Feature

_BYTE_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def amount(value: float, unit: str = "") -> str:
    """A value with its unit, rounded to what can be believed."""
    if unit == "bytes":
        return _bytes(value)
    if unit == "s":
        return seconds(value)
    if unit == "port":
        return f"{value:.0f}"
    number = f"{value:,.0f}" if abs(value) >= 9.95 or float(value).is_integer() else f"{value:.1f}"
    if unit == "characters" or not unit:
        number = f"{value:,.0f}"
    return f"{number} {unit}".strip()


def seconds(value: float) -> str:
    """A duration."""
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 120:
        return f"{value:.0f} s" if value >= 10 or abs(value - round(value)) < 0.05 else f"{value:.1f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"


def phrase(feature: Feature, value: float, end: str = "") -> str:
    """What the feature says, of whom if `end` is known: "about 212 ports tried on 192.168.1.20 in 60 s"."""
    said = amount(value, feature.unit)
    words = feature.named if end and feature.named else feature.words
    plural = "" if said == "1" else "s"
    if said == "0" and not feature.unit:
        said = "no"
    elif feature.window_s:
        said = f"about {said}"
    text = words.format(said, s=plural, end=end)
    return f"{text} in {seconds(feature.window_s)}" if feature.window_s else text


def name_of(index: int, end: int, ends: tuple[str, str]) -> str:
    """Name to be told with `FEATURES[index]` of a row from `ends[0]` to `ends[1]`; empty where it goes without saying.

    Parameters
    ----------
    end : 0 = the source, 1 = the destination, -1 = neither.
    """
    # What the sender did needs no name beside its row.
    if end < 0 or (end == 0 and FEATURES[index].end in {End.HOST, End.SOURCE}):
        return ""
    return ends[end]


def reason_of(index: int, value: float, usual: float, end: str = "") -> Reason:
    """The reason that `FEATURES[index]` gives, with its words; `end` names whom it tells of."""
    feature = FEATURES[index]
    words = phrase(feature, value, end)
    if isfinite(usual):
        words = f"{words}; {usually(usual, feature.unit, value)}"
    return Reason(feature.name, float(value), feature.unit, feature.window_s, float(usual), words)


def usually(value: float, unit: str = "", measured: float = nan) -> str:
    """What is usual at most; empty where that is not known.

    Where what was measured reads the same once both are rounded, "about 1; usually ≤ 1" would say that it is usual.
    """
    if not isfinite(value):
        return ""
    if measured > value and amount(measured, unit) == amount(value, unit):
        return "usually less"
    if not unit and value < 0.5:
        return "usually none"
    return f"usually ≤ {amount(value, unit)}"


def together(reasons: tuple[Reason, ...]) -> bool:
    """Whether each by itself is usual, so that only the combination is not."""
    return bool(reasons) and all(reason.value <= reason.usual_high for reason in reasons)


def combination(reasons: tuple[Reason, ...]) -> str:
    """What only together is unusual: "unusual combination of about 3 DNS lookups in 5 s and a packet of 60 bytes"."""
    parts = tuple(reason.words.partition("; usually")[0] for reason in reasons)
    return f"unusual combination of {listed_and(parts)}"


def sentence_of(title: str, reasons: tuple[Reason, ...]) -> str:
    """One line for a flagged row."""
    if not reasons:
        return title
    return f"{title}: {'. '.join(reason.words[:1].upper() + reason.words[1:] for reason in reasons)}"


def _bytes(value: float) -> str:
    power = 0
    while abs(value) >= 1000 and power < len(_BYTE_UNITS) - 1:
        value /= 1000
        power += 1
    number = f"{value:.0f}" if power == 0 or value >= 10 else f"{value:.1f}"
    return f"{number} {_BYTE_UNITS[power]}"


def listed_and(items: tuple[str, ...]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def listed(items: tuple[str, ...], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    if len(items) <= most:
        return ", ".join(items)
    return f"{', '.join(items[:most])} and {len(items) - most:,} more"
