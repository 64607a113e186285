"""`SteadySource`: a live source that outlives its interface: unplugged, renamed, removed and back, asleep and awake.

What happened to the interface is read from `LinkWatch` (Linux) or from the source's own fault, sleep from
`SleepWatch`. While nothing can be captured it waits and tries again; each such span becomes a `Gap`.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.sleep_watch import SleepWatch
from trafficdesk.capture.source import CaptureStatistics, Gap, Refilterable, Resumable, added
from trafficdesk.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.capture.link_watch import Link, LinkWatch
    from trafficdesk.capture.source import LiveSource
    from trafficdesk.packets.block import FrameBlock

_log = logging.getLogger(__name__)

FIRST_TRY_S: Final = 0.2
LAST_TRY_S: Final = 10.0
"""Bounds of the back-off, which doubles."""
LOOK_S: Final = 0.25
"""How often the link is looked at."""
MAX_GAPS: Final = 1_000
"""The oldest are forgotten: an interface that flaps all day must not eat the memory."""
_PATIENCE_S: Final = 0.05
"""While waiting for the interface: how long a request to stop may go unseen."""
_LATE_NS: Final = 1_000_000_000
"""Frames no later than this after a gap was noticed may be from before it."""
_STABLE_S: Final = 5.0
"""A source that broke off sooner after coming back is tried ever more rarely."""
_AGAIN, _BROKEN_OFF = "starting again", "broken off"
_TRIED: Final = frozenset({_AGAIN, _BROKEN_OFF})
"""Troubles that only trying ends; the others end when the link says so."""
_REMOVED, _SWITCHED_OFF = "removed", "switched off"
_AWAY: Final = frozenset({_REMOVED, _SWITCHED_OFF})
"""Troubles in which trying is in vain."""


class SteadySource:
    """One interface, captured on whenever that is possible; see `LiveSource` and `Enduring`.

    Parameters
    ----------
    interface : its name.
    open_source : opens a source on the interface of a name; its errors at the first time are raised to the caller,
        later ones are waited out.
    watch : the link, closed with the source; None = only the source's faults tell.
    sleep : asked at each reading.
    monotonic, wall_ns : seconds, and nanoseconds since the Unix epoch.
    """

    def __init__(
        self,
        interface: str,
        open_source: Callable[[str], LiveSource],
        watch: LinkWatch | None = None,
        *,
        sleep: SleepWatch | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._open = open_source
        self._source: LiveSource | None = None
        try:
            self._source = open_source(interface)
        except BaseException:
            if watch is not None:
                watch.close()
            raise
        self._name = interface
        self._watch = watch
        self._sleep = sleep or SleepWatch()
        self._monotonic, self._wall_ns = monotonic, wall_ns
        self._former = CaptureStatistics()
        self._broken = self._closed = False
        self._back_at = -_STABLE_S
        self._gaps: tuple[Gap, ...] = ()
        self._trouble = ""
        self._seen_ns = wall_ns()
        self._newest_ns = 0
        self._look_at = 0.0
        self._try_at = 0.0
        self._pause_s = FIRST_TRY_S

    @property
    def name(self) -> str:
        """The interface's present name."""
        return self._name

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Names by number."""
        if self._source is not None and len(self._source.interfaces) > 1:
            return self._source.interfaces
        return (self._name,)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Spans in which nothing could be captured, oldest first; the last may last."""
        return self._gaps

    @property
    def waiting(self) -> str:
        """What is waited for, as "eth0: unplugged, next try in 4 s"; empty while frames can come."""
        if not self._trouble:
            return ""
        left = self._try_at - self._monotonic()
        soon = f", next try in {left:.0f} s" if self._broken and left >= 1 else ""
        return f"{self._name}: {self._trouble}{soon}"

    def read(self, timeout_s: float) -> FrameBlock | None:
        """Wait up to `timeout_s` for frames; None where none came, also while the interface is away."""
        if self._closed:
            raise CaptureError(f"The capture on {self._name} has been closed.")
        self._look_if_due()
        if self._broken and not self._came_back():
            self._notice_sleep(None)
            time.sleep(min(timeout_s, _PATIENCE_S))
            return None
        assert self._source is not None
        try:
            block = self._source.read(timeout_s)
        except CaptureError as error:
            self._notice_sleep(None)
            self._break_off(error)
            return None
        self._notice_sleep(block)
        if block is not None:
            self._note_frames(block)
        return block

    def refilter(self, expression: str) -> None:
        """See `Refilterable`; whoever opens the source anew must know of it, too."""
        source: object = self._source
        if not isinstance(source, Refilterable):
            raise CaptureError(
                f"The capture filter of {self._name} can't be changed while it is captured on."
            )
        source.refilter(expression)

    def statistics(self) -> CaptureStatistics:
        """Counters since the capture began, over all sources it had."""
        return added(self._former, self._source.statistics()) if self._source else self._former

    def close(self) -> None:
        """Give the interface back; may be called twice."""
        self._closed = True
        self._let_go()
        if self._watch is not None:
            self._watch.close()

    def _notice_sleep(self, block: FrameBlock | None) -> None:
        pause = self._sleep.pause()
        if pause is None:
            return
        start_ns, end_ns = pause.start_ns, pause.end_ns
        if block is not None:
            # What was read on waking may be from before and from after.
            times, middle = block.timestamps_ns, (start_ns + end_ns) // 2
            start_ns = max([start_ns, *times[times < middle][-1:].tolist()])
            end_ns = min([end_ns, *times[times >= middle][:1].tolist()])
        self._begin_gap(pause.reason, start_ns)
        if self._watch is not None:
            # The link is often lost in sleep: then the gap goes on.
            self._take_in(self._watch.look())
        if not self._trouble:
            self._end_gap(end_ns)

    def _look_if_due(self) -> None:
        now = self._monotonic()
        if self._watch is not None and now >= self._look_at:
            self._look_at = now + LOOK_S
            self._take_in(self._watch.look())

    def _take_in(self, link: Link | None) -> None:
        """What the link's state means for us."""
        if link is not None and link.name != self._name:
            _log.info("%s is called %s now", self._name, link.name)
            self._name = link.name
        trouble, reason = _troubles(link, self._name)
        if not trouble:
            if not self._broken and self._trouble:
                self._end_gap(self._wall_ns())
            elif self._broken and self._trouble not in _TRIED:
                # It is there again: try at once.
                self._trouble, self._try_at, self._pause_s = _AGAIN, 0.0, FIRST_TRY_S
            self._seen_ns = self._wall_ns()
        elif trouble != self._trouble:
            self._begin_gap(reason, self._seen_ns)
            self._trouble, self._try_at = trouble, 0.0

    def _break_off(self, error: CaptureError) -> None:
        _log.info("%s", error.title)
        self._broken = True
        now = self._monotonic()
        lasted = now - self._back_at >= _STABLE_S
        self._pause_s = FIRST_TRY_S if lasted else min(2 * self._pause_s, LAST_TRY_S)
        self._try_at = now + self._pause_s
        trouble, reason = _troubles(self._watch.look(), self._name) if self._watch else ("", "")
        self._begin_gap(reason or f"the capture on {self._name} broke off", self._seen_ns)
        self._trouble = trouble or _BROKEN_OFF

    def _came_back(self) -> bool:
        """Try again if it is time; whether frames can come."""
        now = self._monotonic()
        if self._trouble in _AWAY or now < self._try_at:
            return False
        try:
            self._resume_or_reopen()
        except CaptureError as error:
            _log.info("%s can't be captured on yet: %s", self._name, error.title)
            self._pause_s = min(2 * self._pause_s, LAST_TRY_S)
            self._try_at = self._monotonic() + self._pause_s
            if self._watch is None:
                self._trouble = error.title.rstrip(".")
            return False
        _log.info("capturing on %s again", self._name)
        self._broken = False
        self._back_at = now
        # One without a cable can be listened on, but its gap goes on.
        self._trouble = _troubles(self._watch.look(), self._name)[0] if self._watch else ""
        if not self._trouble:
            self._end_gap(self._wall_ns())
        return True

    def _resume_or_reopen(self) -> None:
        """Go on with the same source, which needs no new permission, else with a new one."""
        source: object = self._source
        if isinstance(source, Resumable):
            try:
                source.resume(self._name)
            except CaptureError as error:
                _log.info("opening %s anew: %s", self._name, error.title)
            else:
                return
        self._let_go()
        self._source = self._open(self._name)

    def _let_go(self) -> None:
        if self._source is not None:
            source, self._source = self._source, None
            source.close()
            self._former = added(self._former, source.statistics())

    def _note_frames(self, block: FrameBlock) -> None:
        newest = int(block.timestamps_ns.max())
        self._newest_ns = max(self._newest_ns, newest)
        gap = self._gaps[-1] if self._gaps else None
        if gap is None or gap.end_ns is not None or newest <= gap.start_ns:
            return
        if self._watch is not None and _troubles(self._watch.look(), self._name)[0]:
            # The last frames from before, which the kernel hands over a little later; what comes much later is said
            # by this computer itself into a cable that is not plugged in yet.
            if newest - gap.start_ns <= _LATE_NS:
                self._gaps = (*self._gaps[:-1], replace(gap, start_ns=newest))
        else:
            # Frames are there before the link was looked at again: it is back since the first of them.
            later = block.timestamps_ns[block.timestamps_ns > gap.start_ns]
            self._end_gap(int(later.min()))

    def _begin_gap(self, reason: str, start_ns: int) -> None:
        """Note it, unless one lasts already: what came first is the reason."""
        if self._gaps and self._gaps[-1].end_ns is None:
            return
        before = self._gaps[-1].end_ns if self._gaps else 0
        start_ns = max(start_ns, self._newest_ns, before or 0)
        self._gaps = (*self._gaps[1 - MAX_GAPS :], Gap(self._name, start_ns, None, reason))

    def _end_gap(self, end_ns: int) -> None:
        self._trouble = ""
        self._seen_ns = self._wall_ns()
        if self._gaps and (last := self._gaps[-1]).end_ns is None:
            self._gaps = (*self._gaps[:-1], replace(last, end_ns=max(end_ns, last.start_ns)))


def _troubles(link: Link | None, name: str) -> tuple[str, str]:
    """Why nothing can be captured, in a word for now and in a sentence for later; empty = nothing is in the way."""
    if link is None:
        return _REMOVED, f"{name} was removed"
    if not link.up:
        return _SWITCHED_OFF, f"{name} was switched off"
    if not link.running:
        if link.wireless:
            return "no Wi-Fi network", f"{name} lost its Wi-Fi network"
        return "unplugged", f"{name} was unplugged"
    return "", ""
