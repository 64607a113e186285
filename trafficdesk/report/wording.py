"""How a report says times, sizes and numbers, and how it makes text from the network harmless."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from trafficdesk.packets.info import printable


def when(timestamp_ns: int) -> str:
    """UTC, to the second."""
    try:
        return datetime.fromtimestamp(timestamp_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{timestamp_ns} ns"


def day(timestamp_s: int) -> str:
    """UTC."""
    return when(timestamp_s * 1_000_000_000)[:10]


def thousands(number: float) -> str:
    """Whole, with commas."""
    return f"{number:,.0f}"


def size(number: float) -> str:
    """Bytes in SI units, three digits."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(number) < 1000:
            return f"{number:.3g} {unit}" if number < 100 else f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"


def plain(*, html: bool) -> Any:
    """Make a text from the network harmless: control characters visible, Markdown's own characters escaped."""

    def harmless(text: object) -> str:
        visible = printable(str(text).encode("utf-8", "surrogateescape"))
        if html:
            return visible
        escaped = "".join(f"\\{sign}" if sign in "\\`*_[]<>|#!@" else sign for sign in visible)
        # Many readers make links of bare addresses (GitHub Flavored Markdown section 6.9).
        return escaped.replace("://", "\\://").replace("www.", "www\\.")

    return harmless
