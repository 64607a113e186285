"""What `monitor` shows while it runs: a picture redrawn in place in a terminal, plain lines in a pipe.

Above the picture stays what was said: incidents as they open, interruptions, what went wrong.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final, TextIO

from trafficdesk.capture.loss import lost_by_place
from trafficdesk.cli.exit_codes import complain
from trafficdesk.cli.going_incidents import Turn
from trafficdesk.cli.live_picture import (
    BLOCKS,
    PLAIN_BLOCKS,
    clock,
    columns,
    learning,
    painted,
    picture,
    rates,
)
from trafficdesk.cli.recent_shares import RecentShares
from trafficdesk.cli.terminal import size, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trafficdesk.capture.source import Gap
    from trafficdesk.cli.reloaded import Reloaded
    from trafficdesk.cli.standing import Standing
    from trafficdesk.detect.finding import Incident
    from trafficdesk.errors import TrafficDeskError

_REDRAW_S: Final = 0.5
_REPORT_S: Final = 30.0
"""A pipe gets a line this often."""
_LOWEST: Final = 5
"""Lines of the screen that the picture leaves to what is said."""
_MOST_LINES: Final = 22
_USUAL: Final = os.terminal_size((80, 24))
_UP_AND_CLEAR: Final = "\x1b[{}A\r\x1b[J"


class LiveView:
    """A `Teller` for a person; `show` is only wanted when its time has come.

    Parameters
    ----------
    interface : name shown.
    out : where it is shown.
    now_s : of the clock that `show` is called with.
    plain : lines only, though it is a terminal.
    """

    def __init__(self, interface: str, out: TextIO, now_s: float, *, plain: bool = False) -> None:
        self._out = out
        understands = os.environ.get("TERM") != "dumb" and _understands_escapes()
        self._is_terminal = out.isatty() and understands and not plain
        self._blocks = BLOCKS if (out.encoding or "").lower().startswith("utf") else PLAIN_BLOCKS
        self._colour = not os.environ.get("NO_COLOR")
        self._interface = visible(interface)
        self._shares = RecentShares()
        self._drawn: list[int] = []
        """Columns of each line of the picture."""
        self._screen = _USUAL
        self._began = now_s
        self._next = now_s + (_REDRAW_S if self._is_terminal else _REPORT_S)
        self._tell([f"Monitoring {self._interface}; Ctrl-C ends it."])

    def incidents(self, turns: Iterable[tuple[Turn, Incident]]) -> None:
        """Tell each incident once, when it opens."""
        self._tell(
            f"! {clock(incident.start_ns)} [{incident.family}, severity {incident.severity}] {visible(incident.sentence)}"
            for turn, incident in turns
            if turn is Turn.OPENED
        )

    def gaps(self, changed: Iterable[Gap]) -> None:
        """Tell when an interface was lost, and when it is back."""
        self._tell(map(_gap_words, changed))

    def say(self, words: str) -> None:
        """Tell something that stays."""
        self._tell([f"! {visible(words)}"])

    def warn(self, error: TrafficDeskError) -> None:
        """Cause and remedy on standard error."""
        self._erase()
        complain(error)

    def reloaded(self, reloaded: Reloaded) -> None:
        """What holds now, and what could not be used."""
        self._tell([f"! {visible(words)}" for words in (*reloaded.warnings, reloaded.words)])

    def is_due(self, now_s: float) -> bool:
        """Whether it is time, or the terminal has another size."""
        return now_s >= self._next or (self._is_terminal and self._screen != self._size())

    def show(self, standing: Standing, now_s: float) -> None:
        """Draw the state."""
        self._next = now_s + (_REDRAW_S if self._is_terminal else _REPORT_S)
        if not self._is_terminal:
            self._tell([" | ".join(_report(standing))])
            return
        erased = self._erasing()
        self._screen = self._size()
        width, height = self._screen.columns - 1, self._screen.lines
        title = f"TrafficDesk on {self._interface} for {_span(now_s - self._began)}"
        room = min(max(height - _LOWEST, 2), _MOST_LINES)
        shares = self._shares.of(standing.session.metrics.snapshot(), now_s)
        lines = picture(standing, shares, title, screen=(width, room), blocks=self._blocks)
        self._drawn = [sum(columns(text) for text, _ in line) for line in lines]
        self._put("".join([erased, *(f"{painted(line, colour=self._colour)}\n" for line in lines)]))

    def ended(self, reason: str, _standing: Standing) -> None:
        """Clear the picture; tell which limit ended the capture."""
        self._tell([f"Ended: {reason}."] if reason else [])

    def _tell(self, lines: Iterable[str]) -> None:
        """Lines that stay; the picture is drawn anew below them."""
        self._erase()
        self._put("".join(f"{line}\n" for line in lines))

    def _erase(self) -> None:
        if self._drawn:
            self._next = 0.0  # what was taken away is drawn anew at once
            self._put(self._erasing())

    def _put(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except OSError as error:
            # A terminal that was closed; the signal that says so is on its way. A pipe's end is its reader's wish.
            if error.errno != errno.EIO:
                raise

    def _erasing(self) -> str:
        """What takes the picture away; a terminal that became narrower has wrapped its lines."""
        drawn, self._drawn = self._drawn, []
        width = self._size().columns
        rows = sum(max(-(-line // width), 1) for line in drawn)
        return _UP_AND_CLEAR.format(rows) if rows else ""

    def _size(self) -> os.terminal_size:
        try:
            found = os.get_terminal_size(self._out.fileno())
        except (OSError, ValueError):
            return _USUAL
        return found if found.columns and found.lines else _USUAL


def _report(standing: Standing) -> Iterator[str]:
    """One line for a pipe, in parts."""
    metrics, session = standing.session.metrics.snapshot(), standing.session
    packets, octets = rates(metrics, standing.now_ns)
    lost = lost_by_place(standing.lost)
    dropped = f", dropped {lost}" if lost else ""
    yield f"{metrics.packets:,} packets, {packets:,.0f}/s, {size(octets)}/s{dropped}"
    yield "  ".join(
        f"{visible(name)} {100 * share / max(1, metrics.bytes):.0f} %"
        for name, _, share in metrics.protocols[:6]
    )
    scored = session.coverage.words or f"{session.scored:,} scored"
    yield f"{learning(standing)}, {scored}, {session.flagged:,} flagged, {len(session.incidents)} incidents"
    if standing.waiting_for:
        yield f"waiting for {visible(standing.waiting_for)}"
    if standing.store is not None and standing.store.words:
        yield standing.store.words
    if standing.mails:
        yield f"{standing.mails:,} alerts wait"


def _gap_words(gap: Gap) -> str:
    if gap.end_ns is None:
        return f"~ {clock(gap.start_ns)} {visible(gap.reason)}; waiting for it"
    lasted = (gap.end_ns - gap.start_ns) / 1e9
    return (
        f"~ {clock(gap.end_ns)} capturing on {visible(gap.interface)} again after {lasted:,.1f} s: "
        f"{visible(gap.reason)}"
    )


def _span(seconds: float) -> str:
    minutes, hours, days = int(seconds // 60), int(seconds // 3_600), int(seconds // 86_400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {int(seconds) % 60} s" if minutes else f"{int(seconds)} s"


def _understands_escapes() -> bool:
    """Windows' old console does not; its new terminal says so."""
    return os.name != "nt" or "WT_SESSION" in os.environ
