"""The small picture in a mail: volume over time, the incident's span marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.packets.log import FLAGGED
from trafficdesk.report.drawing import ACCENT, FAINT, INK, LINE, RED, Box, Drawing, Words
from trafficdesk.report.wording import size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Incident
    from trafficdesk.packets.log import PacketLog

WIDTH: Final = 560
_PLOT: Final = 110
_TOP: Final = 18
_LEFT: Final = 64
_RIGHT: Final = 8
_BINS: Final = 120
_AROUND_S: Final = 60
"""Shown before and after the incident at least, as far as there were packets."""
_LONGEST_S: Final = 86_400
_SPAN: Final = (254, 226, 226)
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class _Volume:
    """Packets of the time around an incident."""

    start_s: int
    width_s: int
    octets: NDArray[np.float64]
    """(bins,) bytes."""
    flagged: NDArray[np.float64]
    """(bins,) flagged packets."""

    @property
    def end_s(self) -> int:
        return self.start_s + self.width_s * len(self.octets)


def volume_picture(log: PacketLog, incident: Incident) -> Drawing | None:
    """Bytes per second around the incident, of all traffic; None where there is nothing to show.

    Parameters
    ----------
    log : does not change meanwhile.
    """
    volume = _volume(log, incident)
    if volume is None:
        return None
    told = f"Volume over time, {_day(volume.start_s)} {_clock(volume.start_s)} to {_clock(volume.end_s)} UTC"
    drawing = Drawing(WIDTH, _TOP + _PLOT + 34, f"{told}; the incident's span is shaded red")
    step, rates = (WIDTH - _LEFT - _RIGHT) / len(volume.octets), volume.octets / volume.width_s
    top = max(float(rates.max()), 1.0)
    _mark(drawing, volume, incident)
    for share in (0.0, 0.5, 1.0):
        y = _TOP + _PLOT * (1 - share)
        drawing.boxes.append(Box(_LEFT, y, WIDTH - _LEFT - _RIGHT, 0.5, FAINT))
        drawing.words.append(Words(_LEFT - 8, y - LINE / 2, f"{size(top * share)}/s", anchor="end"))
    for column in np.flatnonzero(rates).tolist():
        height = _PLOT * float(rates[column]) / top
        drawing.boxes.append(Box(_LEFT + column * step, _TOP + _PLOT - height, step, height, ACCENT))
    for column in np.flatnonzero(volume.flagged).tolist():
        drawing.boxes.append(Box(_LEFT + column * step, _TOP + _PLOT + 2, max(step, 1.0), 5, RED))
    y = _TOP + _PLOT + 14
    drawing.words += [
        Words(_LEFT, 2, "Volume over time (UTC); shaded: this incident; below: flagged packets", INK),
        Words(_LEFT, y, f"{_day(volume.start_s)} {_clock(volume.start_s)}"),
        Words(WIDTH - _RIGHT, y, _clock(volume.end_s), anchor="end"),
    ]
    return drawing


def _mark(drawing: Drawing, volume: _Volume, incident: Incident) -> None:
    """Shade the incident's span, two units wide at least."""
    scale = (WIDTH - _LEFT - _RIGHT) / (volume.end_s - volume.start_s)
    begin = min(max(incident.start_ns / _NS - volume.start_s, 0.0), float(volume.end_s - volume.start_s))
    end = min(max(incident.end_ns / _NS - volume.start_s, begin), float(volume.end_s - volume.start_s))
    width = max((end - begin) * scale, 2.0)
    drawing.boxes.append(Box(_LEFT + begin * scale, _TOP, width, _PLOT, _SPAN))


def _volume(log: PacketLog, incident: Incident) -> _Volume | None:
    begin, end = incident.start_ns // _NS, max(incident.end_ns, incident.start_ns) // _NS
    around = min(max(_AROUND_S, end - begin), _LONGEST_S)
    first, last = _bounds(log, begin - around, end + around)
    if last < first:
        return None
    width = max(1, -(-(last - first + 1) // _BINS))
    bins = (last - first) // width + 1
    octets, flagged = np.zeros(bins), np.zeros(bins)
    at = log.first_id
    for batch in log.batches():
        ids = np.arange(at, at + len(batch), dtype=np.int64)
        at += len(batch)
        seconds = batch["timestamp_ns"] // _NS
        rows = np.flatnonzero((seconds >= first) & (seconds <= last))
        if not len(rows):
            continue
        place = (seconds[rows] - first) // width
        octets += np.bincount(place, batch["length"][rows], bins)
        lit = (log.column("verdict", ids[rows]) & FLAGGED) != 0
        flagged += np.bincount(place[lit], minlength=bins)
    return _Volume(first, width, octets, flagged)


def _bounds(log: PacketLog, first: int, last: int) -> tuple[int, int]:
    """Seconds of the first and the last packet between `first` and `last`."""
    low, high = last + 1, first - 1
    for batch in log.batches():
        seconds = batch["timestamp_ns"] // _NS
        inside = seconds[(seconds >= first) & (seconds <= last)]
        if len(inside):
            low, high = min(low, int(inside.min())), max(high, int(inside.max()))
    return low, high


def _clock(at_s: int) -> str:
    return _said(at_s, "%H:%M:%S")


def _day(at_s: int) -> str:
    return _said(at_s, "%Y-%m-%d")


def _said(at_s: int, form: str) -> str:
    try:
        return datetime.fromtimestamp(at_s, UTC).strftime(form)
    except (OverflowError, ValueError, OSError):  # a capture may claim any time
        return str(at_s)
