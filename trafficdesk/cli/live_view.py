"""What `monitor` shows while it runs: a few lines redrawn in a terminal, plain lines in a pipe."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final, TextIO

from trafficdesk.capture.loss import lost_by_place
from trafficdesk.cli.terminal import size, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trafficdesk.capture.source import CaptureStatistics, Gap
    from trafficdesk.detect.finding import Incident
    from trafficdesk.metrics import MetricsSnapshot
    from trafficdesk.session import AnalysisSession

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_PLAIN_BLOCKS: Final = " .:-=+*#@"
_SPARK: Final = 40
_REDRAW_S: Final = 0.5
_REPORT_S: Final = 30.0
"""A pipe gets a line this often."""


class LiveView:
    """The view; `redraw` is cheap until its time has come."""

    def __init__(self, interface: str, out: TextIO, now: float) -> None:
        self._out = out
        self._is_terminal = out.isatty() and os.environ.get("TERM") != "dumb" and _understands_escapes()
        self._blocks = _BLOCKS if (out.encoding or "").lower().startswith("utf") else _PLAIN_BLOCKS
        self._drawn = 0
        self._next = now + (_REDRAW_S if self._is_terminal else _REPORT_S)
        self._announced = 0
        self._say(f"Monitoring {visible(interface)}; Ctrl-C ends it.")
        self._out.flush()

    def incidents(self, changed: Iterable[Incident]) -> None:
        """Tell each incident once, when it opens."""
        for incident in changed:
            if incident.id <= self._announced:
                continue
            self._announced = incident.id
            self._erase()
            self._say(
                f"! {_clock(incident.start_ns)} [{incident.family}, severity {incident.severity}] {visible(incident.sentence)}"
            )
            self._out.flush()

    def gaps(self, changed: Iterable[Gap]) -> None:
        """Tell when an interface was lost, and when it is back."""
        for gap in changed:
            self._erase()
            if gap.end_ns is None:
                self._say(f"~ {_clock(gap.start_ns)} {visible(gap.reason)}; waiting for it")
            else:
                lasted = (gap.end_ns - gap.start_ns) / 1e9
                self._say(
                    f"~ {_clock(gap.end_ns)} capturing on {visible(gap.interface)} again after {lasted:,.1f} s: "
                    f"{visible(gap.reason)}"
                )
            self._out.flush()

    def ended(self, reason: str) -> None:
        """Tell which limit ended the capture."""
        self._say(f"Ended: {reason}.")
        self._out.flush()

    def say(self, line: str) -> None:
        """Tell something that stays."""
        self._erase()
        self._say(f"! {visible(line)}")
        self._out.flush()

    def redraw(self, session: AnalysisSession, lost: CaptureStatistics, now: float) -> None:
        """Draw the state, when it is time."""
        if now < self._next:
            return
        self._next = now + (_REDRAW_S if self._is_terminal else _REPORT_S)
        self._erase()
        lines = list(self._lines(session, session.metrics.snapshot(), lost))
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            for line in lines:
                self._say(line[:width])
            self._drawn = len(lines)
        else:
            self._say(" | ".join(lines))
        self._out.flush()

    def close(self) -> None:
        """Clear the live lines; what is said next stays."""
        self._erase()

    def _lines(
        self, session: AnalysisSession, metrics: MetricsSnapshot, lost: CaptureStatistics
    ) -> Iterable[str]:
        recent = metrics.bytes_per_s[-_SPARK:]
        rate = float(recent[-2] if len(recent) > 1 else recent.sum())  # the newest second is not over yet
        spark = "".join(self._blocks[min(8, round(8 * value / max(1, recent.max())))] for value in recent)
        packets = int(metrics.packets_per_s[-2]) if len(metrics.packets_per_s) > 1 else metrics.packets
        places = lost_by_place(lost)
        dropped = f", dropped {places}" if places else ""
        if self._is_terminal:
            yield f"{spark:>{_SPARK}} {size(rate)}/s"
        yield f"{metrics.packets:,} packets, {packets:,}/s, {size(rate)}/s{dropped}"
        yield "  ".join(
            f"{name} {100 * octets / max(1, metrics.bytes):.0f} %"
            for name, _, octets in metrics.protocols[:6]
        )
        model = session.model
        learning = f"learning: {model.learning_words}" if model.learning else f"model {model.model_id}"
        scored = session.coverage.words or f"{session.scored:,} scored"
        yield f"{learning}, {scored}, {session.flagged:,} flagged, {len(session.incidents)} incidents"

    def _say(self, line: str) -> None:
        self._out.write(f"{line}\n")

    def _erase(self) -> None:
        if self._drawn:
            self._out.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0


def _understands_escapes() -> bool:
    """Windows' old console does not; its new terminal says so."""
    return os.name != "nt" or "WT_SESSION" in os.environ


def _clock(time_ns: int) -> str:
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(time_ns / 1e9, UTC).astimezone().strftime("%H:%M:%S")
    except (OverflowError, ValueError, OSError):  # the capture may claim any time
        return "--:--:--"
