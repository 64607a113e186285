"""A packet's time as a person wants to read it. No Qt here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from trafficdesk.settings import TimeFormat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NANOSECONDS: Final = 1_000_000_000
UNKNOWN_CLOCK: Final = "--:--:--"

SAMPLES: Final = {
    TimeFormat.TIME_OF_DAY: "00:00:00.000000",
    TimeFormat.SINCE_START: "12345.000000",
    TimeFormat.SINCE_PREVIOUS: "12345.000000",
    TimeFormat.UTC: "2026-11-20 00:00:00.000000",
}
"""Texts that set the column's width."""

SPANS: Final = (TimeFormat.SINCE_START, TimeFormat.SINCE_PREVIOUS)
"""Numbers of seconds, which stand at the right."""


def time_texts(
    times_ns: NDArray[np.int64],
    form: TimeFormat = TimeFormat.TIME_OF_DAY,
    *,
    start_ns: int = 0,
    previous_ns: int | None = None,
) -> list[str]:
    """(rows,) texts to the microsecond.

    Parameters
    ----------
    start_ns : when the capture's first packet came, nanoseconds since the Unix epoch.
    previous_ns : time of the row above the first one; None = it is the table's first.
    """
    times = times_ns.tolist()
    if form is TimeFormat.SINCE_START:
        return [_span(time - start_ns) for time in times]
    if form is TimeFormat.SINCE_PREVIOUS:
        before = [times[0] if previous_ns is None else previous_ns, *times] if times else []
        return [_span(time - last) for time, last in zip(times, before, strict=False)]
    return _clock_texts(times, utc=form is TimeFormat.UTC)


def _clock_texts(times: list[int], *, utc: bool) -> list[str]:
    clocks: dict[int, str] = {}
    texts = []
    for time in times:
        second, rest = divmod(time, NANOSECONDS)
        if second not in clocks:
            clocks[second] = _clock(second, utc=utc)
        texts.append(f"{clocks[second]}.{rest // 1_000:06d}")
    return texts


def _span(nanoseconds: int) -> str:
    """Seconds to the microsecond, towards zero as tshark cuts them; rows that are sorted may go back in time."""
    sign = "-" if nanoseconds < 0 else ""
    seconds, rest = divmod(abs(nanoseconds), NANOSECONDS)
    return f"{sign}{seconds}.{rest // 1_000:06d}"


def _clock(second: int, *, utc: bool) -> str:
    try:
        if utc:
            return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")
        return datetime.fromtimestamp(second).astimezone().strftime("%H:%M:%S")
    except (OverflowError, OSError, ValueError):
        # A broken file may claim any year; the platform's clock knows fewer.
        return UNKNOWN_CLOCK
