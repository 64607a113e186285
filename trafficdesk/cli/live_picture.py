"""The picture that `monitor` draws in a terminal: volume, protocols, incidents and how it stands, as lines that fit.

Text from the network goes through `visible`; what is drawn is no wider than asked for, wide characters counted as two
columns (Unicode Standard Annex 11).
"""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.capture.loss import lost_by_place
from trafficdesk.cli.terminal import size, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from trafficdesk.cli.standing import Standing
    from trafficdesk.detect.finding import Incident
    from trafficdesk.metrics import MetricsSnapshot

BLOCKS: Final = " ▁▂▃▄▅▆▇█"
"""From nothing to full, nine of them."""
PLAIN_BLOCKS: Final = " .:-=+*#@"
SPAN_S: Final = 300
"""What the volume shows, at least."""
RATE_S: Final = 3
"""The rate is the mean of so many whole seconds."""
_PROTOCOLS: Final = 6
_INCIDENTS: Final = 6
_BAR: Final = 24
_GRAVE, _SERIOUS = 80, 50
"""Severities from which an incident is red, or yellow."""
_BOLD, _DIM, _RED, _GREEN, _YELLOW, _CYAN = "1", "2", "31", "32", "33", "36"


Piece = tuple[str, str]
"""Text and its SGR code (ECMA-48); empty = none."""


def picture(
    standing: Standing, shares: list[tuple[str, int]], title: str, *, screen: tuple[int, int], blocks: str
) -> list[list[Piece]]:
    """Lines that fit; what matters most is left where there is little room.

    Parameters
    ----------
    shares : (name, bytes) of each protocol of late, most first.
    screen : columns and lines at most.
    blocks : `BLOCKS` or `PLAIN_BLOCKS`.
    """
    width, height = screen
    metrics = standing.session.metrics.snapshot()
    state = list(_state(standing, metrics))
    volume = list(_volume(metrics, standing.now_ns, width, blocks))
    room = height - 1 - len(state) - len(volume)
    incidents = list(_incidents(standing, max(min(room - 1, _INCIDENTS), 0)))
    room -= len(incidents)
    protocols = list(_protocols(shares, blocks))[: max(room, 0)]
    lines = [[(title, _DIM)], *volume, *protocols, *incidents, *state]
    if len(lines) > height:
        lines = [*volume[:1], *state][: max(height, 1)]
    return [fitted(line, width) for line in lines]


def rates(metrics: MetricsSnapshot, now_ns: int) -> tuple[float, float]:
    """Packets/s and bytes/s of the last whole seconds."""
    now_s = now_ns // 1_000_000_000
    recent = (metrics.seconds >= now_s - RATE_S) & (metrics.seconds < now_s) & (metrics.widths == 1)
    packets, octets = (
        values[recent].sum() / RATE_S for values in (metrics.packets_per_s, metrics.bytes_per_s)
    )
    return float(packets), float(octets)


def fitted(line: list[Piece], width: int) -> list[Piece]:
    """The line cut at `width` columns."""
    out = []
    for text, code in line:
        short = cut(text, width)
        width -= columns(short)
        out.append((short, code))
    return out


def painted(line: list[Piece], *, colour: bool) -> str:
    """The line as a terminal gets it."""
    return "".join(f"\x1b[{code}m{text}\x1b[0m" if code and colour and text else text for text, code in line)


