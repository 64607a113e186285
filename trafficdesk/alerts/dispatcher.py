"""`AlertDispatcher`: incidents in, alerts out, in a thread of its own; neither an outage nor our own end loses any.

What is to be told goes into the outbox first. A letter is tried again with growing pauses for two days; each is
delivered once. Only a crash in the moment between the server's "accepted" and our note of it sends one again, with the
same Message-ID, by which mailboxes tell it is the same.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import uuid
from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.alerts.channels import DIGEST, MAIL, MailChannel, WebhookChannel, body_of, webhook_body
from trafficdesk.alerts.digest import collect_digest, digest_line
from trafficdesk.alerts.gathering import Gathering
from trafficdesk.alerts.log_lines import LogLines
from trafficdesk.alerts.mail import message_for
from trafficdesk.alerts.outbox import MemoryOutbox
from trafficdesk.alerts.policy import AlertPolicy
from trafficdesk.alerts.retries import BACK_OFF_S, Retries
from trafficdesk.alerts.smtp import MailRefused
from trafficdesk.alerts.smtp import send as smtp_send
from trafficdesk.errors import AlertError, StoreError, TrafficDeskError
from trafficdesk.store.letter import Letter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trafficdesk.alerts.channels import Send
    from trafficdesk.alerts.gathering import Capture, Make
    from trafficdesk.alerts.outbox import Outbox
    from trafficdesk.alerts.policy import Announcement
    from trafficdesk.detect.finding import Incident
    from trafficdesk.settings import MailSettings

_log = logging.getLogger(__name__)

NO_USE_AFTER_NS: Final = 48 * 3_600 * 1_000_000_000
"""What could not be delivered for so long is given up, and said."""
_LOOK_AGAIN_S: Final = 60.0


class AlertDispatcher:
    """Tells what is worth telling.

    Parameters
    ----------
    settings : while not `enabled` and without a webhook, incidents are lines in the log alone.
    password : of the mail account; asked in the dispatcher's thread before each conversation.
    outbox : opens where letters wait; called, and what it returns used, in the dispatcher's thread. In memory unless given.
    evidence : of an incident; asked in the caller's thread, and what it returns called in the dispatcher's. Where the
        settings wait for what follows, it is asked again by `follow`, which the caller calls every second or so.
    on_error, on_sent : told from the dispatcher's thread; an outage is told once, not at every attempt.
    send : delivers a message; `alerts.smtp.send` but for tests.
    patience_s : how long the outbox stays closed while nothing new is to be told.
    logged : whether every alert is a line in the log, too; of what was made up none is.
    """

    def __init__(
        self,
        settings: MailSettings,
        password: Callable[[], str],
        *,
        outbox: Callable[[], Outbox] = MemoryOutbox,
        evidence: Callable[[Any, Incident], Make] | None = None,
        on_error: Callable[[TrafficDeskError], None] | None = None,
        on_sent: Callable[[str], None] | None = None,
        send: Send = smtp_send,
        back_off_s: tuple[float, float] = BACK_OFF_S,
        clock: Callable[[], float] = time.monotonic,
        logged: bool = True,
        patience_s: float = 0.0,
    ) -> None:
        self._settings = settings
        self._patience_s = patience_s
        self._open_outbox = outbox
        self._outbox: Outbox = MemoryOutbox()
        self._evidence = evidence
        self._on_error = on_error
        self._on_sent = on_sent
        self._policy = AlertPolicy(settings, clock)
        self._lines = LogLines(settings, clock) if logged else None
        self._channels: tuple[MailChannel | WebhookChannel, ...] = (
            MailChannel(password, send),
            WebhookChannel(),
        )
        self._run_id = uuid.uuid4().hex
        self._incoming: deque[Letter] = deque()
        self._gathering = Gathering()
        self._changed = threading.Condition()
        self._closing = False
        self._hasten = False
        self._retries = Retries(back_off_s)
        self._unsent = 0
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Letters not delivered yet."""
        return len(self._incoming) + self._unsent

    def set_settings(self, settings: MailSettings) -> None:
        """Use other settings from now on; what waits is tried with them at once."""
        with self._changed:
            self._settings = self._policy.settings = settings
            self._hasten = True
            self._changed.notify_all()

    def handle(self, incidents: Iterable[Incident], session: Capture) -> int:
        """Write a letter for each incident worth one; returns how many. Never blocks on network or disk."""
        settings, incidents = self._settings, tuple(incidents)
        if self._lines is not None:
            self._lines.write(incidents, session.capture_id, settings)
        channels = [channel.name for channel in self._channels if channel.wanted(settings)]
        if not channels:
            return 0
        due = self._policy.due(incidents, session.capture_id)
        tells = self._gathering.tells
        # A mail that waits for what follows will tell of the incident as it is by then: one is enough.
        letters = [
            self._written(name, one, session)
            for one in due
            for name in channels
            if name != MAIL or not tells(session.capture_id, one.incident.id)
        ]
        if settings.digest_hours:
            letters += [self._held(incident, session) for incident in self._policy.take_held()]
        with self._changed:
            self._incoming += letters
            self._changed.notify_all()
        return len(due)

    def follow(self, session: Capture, until_ns: int, *, last: bool = False) -> None:
        """Let go the mails of which enough was seen by now; in the session's thread.

        Parameters
        ----------
        until_ns : what analysis has passed, ns since the Unix epoch by the capture's time.
        last : nothing will follow; those that come are let go at once, too.
        """
        evidence = self._evidence
        if evidence is None:
            return
        if last:
            self._gathering.hurry()
        if self._gathering.follow(session.capture_id, until_ns, lambda one: evidence(session, one)):
            with self._changed:
                self._changed.notify_all()

    def gathered(self, seconds: float) -> bool:
        """Wait for evidence that is being made, before its session goes; for so long at most. Whether all is made."""
        return self._gathering.wait(seconds)

    def close(self, timeout: float = 5.0) -> int:
        """Try what waits once more, for `timeout` seconds; returns how many letters stay in the outbox."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        return self.waiting

    def _written(self, channel: str, one: Announcement, session: Capture) -> Letter:
        if channel != MAIL:
            return self._letter(channel, one.incident, session, webhook_body(one.incident))
        if self._evidence is None:
            body = body_of(message_for(one.incident, self._settings, held_back=one.held_back))
            return self._letter(channel, one.incident, session, body)
        letter, make = self._letter(channel, one.incident, session, ""), self._evidence(session, one.incident)
        return self._gathering.begin(letter, one, make, self._settings, session.capture_id)

    def _letter(self, channel: str, incident: Incident, session: Capture, body: str) -> Letter:
        said = f"{self._run_id} {session.capture_id} {incident.id} {incident.announced} {channel}"
        return Letter(hashlib.sha256(said.encode()).hexdigest(), channel, body, time.time_ns())

    def _held(self, incident: Incident, session: Capture) -> Letter:
        now = datetime.now().astimezone()
        due = self._policy.quiet_end(now) or now + timedelta(hours=self._settings.digest_hours)
        letter = self._letter(DIGEST, incident, session, digest_line(incident))
        return replace(letter, next_ns=int(due.timestamp() * 1e9))

    def _run(self) -> None:
        try:
            with self._changed:
                self._changed.wait_for(self._is_due, timeout=self._patience_s)
            self._open()
            self._turn(self._settings)
            while True:
                with self._changed:
                    self._changed.wait_for(self._is_due, timeout=self._pause_s())
                    settings, closing = self._settings, self._closing
                if not self._turn(settings) and closing:
                    return
        except Exception as error:  # noqa: BLE001  # the thread's shell
            _log.exception("alerts stopped")
            self._tell(TrafficDeskError(f"Alerts stopped: {error!r}.", "The log file has the details."))
        finally:
            self._outbox.close()

    def _open(self) -> None:
        try:
            self._outbox = self._open_outbox()
            self._unsent = self._outbox.waiting()
        except StoreError as error:
            _log.warning("the outbox: %s", error)
            self._tell(error)

    def _is_due(self) -> bool:
        return bool(self._incoming or self._gathering) or self._closing or self._hasten

    def _turn(self, settings: MailSettings) -> bool:
        """Keep what came, make evidence, deliver what is due; returns whether anything was delivered."""
        delivered, more = False, True
        try:
            while more:
                self._keep()
                self._gathering.give_up_waiting(closing=self._closing)
                collect_digest(self._outbox, settings)
                while (letter := self._outbox.claim(time.time_ns(), self._ready(settings))) is not None:
                    delivered |= self._deliver(letter, settings)
                # One at a time: what needs none does not wait for them.
                more = self._gathering.finish_one(self._outbox, settings)
            self._unsent = self._outbox.waiting()
        except StoreError as error:
            _log.warning("the outbox: %s", error)
            self._tell(error)
            self._instead()
        return delivered

    def _instead(self) -> None:
        """The disk does not take letters: in memory they still can be sent."""
        if not isinstance(self._outbox, MemoryOutbox):
            self._outbox = MemoryOutbox()
            self._keep()

    def _keep(self) -> None:
        """Into the outbox what came."""
        if self._hasten:
            self._hasten = False
            self._retries.forget()
            self._outbox.hasten(tuple(channel.name for channel in self._channels))
        while self._incoming:
            self._outbox.put(self._incoming[0])
            with self._changed:
                self._gathering.kept(self._incoming.popleft())

    def _ready(self, settings: MailSettings) -> tuple[str, ...]:
        now = time.monotonic()
        return tuple(
            channel.name
            for channel in self._channels
            if channel.wanted(settings) and self._retries.may(channel.name, now, last_try=self._closing)
        )

    def _deliver(self, letter: Letter, settings: MailSettings) -> bool:
        channel = next(one for one in self._channels if one.name == letter.channel)
        arrived: list[bool] = []

        def accepted() -> None:
            self._outbox.delivered(letter, time.time_ns())
            arrived.append(True)

        try:
            dialogue = channel.deliver(letter.body, settings, accepted)
        except AlertError as error:
            if not arrived:
                self._failed(letter, error)
            return bool(arrived)
        if not arrived:
            accepted()
        self._retries.succeeded(channel.name)
        if self._on_sent:
            self._on_sent(dialogue)
        return True

    def _failed(self, letter: Letter, error: AlertError) -> None:
        _log.warning("%s not delivered: %s", letter.channel, error.title)
        now = time.time_ns()
        refused = isinstance(error, MailRefused)
        again = self._retries.failing(letter.channel)
        pause = self._retries.failed(letter.channel, time.monotonic(), refused=refused)
        if now - letter.created_ns > NO_USE_AFTER_NS:
            self._outbox.give_up(letter, now, str(error))
            self._tell(
                AlertError("An alert could not be delivered for two days and is given up.", error.title)
            )
            return
        # A refused letter must not keep the others from being tried.
        self._outbox.postpone(letter, now + int(pause * 1e9) if refused else letter.next_ns, str(error))
        if not again:
            self._tell(error)

    def _pause_s(self) -> float:
        """How long until something may be due."""
        now, waits = time.monotonic(), [_LOOK_AGAIN_S]
        if self._unsent:
            waits += self._retries.waits(now)
            waits.append(self._gathering.pause_s())
        return max(0.01, min(waits))

    def _tell(self, error: TrafficDeskError) -> None:
        if self._on_error:
            self._on_error(error)
