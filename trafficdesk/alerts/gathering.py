"""`Gathering`: mails whose evidence is still being made; each is in the outbox meanwhile, and leaves without it if we end.

What is asked of a session is asked in its thread: when the alert comes, and again when what follows it was seen, which
is what the mail then tells. Packing it takes a second or two and happens in the dispatcher's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from trafficdesk.alerts.channels import body_of
from trafficdesk.alerts.enclosure import NO_ROOM, NOT_GATHERED, Enclosure
from trafficdesk.alerts.mail import message_for
from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from trafficdesk.alerts.outbox import Outbox
    from trafficdesk.alerts.policy import Announcement
    from trafficdesk.detect.finding import Incident
    from trafficdesk.settings import MailSettings
    from trafficdesk.store.letter import Letter

_log = logging.getLogger(__name__)

WAIT_NS: Final = 60 * 1_000_000_000
"""A mail waits so long at most for its evidence to be packed."""
PATIENCE_S: Final = 5.0
"""Whoever is to ask again for what followed may be so late; then the mail has what was known when the alert came."""
MOST_WAITING: Final = 128 << 20
"""Bytes of letters in the outbox from which on evidence is left out: an outage of two days must not fill the disk."""

_LOOK_S: Final = 0.02


class Capture(Protocol):
    """What an alert needs of a session."""

    @property
    def capture_id(self) -> int:
        """Which capture its incidents belong to."""
        ...


Make = Callable[[int], Enclosure]
"""Given how many bytes of a mail there are for it."""


@dataclass(frozen=True, slots=True)
class _Open:
    letter: Letter
    announcement: Announcement
    make: Make
    capture_id: int
    due_s: float
    """When what follows was waited for, by the monotonic clock."""
    seen_ns: int
    """The same by the capture's own time: a file passes faster."""


class Gathering:
    """First come, first made, once what follows it was waited for."""

    def __init__(self) -> None:
        self._asked: dict[str, _Open] = {}
        self._later: dict[str, _Open] = {}
        self._open: deque[_Open] = deque()
        self._moving = threading.Lock()
        self._in_a_hurry = False

    def __len__(self) -> int:
        """Those that may be made now."""
        return len(self._open)

    def begin(
        self, letter: Letter, announcement: Announcement, make: Make, settings: MailSettings, capture_id: int
    ) -> Letter:
        """The letter as it is kept until its evidence is there; in the caller's thread."""
        wait_s = settings.evidence_wait_s if settings.evidence_mib else 0
        body = _body(announcement, settings, Enclosure(NOT_GATHERED))
        kept = replace(letter, body=body, next_ns=time.time_ns() + WAIT_NS + wait_s * 10**9)
        due_s, seen_ns = time.monotonic() + wait_s, announcement.incident.end_ns + wait_s * 10**9
        with self._moving:
            self._asked[letter.fingerprint] = _Open(kept, announcement, make, capture_id, due_s, seen_ns)
        return kept

    def kept(self, letter: Letter) -> None:
        """It is in the outbox: its evidence may be made, at once or when what follows was seen."""
        with self._moving:
            if (asked := self._asked.pop(letter.fingerprint, None)) is None:
                return
            if self._in_a_hurry or asked.due_s <= time.monotonic():
                self._open.append(asked)
            else:
                self._later[letter.fingerprint] = asked

    def tells(self, capture_id: int, incident_id: int) -> bool:
        """Whether a mail that waits for what follows will tell of this incident as it is then."""
        with self._moving:
            waiting = [*self._asked.values(), *self._later.values()]
        now_s = time.monotonic()
        return any(
            (one.capture_id, one.announcement.incident.id) == (capture_id, incident_id) and one.due_s > now_s
            for one in waiting
        )

    def follow(self, capture_id: int, until_ns: int, renewed: Callable[[Incident], Make]) -> bool:
        """Let those be made of which enough was seen; returns whether there were any. In the session's thread.

        Parameters
        ----------
        until_ns : what analysis has passed, ns since the Unix epoch by the capture's time.
        renewed : what makes the evidence of an incident of this capture as it is known now.
        """
        now_s = time.monotonic()
        with self._moving:
            due = [
                one
                for one in self._later.values()
                if self._in_a_hurry
                or one.capture_id != capture_id
                or one.due_s <= now_s
                or one.seen_ns <= until_ns
            ]
        for one in due:
            same = one.capture_id == capture_id
            fresh = replace(one, make=renewed(one.announcement.incident)) if same else one
            self._move(one, fresh)
        return bool(due)

    def hurry(self) -> None:
        """Wait for nothing that may follow, from now on."""
        self._in_a_hurry = True

    def give_up_waiting(self, *, closing: bool) -> None:
        """Let those be made that nobody has asked for again in time; in the dispatcher's thread."""
        late_s = time.monotonic() - PATIENCE_S
        with self._moving:
            late = [one for one in self._later.values() if closing or one.due_s <= late_s]
        for one in late:
            self._move(one, one)

    def pause_s(self) -> float:
        """Seconds until one may have waited in vain."""
        with self._moving:
            first = min((one.due_s for one in self._later.values()), default=float("inf"))
        return first + PATIENCE_S - time.monotonic()

    def _move(self, one: _Open, fresh: _Open) -> None:
        with self._moving:
            if self._later.pop(one.letter.fingerprint, None) is not None:
                self._open.append(fresh)

    def wait(self, seconds: float) -> bool:
        """Return when all that was begun is made, or after so long; not in the dispatcher's thread. Whether all is."""
        deadline = time.monotonic() + seconds
        while waits := bool(self._asked or self._later or self._open):
            if time.monotonic() >= deadline:
                break
            time.sleep(_LOOK_S)
        return not waits

    def finish_one(self, outbox: Outbox, settings: MailSettings) -> bool:
        """Make the evidence of the oldest and let it go; returns whether there was one. Raises as `Outbox`."""
        if not self._open:
            return False
        first = self._open[0]
        room = settings.evidence_mib << 20
        if outbox.waiting_bytes() + room > MOST_WAITING:
            enclosure = Enclosure(NO_ROOM)
        else:
            enclosure = _made(first.make, room)
        body = _body(first.announcement, settings, enclosure)
        outbox.renew(replace(first.letter, body=body, next_ns=0))
        self._open.popleft()
        return True


def _made(make: Make, room: int) -> Enclosure:
    try:
        return make(room)
    except TrafficDeskError as error:
        return Enclosure(f"The evidence could not be made: {error.title}")
    except Exception as error:  # noqa: BLE001  # the maker's shell
        # The alert is what matters; it goes all the same.
        _log.exception("evidence of an alert")
        return Enclosure(f"The evidence could not be made: {error!r}.")


def _body(announcement: Announcement, settings: MailSettings, enclosure: Enclosure) -> str:
    incident = enclosure.incident or announcement.incident
    return body_of(message_for(incident, settings, held_back=announcement.held_back, enclosure=enclosure))
