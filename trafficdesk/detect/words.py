"""Numbers and reasons as a person reads them."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from trafficdesk.detect.finding import Reason
from trafficdesk.features import FEATURES

if TYPE_CHECKING:
    from trafficdesk.features import Feature

_BYTE_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def amount(value: float, unit: str = "") -> str:
    """A value with its unit, rounded to what can be believed."""
    if unit == "bytes":
        return _bytes(value)
    if unit == "s":
        return seconds(value)
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


def phrase(feature: Feature, value: float) -> str:
    """What the feature says: "about 212 ports tried on one host in 60 s"."""
    said = amount(value, feature.unit)
    text = feature.words.format(f"about {said}" if feature.window_s else said, s="" if said == "1" else "s")
    return f"{text} in {seconds(feature.window_s)}" if feature.window_s else text


def reason_of(index: int, value: float, usual: float) -> Reason:
    """The reason that `FEATURES[index]` gives, with its words."""
    feature = FEATURES[index]
    words = phrase(feature, value)
    if isfinite(usual):
        words = f"{words}; {usually(usual, feature.unit)}"
    return Reason(feature.name, float(value), feature.unit, feature.window_s, float(usual), words)


def usually(value: float, unit: str = "") -> str:
    """What is usual at most."""
    if not unit and value < 0.5:
        return "usually none"
    return f"usually ≤ {amount(value, unit)}"


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


def listed(items: tuple[str, ...], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    if len(items) <= most:
        return ", ".join(items)
    return f"{', '.join(items[:most])} and {len(items) - most:,} more"
