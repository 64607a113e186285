"""Captures whose program died: looked for at the start, offered one after another, opened or discarded."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QThreadPool, Slot

from trafficdesk.capture.spool.folder import abandoned_captures, accept, discard, spool_dir
from trafficdesk.ui.wording import thousands
from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from trafficdesk.capture.spool.folder import Abandoned
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.ui.desk import Desk

OPEN: Final = "Open"
DISCARD: Final = "Discard"
_STOP_WAIT_MS: Final = 2_000
_NANOSECONDS: Final = 1_000_000_000


class Recovery(QObject):
    """Offers them in the window's banner; one that is dismissed is offered again at the next start."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._pool = QThreadPool(self)
        self._running: Background | None = None
        self._waiting: list[Abandoned] = []
        desk.window.banner.chosen.connect(self._on_chosen)

    def look(self) -> None:
        """Look for them in a thread; nothing happens if there are none."""
        root = spool_dir()
        self._running = Background("", lambda _progress: abandoned_captures(root), "Looking for captures")
        self._running.signals.done.connect(self._on_found)
        self._running.signals.failed.connect(self._on_failed)
        self._running.start(self._pool)

    def shut_down(self) -> None:
        """Wait for what is under way."""
        self._pool.waitForDone(_STOP_WAIT_MS)

    @Slot(object, object)
    def _on_found(self, _key: str, captures: list[Abandoned]) -> None:
        self._running = None
        self._waiting = captures
        self._offer()

    @Slot(object, object)
    def _on_failed(self, _key: str, error: TrafficDeskError) -> None:
        self._running = None
        self._desk.window.banner.show_error(error)

    def _offer(self) -> None:
        if self._waiting:
            capture = self._waiting[0]
            which = f" on {capture.title}" if capture.title else ""
            title = (
                f"The last capture did not end cleanly: {thousands(capture.frames)} packets{which}, "
                f"{span(capture.start_ns, capture.stop_ns, datetime.now().astimezone())}."
            )
            hint = "Its packets were kept on disk up to about its last second."
            self._desk.window.banner.offer(title, hint, (OPEN, DISCARD))

    @Slot(str)
    def _on_chosen(self, words: str) -> None:
        if not self._waiting or words not in {OPEN, DISCARD}:
            return
        capture = self._waiting.pop(0)
        if words == OPEN:
            accept(capture.folder)
            self._desk.open_abandoned(capture)
            return
        self._running = Background("", lambda _progress: discard(capture.folder), "Discarding a capture")
        self._running.signals.failed.connect(self._on_failed)
        self._running.start(self._pool)
        self._offer()


def span(start_ns: int, stop_ns: int, now: datetime) -> str:
    """Local times of day, with the date where that is not today's: as 14:03 to 14:20."""
    start, stop = (
        datetime.fromtimestamp(time_ns // _NANOSECONDS).astimezone() for time_ns in (start_ns, stop_ns)
    )
    dated = f"{start.day} {start:%b %H:%M}"
    if start.date() != stop.date():
        return f"{dated} \N{EN DASH} {stop.day} {stop:%b %H:%M}"
    first = f"{start:%H:%M}" if start.date() == now.date() else dated
    return (
        first if (start.hour, start.minute) == (stop.hour, stop.minute) else f"{first}\N{EN DASH}{stop:%H:%M}"
    )
