"""`Gathering`: mails whose evidence is still being made; each is in the outbox meanwhile, and leaves without it if we end.

What is asked of a session is asked in its thread, when the alert comes; packing it takes a second or two and happens in
the dispatcher's.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from trafficdesk.alerts.channels import body_of
from trafficdesk.alerts.enclosure import NO_ROOM, NOT_GATHERED, Enclosure
from trafficdesk.alerts.mail import message_for
from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from trafficdesk.alerts.outbox import Outbox
    from trafficdesk.alerts.policy import Announcement
    from trafficdesk.settings import MailSettings
    from trafficdesk.store.letter import Letter

_log = logging.getLogger(__name__)

WAIT_NS: Final = 60 * 1_000_000_000
"""A mail waits so long at most for its evidence."""
MOST_WAITING: Final = 128 << 20
"""Bytes of letters in the outbox from which on evidence is left out: an outage of two days must not fill the disk."""

_LOOK_S: Final = 0.02
Make = Callable[[int], Enclosure]
"""Given how many bytes of a mail there are for it."""


@dataclass(frozen=True, slots=True)
class _Open:
    letter: Letter
    announcement: Announcement
    make: Make


class Gathering:
    """First come, first made."""

    def __init__(self) -> None:
        self._asked: dict[str, _Open] = {}
        self._open: deque[_Open] = deque()

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, letter: Letter, announcement: Announcement, make: Make, settings: MailSettings) -> Letter:
        """The letter as it is kept until its evidence is there; in the caller's thread."""
        body = _body(announcement, settings, Enclosure(NOT_GATHERED))
        kept = replace(letter, body=body, next_ns=time.time_ns() + WAIT_NS)
        self._asked[letter.fingerprint] = _Open(kept, announcement, make)
        return kept

    def kept(self, letter: Letter) -> None:
        """It is in the outbox: its evidence may be made."""
        if (asked := self._asked.pop(letter.fingerprint, None)) is not None:
            self._open.append(asked)

    def wait(self, seconds: float) -> None:
        """Return when all that was begun is made, or after so long; not in the dispatcher's thread."""
        deadline = time.monotonic() + seconds
        while (self._asked or self._open) and time.monotonic() < deadline:
            time.sleep(_LOOK_S)

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
    return body_of(
        message_for(announcement.incident, settings, held_back=announcement.held_back, enclosure=enclosure)
    )