def columns(text: str) -> int:
    """Columns that a terminal takes to show printable text."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def cut(text: str, width: int) -> str:
    """The longest beginning of `text` that takes at most `width` columns; one that is cut ends in an ellipsis."""
    if columns(text) <= width:
        return text
    kept, left = [], width - 1
    for character in text:
        left -= _columns_of(character)
        if left < 0:
            break
        kept.append(character)
    return "".join(kept) + "…" if width > 0 else ""


def clock(time_ns: int) -> str:
    """Local time of day."""
    try:
        return datetime.fromtimestamp(time_ns / 1e9, UTC).astimezone().strftime("%H:%M:%S")
    except (OverflowError, ValueError, OSError):  # the capture may claim any time
        return "--:--:--"


def learning(standing: Standing) -> str:
    """How far learning is, then which model is in force."""
    model = standing.session.model
    return f"learning: {model.learning_words}" if model.learning else f"model {model.model_id}"


def by_column(metrics: MetricsSnapshot, now_ns: int, wanted: int) -> tuple[NDArray[np.float64], int]:
    """(wanted,) mean bytes/s of steps that end now, oldest first, and the seconds of each.

    Steps begin at whole multiples, so that a bar stays what it is while time goes on.
    """
    step = -(-SPAN_S // wanted)
    now_s = now_ns // 1_000_000_000
    first = now_s // step - wanted + 1
    index = metrics.seconds // step - first
    shown = (index >= 0) & (index < wanted) & (metrics.widths == 1)
    sums = np.bincount(index[shown], weights=metrics.bytes_per_s[shown], minlength=wanted)
    seconds = np.full(wanted, float(step))
    seconds[-1] = now_s % step + 1
    return sums / seconds, step


def _volume(metrics: MetricsSnapshot, now_ns: int, width: int, blocks: str) -> Iterator[list[Piece]]:
    packets, octets = rates(metrics, now_ns)
    said = f"  {size(octets)}/s, {packets:,.0f} packets/s"
    wanted = max(width - columns(said) - 2, 10)
    bars, step = by_column(metrics, now_ns, min(wanted, SPAN_S))
    highest = float(bars.max())
    levels = np.ceil(16 * bars / max(highest, 1e-9)).astype(int)  # what is not nothing is seen
    for row, label in ((1, f"  peak {size(highest)}/s"), (0, said)):
        shown = "".join(blocks[min(max(level - 8 * row, 0), 8)] for level in levels.tolist())
        yield [(shown, _CYAN), (label, "" if row == 0 else _DIM)]
    ago = f"{len(bars) * step / 60:.0f} min ago"
    yield [(f"{ago}{'now':>{max(len(bars) - len(ago), 4)}}", _DIM)]


def _protocols(shares: list[tuple[str, int]], blocks: str) -> Iterator[list[Piece]]:
    shown = shares[:_PROTOCOLS]
    wide = max((columns(name) for name, _ in shown), default=0)
    every = max(1, sum(octets for _, octets in shares))
    for name, octets in shown:
        share = octets / every
        whole, part = divmod(math.ceil(share * _BAR * 8), 8)
        bar = blocks[-1] * whole + (_left_block(part, blocks) if part else "")
        name = visible(name)  # noqa: PLW2901
        yield [
            (name + " " * (wide - columns(name) + 1), ""),
            (bar + " " * (_BAR + 1 - len(bar)), _GREEN),
            (f"{100 * share:5.1f} %  {size(octets)}", ""),
        ]


def _incidents(standing: Standing, most: int) -> Iterator[list[Piece]]:
    every = standing.session.incidents
    if not every or not most:
        return
    going = standing.going
    yield [(f"{len(going):,} going on, {len(every):,} since the start:", _BOLD)]
    for incident in (going or every[::-1])[:most]:
        yield _incident(incident, is_going=incident in going)


def _incident(incident: Incident, *, is_going: bool) -> list[Piece]:
    grave = _RED if incident.severity >= _GRAVE else _YELLOW if incident.severity >= _SERIOUS else ""
    mark = "*" if is_going else " "
    return [
        (f"{mark} {clock(incident.start_ns)} ", ""),
        (f"{incident.severity:>3} {incident.family}", grave),
        (f"  {visible(incident.sentence)}", "" if is_going else _DIM),
    ]


def _state(standing: Standing, metrics: MetricsSnapshot) -> Iterator[list[Piece]]:
    """How it stands; what is not as it should be is red."""
    if standing.waiting_for:
        yield [(f"waiting for {visible(standing.waiting_for)}", _RED)]
    lost, store = lost_by_place(standing.lost), standing.store
    pieces: list[Piece] = [
        (f"{metrics.packets:,} packets, {size(metrics.bytes)}", ""),
        (f"dropped {lost}", _RED) if lost else ("none dropped", ""),
        (standing.session.coverage.words or f"{standing.session.scored:,} scored", ""),
    ]
    yield _joined(pieces)
    more: list[Piece] = [(learning(standing), "")]
    if store is not None:
        behind = f"history {store.lag_s:,.0f} s behind"
        more.append((store.words[:1].lower() + store.words[1:], _RED) if store.words else (behind, ""))
    if standing.mails is not None:
        waiting = "1 alert waits" if standing.mails == 1 else f"{standing.mails:,} alerts wait"
        more.append((waiting, _YELLOW if standing.mails else ""))
    if standing.memory:
        more.append((f"{size(standing.memory)} + {size(standing.analysis_memory)} memory", ""))
    yield _joined(more)


def _joined(pieces: list[Piece]) -> list[Piece]:
    out = [pieces[0]]
    for piece in pieces[1:]:
        out += [(", ", ""), piece]
    return out


def _left_block(eighths: int, blocks: str) -> str:
    """Unicode's LEFT BLOCKs go from an eighth, U+258F, down to seven, U+2589."""
    return chr(0x2590 - eighths) if blocks == BLOCKS else ("" if eighths < 4 else blocks[-1])


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
