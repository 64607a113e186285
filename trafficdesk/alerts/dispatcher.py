"""`AlertDispatcher`: incidents in, mails out, in a thread of its own; an outage delays mails, it does not lose them.

What waits is in memory: it survives the mail server's outage, not the program's end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol

from trafficdesk.alerts.mail import message_for
from trafficdesk.alerts.policy import AlertPolicy
from trafficdesk.alerts.smtp import MailRefused
from trafficdesk.alerts.smtp import send as smtp_send
from trafficdesk.errors import AlertError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from email.message import EmailMessage

    from trafficdesk.detect.finding import Incident
    from trafficdesk.settings import MailSettings

_log = logging.getLogger(__name__)

QUEUE: Final = 100
"""Mails waiting at most; the oldest give way."""
BACK_OFF_S: Final = (30.0, 3_600.0)
"""First pause after a failure, doubled up to the second; a refusal waits the second at once."""


class Capture(Protocol):
    """What an alert needs of a session."""

    @property
    def capture_id(self) -> int:
        """Which capture its incidents belong to."""
        ...


class AlertDispatcher:
    """Sends one mail per announcement.

    Parameters
    ----------
    settings : mail settings; while not `enabled`, incidents are passed over.
    password : asked in the dispatcher's thread before each conversation.
    evidence : rows of an incident as CSV, asked in the caller's thread.
    on_error, on_sent : told from the dispatcher's thread; an outage is told once, not at every attempt.
    send : delivers a message; `alerts.smtp.send` but for tests.
    """

    def __init__(
        self,
        settings: MailSettings,
        password: Callable[[], str],
        *,
        evidence: Callable[[Any, Incident], bytes] | None = None,
        on_error: Callable[[AlertError], None] | None = None,
        on_sent: Callable[[str], None] | None = None,
        send: Callable[[MailSettings, str, EmailMessage], str] = smtp_send,
        back_off_s: tuple[float, float] = BACK_OFF_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._password = password
        self._evidence = evidence
        self._on_error = on_error
        self._on_sent = on_sent
        self._send = send
        self._back_off_s = back_off_s
        self._policy = AlertPolicy(settings, clock)
        self._waiting: deque[EmailMessage] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Mails not sent yet."""
        return len(self._waiting)

    def set_settings(self, settings: MailSettings) -> None:
        """Use other settings from now on; what waits is tried with them at once."""
        with self._changed:
            self._settings = self._policy.settings = settings
            self._failures = 0
            self._changed.notify_all()

    def handle(self, incidents: Iterable[Incident], session: Capture) -> int:
        """Queue a mail for each incident worth one; returns how many. Never blocks on the network."""
        if not self._settings.enabled:
            return 0
        due = self._policy.due(incidents, session.capture_id)
        for announcement in due:
            evidence = self._evidence(session, announcement.incident) if self._evidence else b""
            message = message_for(
                announcement.incident, self._settings, held_back=announcement.held_back, evidence=evidence
            )
            with self._changed:
                if len(self._waiting) == QUEUE:
                    self._waiting.popleft()
                    self._policy.held_back += 1
                self._waiting.append(message)
                self._changed.notify_all()
        return len(due)

    def close(self, timeout: float = 5.0) -> int:
        """Try what waits once more, for `timeout` seconds; returns how many mails stay unsent."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        return len(self._waiting)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                message, settings = self._waiting[0], self._settings
            if self._delivered(message, settings):
                with self._changed:
                    if self._waiting and self._waiting[0] is message:
                        self._waiting.popleft()
            elif self._closing:
                return
            else:
                self._pause(settings)

    def _delivered(self, message: EmailMessage, settings: MailSettings) -> bool:
        try:
            dialogue = self._send(settings, self._password(), message)
        except AlertError as error:
            _log.warning("mail not sent: %s", error.title)
            first = self._failures == 0
            self._failures = 30 if isinstance(error, MailRefused) else self._failures + 1
            if first and self._on_error:
                self._on_error(error)
            return False
        self._failures = 0
        if self._on_sent:
            self._on_sent(dialogue)
        return True

    def _pause(self, settings: MailSettings) -> None:
        """Wait before the next attempt; other settings or closing end the wait."""
        first, longest = self._back_off_s
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or self._settings is not settings,
                timeout=min(longest, first * 2 ** min(self._failures - 1, 30)),
            )
