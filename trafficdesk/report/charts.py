"""The charts of a report, drawn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.report.drawing import ACCENT, FAINT, INK, LETTER, LINE, RED, WHITE, Box, Drawing, Words
from trafficdesk.report.wording import size, thousands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from trafficdesk.metrics.rates import Series
    from trafficdesk.report.raster import Colour

WIDTH: Final = 960
_COLUMNS: Final = 480
"""Columns drawn at most; each is as high as the busiest bin of its share of the time."""
_LEFT: Final = 72
_RIGHT: Final = 8
_PLOT: Final = 140
_TOP: Final = 14
_ROW: Final = 20
_LONGEST: Final = 28
_CELL: Final = 52


def volume_chart(series: Series) -> Drawing | None:
    """Bytes per second over time, red beneath where packets were flagged; None with fewer than two bins."""
    if series.bins < 2:
        return None
    rate = series.of("bytes") / series.width_s
    columns = min(_COLUMNS, series.bins)
    place = _place(series, columns)
    peaks = np.zeros(columns)
    np.maximum.at(peaks, place, rate)
    flagged = np.zeros(columns)
    if "flagged" in series.names:
        np.add.at(flagged, place, series.of("flagged"))
    drawing = Drawing(WIDTH, _TOP + _PLOT + 34, "Volume over time")
    step, top = (WIDTH - _LEFT - _RIGHT) / columns, max(float(peaks.max()), 1.0)
    for share in (0.0, 0.5, 1.0):
        y = _TOP + _PLOT * (1 - share)
        drawing.boxes.append(Box(_LEFT, y, WIDTH - _LEFT - _RIGHT, 0.5, FAINT))
        drawing.words.append(Words(_LEFT - 8, y - LINE / 2, f"{size(top * share)}/s", anchor="end"))
    for column in np.flatnonzero(peaks):
        height = _PLOT * peaks[column] / top
        drawing.boxes.append(Box(_LEFT + column * step, _TOP + _PLOT - height, step, height, ACCENT))
    for column in np.flatnonzero(flagged):
        drawing.boxes.append(Box(_LEFT + column * step, _TOP + _PLOT + 2, max(step, 1.0), 5, RED))
    begin, end = int(series.starts[0]), int(series.starts[-1]) + series.width_s
    ends = (
        (_LEFT, begin, "start"),
        ((_LEFT + WIDTH) / 2, (begin + end) // 2, "middle"),
        (WIDTH - _RIGHT, end, "end"),
    )
    drawing.words += [Words(x, _TOP + _PLOT + 14, _time(at), anchor=anchor) for x, at, anchor in ends]
    return drawing


def _place(series: Series, columns: int) -> NDArray[np.int64]:
    """(bins,) the column of each bin."""
    place: NDArray[np.int64] = (series.starts - series.starts[0]) // series.width_s * columns // series.bins
    return place


def bar_chart(title: str, rows: Sequence[tuple[str, int, str]]) -> Drawing | None:
    """(name, number, words beside) a bar each; None without rows."""
    if not rows:
        return None
    names = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}~" for name, _, _ in rows]
    left = LETTER * max(map(len, names)) + 16
    right = LETTER * max(len(words) for _, _, words in rows) + 16
    most = max(1, *(number for _, number, _ in rows))
    drawing = Drawing(WIDTH, _ROW * len(rows) + 8, title)
    for index, (name, (_, number, words)) in enumerate(zip(names, rows, strict=True)):
        y = 4 + index * _ROW
        width = (WIDTH - left - right) * number / most
        if number:
            drawing.boxes.append(Box(left, y + 2, max(width, 1.0), _ROW - 6, ACCENT))
        drawing.words.append(Words(left - 8, y + 5, name, INK, "end"))
        drawing.words.append(Words(left + width + 8, y + 5, words))
    return drawing


def protocol_chart(protocols: Sequence[tuple[str, int, int, float]]) -> Drawing | None:
    """(name, packets, bytes, percent of the bytes) as bars by bytes."""
    return bar_chart(
        "Protocols by bytes", [(name, octets, f"{share:.1f} %") for name, _, octets, share in protocols]
    )


def length_chart(lengths: Sequence[tuple[str, int, int]]) -> Drawing | None:
    """(bytes from to, packets, bytes) as bars by packets."""
    return bar_chart(
        "Packet lengths", [(f"{name} bytes", packets, thousands(packets)) for name, packets, _ in lengths]
    )


def heat_map(series: Series) -> Drawing | None:
    """Correlation of the measures; None where fewer than two of them change."""
    r = series.correlation()
    told = np.flatnonzero(np.isfinite(np.diag(r)))
    if len(told) < 2:
        return None
    names = [_short(series.names[index]) for index in told]
    left = LETTER * max(map(len, names)) + 16
    wide = max(_CELL, LETTER * max(map(len, names)) + 8)
    drawing = Drawing(left + wide * len(told) + 8, _ROW + _ROW * len(told) + 8, "Correlation of the measures")
    for row, first in enumerate(told):
        y = _ROW + row * _ROW
        drawing.words.append(Words(left - 8, y + 6, names[row], INK, "end"))
        drawing.words.append(Words(left + wide * (row + 0.5), 6, names[row], INK, "middle"))
        for column, second in enumerate(told):
            value = float(r[first, second])
            x = left + column * wide
            drawing.boxes.append(Box(x, y, wide - 1, _ROW - 1, _heat(value)))
            ink = WHITE if abs(value) > 0.6 else INK
            drawing.words.append(Words(x + wide / 2, y + 6, f"{value:.2f}", ink, "middle"))
    return drawing


def _heat(value: float) -> Colour:
    """Blue together, red against each other, white independent."""
    strong = ACCENT if value >= 0 else RED
    red, green, blue = (round(255 + (part - 255) * abs(value)) for part in strong)
    return red, green, blue


def _short(name: str) -> str:
    return name if len(name) <= 14 else f"{name[:13]}~"


def _time(at_s: int) -> str:
    try:
        return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError, OSError):
        return str(at_s)
